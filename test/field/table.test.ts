// SPDX-License-Identifier: Apache-2.0
/** Holds the table of features: against the tests it names, against docs/features.md, and against a survey of other runtimes. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, type TestContext, test } from "vitest";
import { exists } from "../conformance/exists.ts";
import { render } from "./render.ts";
import { CHAPTERS } from "./table.ts";

const PAGE = new URL("../../docs/features.md", import.meta.url).pathname;
const FEATURES = CHAPTERS.flatMap(({ number, features }) => features.map((one) => ({ ...one, chapter: number })));

test("each feature is named once, and shown by a test that exists", () => {
  const names = FEATURES.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  expect(FEATURES.filter(({ tests }) => tests.length === 0).map(({ name }) => name)).toEqual([]);
  const absent = FEATURES.flatMap(({ tests }) => tests).filter((one) => !exists(one));
  expect(absent.map(({ file, title }) => `${file}: ${title}`)).toEqual([]);
});

test("docs/features.md shows the table", () => {
  const page = render(CHAPTERS);
  if (process.env.TSRUN_BLESS === "1") writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, "utf8") === page, "docs/features.md is stale: node scripts/features.mjs").toBe(true);
});

test("each feature of the survey has one row, and each row is one of the survey", (t) => {
  const surveyed = survey(t);
  expect(surveyed.length).toBeGreaterThan(90);
  const rows = surveyed.map(({ chapter, name, verdicts }) => {
    const own = FEATURES.filter((one) => one.chapter === chapter && name.includes(one.known));
    // What only one runtime has, and no specification, is none.
    const extension = verdicts.filter((verdict) => verdict === "–").length > 1;
    return { chapter, name, own: own.length, wanted: extension ? 0 : 1 };
  });
  expect(rows.filter(({ own, wanted }) => own !== wanted)).toEqual([]);
  const strangers = FEATURES.filter(
    (one) => !surveyed.some(({ chapter, name }) => chapter === one.chapter && name.includes(one.known)),
  );
  expect(strangers.map(({ name }) => name)).toEqual([]);
});

interface Surveyed {
  readonly chapter: string;
  readonly name: string;
  readonly verdicts: readonly string[];
}

/** The rows of the tables 1.1 to 1.6 of the file that TSRUN_FIELD names: feature | runtime | runtime | runtime | remark. */
function survey(t: TestContext): readonly Surveyed[] {
  const file = process.env.TSRUN_FIELD ?? t.skip("TSRUN_FIELD names no survey of the features of runtimes");
  const rows: Surveyed[] = [];
  let chapter = "";
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (line.startsWith("#")) chapter = /^### (1\.[1-6]) /.exec(line)?.[1] ?? "";
    const [, name = "", ...verdicts] = line.split("|").map((text) => text.trim());
    const isRow = chapter !== "" && line.startsWith("| ") && name !== "Feature";
    if (isRow) rows.push({ chapter, name, verdicts: verdicts.slice(0, 3) });
  }
  return rows;
}
