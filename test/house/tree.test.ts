// SPDX-License-Identifier: Apache-2.0
/** The house tests rely on finding every import; this holds them to it. */
import { expect, test } from "vitest";
import { importsOf, SOURCES, withoutComments } from "./tree.ts";

test.each<[string, string, boolean]>([
  ['import { a } from "./a.ts";', "./a.ts", false],
  ['import type { A } from "./a.ts";', "./a.ts", true],
  ['import { type A } from "./a.ts";', "./a.ts", false],
  ['import {\n  a,\n  b,\n} from "./a.ts";', "./a.ts", false],
  ['import * as fs from "node:fs";', "node:fs", false],
  ['import fs from "node:fs";', "node:fs", false],
  ['import "./effect.ts";', "./effect.ts", false],
  ['export { a } from "./a.ts";', "./a.ts", false],
  ['export * from "./a.ts";', "./a.ts", false],
  ['export type { A } from "./a.ts";', "./a.ts", true],
  ['const a = await import("./a.ts");', "./a.ts", false],
  ['const koffi = require("koffi");', "koffi", false],
])("%j imports %s", (source, target, typeOnly) => {
  expect(importsOf(source)).toEqual([{ target, typeOnly }]);
});

test.each([
  '// import { a } from "./a.ts";',
  '/** import { a } from "./a.ts"; */',
  'export function from(a: "koffi") {}',
  'export const imports = "import";',
])("%j imports nothing", (source) => {
  expect(importsOf(source)).toEqual([]);
});

test("comments go, and what looks like one in a string stays", () => {
  expect(withoutComments('const a = "/* no */ // no"; // yes\n/* yes */ b')).toBe('const a = "/* no */ // no";  \n  b');
});

test("there are sources to look at", () => {
  expect(SOURCES.length).toBeGreaterThan(20);
});
