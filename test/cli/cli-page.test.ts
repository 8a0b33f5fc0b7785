// SPDX-License-Identifier: Apache-2.0
/** Holds docs/cli.md: nothing of runc is missing, and each option is seen at work by a test. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { exists } from "../conformance/exists.ts";
import { PARTS, printPage, testsOf } from "./cli-page.ts";
import { ABSENT, PEERS } from "./peers.ts";

const PAGE = new URL("../../docs/cli.md", import.meta.url).pathname;

test("every command of runc and crun is there", () => {
  const names = PARTS.map(({ name }) => name);
  expect(Object.keys(PEERS).filter((name) => !names.includes(name))).toEqual([]);
});

test("every option of runc and crun is there, or is left out for a reason", () => {
  const missing = Object.entries(PEERS).flatMap(([name, { runc, crun }]) => {
    const own = PARTS.find((part) => part.name === name)?.options.map((option) => option.name) ?? [];
    const theirs = `${runc} ${crun}`.split(" ").filter(Boolean);
    return theirs.filter((option) => !own.includes(option)).map((option) => `${name} --${option}`.trim());
  });
  expect(missing.filter((option) => !(option in ABSENT))).toEqual([]);
});

test("a test sees what each command and option does, and it is there", () => {
  const unseen: string[] = [];
  for (const { name, options, shown } of PARTS) {
    const keys = [...(name === "" ? [] : [""]), ...options.map((option) => `--${option.name}`)];
    for (const key of keys) {
      const tests = testsOf(shown, key);
      if (tests.length === 0 || !tests.every(exists)) unseen.push(`${name} ${key}`.trim());
    }
  }
  expect(unseen).toEqual([]);
});

test("is what docs/cli.md shows", () => {
  const page = printPage();
  if (process.env.TSRUN_BLESS === "1") writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, "utf8") === page, "docs/cli.md is stale: npm run bless").toBe(true);
});
