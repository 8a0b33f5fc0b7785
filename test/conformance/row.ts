// SPDX-License-Identifier: Apache-2.0
/** The shape of a row of the conformance table, and the words in which its parts are written. */

/** A test, by its file under `test/` and by its title; a value in a title of `test.each` is written out. */
export interface TestName {
  readonly file: string;
  readonly title: string;
}

/** One requirement of the specification, and what shows that tsrun keeps it. */
export interface Row {
  /** Short and stable, unique in the table. */
  readonly id: string;
  /** `file.md#heading`, the heading as an anchor. */
  readonly section: string;
  /** The sentence, or the part of it that carries the keyword; links and emphasis left out. It stands for each place in its section that reads the same. */
  readonly text: string;
  readonly tests: readonly TestName[];
  /** Why the tests do not show all of it; a row without tests always has one. */
  readonly reason?: string;
}

/** A sentence with a keyword that asks nothing of a runtime on Linux. */
export interface Exclusion {
  readonly section: string;
  readonly text: string;
  readonly reason: string;
}

type Evidence = Pick<Row, "tests" | "reason">;
type UnplacedRow = Omit<Row, "section">;

/** The rows of one section, in the order of the text. */
export function section(name: string, rows: readonly UnplacedRow[]): readonly Row[] {
  return rows.map((row) => ({ section: name, ...row }));
}

export function must(id: string, text: string, evidence: Evidence): UnplacedRow {
  return { id, text, ...evidence };
}

/** Tests of one file show it. */
export function shown(file: string, ...titles: readonly string[]): Evidence {
  return { tests: titles.map((title) => ({ file, title })) };
}

/** Tests show a part of it; the reason names the rest. */
export function partly(reason: string, evidence: Evidence): Evidence {
  return { ...evidence, reason };
}

export function both(...evidence: readonly Evidence[]): Evidence {
  return { tests: evidence.flatMap((one) => one.tests) };
}

/** No test, and why. */
export function untested(reason: string): Evidence {
  return { tests: [], reason };
}

/** The schema demands the property. */
export function required(property: string): Evidence {
  return shown("conformance/required.test.ts", `${property} is required`);
}
