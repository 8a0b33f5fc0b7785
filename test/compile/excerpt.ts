// SPDX-License-Identifier: Apache-2.0
/** The few lines of a printed plan that a case is about. */
import { printPlan } from "../../src/plan/print.ts";
import type { Plan } from "../../src/plan/step.ts";

interface Line {
  readonly number: number;
  readonly stage: string;
  readonly text: string;
  readonly from: string;
}

/**
 * `query` is words: `from=/mounts/0` (that pointer and all below it), `stage=init`, `call=execve`. A word said twice
 * takes either; all that is said must be true. Lines count from 1, and so do the places that they lead to; a place
 * outside of the excerpt is `→ on`. The origin is told where it varies.
 */
export function excerpt(plan: Plan, query: string): string[] {
  const wanted = new Map<string, string[]>();
  for (const word of query.split(" ").filter((part) => part !== "")) {
    const [key = "", value = ""] = word.split("=");
    if (!(key in FILTERS)) throw new Error(`a plan block cannot be asked for ${word}`);
    wanted.set(key, [...(wanted.get(key) ?? []), value]);
  }
  const lines = linesOf(plan).filter((line) =>
    [...wanted].every(([key, values]) => values.some((value) => FILTERS[key]?.(line, value))),
  );
  const places = new Map(lines.map(({ number }, index) => [number, index + 1]));
  const told = new Set(lines.map(({ from }) => from)).size > 1;
  return lines.map(({ stage, text, from }, index) => {
    const moved = text.replace(/→ (\d+)/g, (_found, number) => `→ ${places.get(Number(number)) ?? "on"}`);
    return `${index + 1}  ${stage}  ${moved}${told && from !== "" ? `  # ${from}` : ""}`;
  });
}

const FILTERS: Readonly<Record<string, (line: Line, value: string) => boolean>> = {
  from: ({ from }, value) => from === value || (value !== "" && from.startsWith(`${value}/`)),
  stage: ({ stage }, value) => stage === value,
  call: ({ text }, value) => text.replace(/^\$\w+ = /, "").startsWith(`${value}(`),
};

function linesOf(plan: Plan): Line[] {
  const [, ...lines] = printPlan(plan).trimEnd().split("\n");
  return lines.map((line) => {
    const [, number, stage, text, from] = /^\s*(\d+)\s+(\w+)\s+(.*?)(?:\s+# (\/\S.*))?$/.exec(line) ?? [];
    if (number === undefined || stage === undefined || text === undefined) throw new Error(`no step: ${line}`);
    return { number: Number(number), stage, text, from: from ?? "" };
  });
}
