// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { manualPages } from "../../src/cli/manual.ts";
import { GLOBAL_OPTIONS } from "../../src/cli/options.ts";
import { COMMANDS, type CommandSpec } from "../../src/cli/table.ts";
import { requires } from "../requires.ts";

const pages = manualPages("1.2.3");

test("there is a page for tsrun and one for each command", () => {
  const names = Object.keys(COMMANDS).map((name) => `tsrun-${name}.8`);
  expect(Object.keys(pages)).toEqual(["tsrun.8", ...names]);
});

test.each(Object.keys(COMMANDS))("the page of %s has its options and arguments, as a reader sees them", (name) => {
  const spec: CommandSpec = COMMANDS[name as keyof typeof COMMANDS];
  const shown = read(pages[`tsrun-${name}.8`]);
  for (const option of spec.options) expect(shown).toContain(`--${option.name}`);
  for (const argument of spec.arguments) expect(shown).toContain(argument.name);
});

test("the page of tsrun has each command and each global option", () => {
  const shown = read(pages["tsrun.8"]);
  for (const name of Object.keys(COMMANDS)) expect(shown).toContain(`tsrun-${name} (8)`);
  for (const option of GLOBAL_OPTIONS) expect(shown).toContain(`--${option.name}`);
});

test("groff has nothing to say against them", (t) => {
  requires(t, "groff");
  for (const [name, page] of Object.entries(pages)) {
    const { status, stderr } = spawnSync("groff", ["-man", "-Tutf8", "-ww", "-z"], { input: page, encoding: "utf8" });
    expect([name, status, stderr]).toEqual([name, 0, ""]);
  }
});

/** Without the marks of roff(7). */
function read(page = ""): string {
  return page.replaceAll(/\\f[BIR]|^\.[A-Z]+ ?/gm, "").replaceAll("\\-", "-");
}
