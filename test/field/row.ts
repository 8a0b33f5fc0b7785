// SPDX-License-Identifier: Apache-2.0
/** The shape of a row of the table of features, and the words in which its parts are written. */
import type { Row, TestName } from "../conformance/row.ts";

/** A feature of runtime-spec 1.3, or one that callers of runtimes count on, which tsrun has. */
export interface Feature {
  /** Short, in the words of the specification. */
  readonly name: string;
  /** Words that a survey of runtimes has in its name for the same, where it does not have all of `name`. */
  readonly known: string;
  /** What tsrun does. */
  readonly how: string;
  readonly tests: readonly TestName[];
  /** Options of the kernel without which a host cannot do it; where the test host lacks them, tests show what is asked of the kernel. */
  readonly kernel?: string;
}

export interface Chapter {
  readonly title: string;
  /** Number of the chapter in that survey. */
  readonly number: string;
  readonly features: readonly Feature[];
}

type Evidence = Pick<Row, "tests">;

export function feature(name: string | readonly [name: string, known: string], how: string, shown: Evidence): Feature {
  const [own, known] = typeof name === "string" ? [name, name] : name;
  return { name: own, known, how, tests: shown.tests };
}

/** The same, on a kernel that has some option. */
export function onKernel(kernel: string, one: Feature): Feature {
  return { ...one, kernel };
}
