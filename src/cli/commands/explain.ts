// SPDX-License-Identifier: Apache-2.0
/** `tsrun explain seccomp`: what the profile of a bundle means for system calls. */
import { join } from "node:path";
import { loadConfig } from "../../config/load.ts";
import { type Finding, UsageError } from "../../errors/errors.ts";
import { ExplainedFilter } from "../../runtime/explain-seccomp.ts";
import { bundleOf } from "../bundle.ts";
import type { Invocation } from "../command.ts";
import { oneToJson, printOne, printTable, tableToJson } from "../explain-text.ts";
import { print } from "../output.ts";

export async function perform({ options, args, context }: Invocation<"explain">): Promise<number> {
  const { bundle, format } = options;
  const warn = ({ pointer, message }: Finding) => context.log.warn(`config.json: ${pointer}: ${message}`);
  print(explain(args, { bundle: bundleOf(bundle, undefined), format, warn }));
  return 0;
}

interface Asked {
  readonly bundle: string;
  readonly format: "text" | "json";
  readonly warn: (warning: Finding) => void;
}

/** What is printed for `seccomp [SYSCALL [ARGS...]]`. */
export function explain([topic, call, ...values]: readonly string[], { bundle, format, warn }: Asked): string {
  if (topic !== "seccomp") {
    const message = `there is nothing to explain about ${JSON.stringify(topic)}; what it knows is seccomp`;
    throw new UsageError("topic", message);
  }
  const config = loadConfig(bundle, warn);
  const filter = new ExplainedFilter(config, process.arch === "arm64" ? "arm64" : "x64", join(bundle, "config.json"));
  if (call === undefined) return format === "json" ? jsonText(tableToJson(filter)) : printTable(filter);
  if (values.length > MOST) throw new UsageError("args", `a system call has ${MOST} arguments, not ${values.length}`);
  const one = filter.verdict(numberOf(filter, call), values.map(argument));
  return format === "json" ? jsonText(oneToJson(one)) : printOne(one);
}

const MOST = 6;

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function numberOf(filter: ExplainedFilter, call: string): number {
  if (/^\d+$/.test(call)) return within(Number(call), call);
  const number = filter.numberOf(call);
  if (number !== undefined) return number;
  const names = filter.calls().map(({ name }) => name);
  const near = nearest(call, names);
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  throw new UsageError("syscall", `${filter.arch} has no system call ${JSON.stringify(call)}${hint}`);
}

function within(number: number, text: string): number {
  if (number <= 0xffff_ffff) return number;
  throw new UsageError("syscall", `${text} is no number of a system call: they have 32 bits`);
}

/** A number as C writes it, in 64 bits: 10, 0xa, 012, -1. */
function argument(text: string): bigint {
  const [, sign, digits = ""] = /^(-?)(0x[0-9a-f]+|\d+)$/i.exec(text) ?? [];
  const octal = /^0[0-7]+$/.test(digits);
  if (digits === "" || (/^0\d/.test(digits) && !octal)) throw notNumber(text);
  const value = BigInt(octal ? `0o${digits}` : digits);
  if (value >= 2n ** 64n || (sign === "-" && value > 2n ** 63n)) throw notNumber(text);
  return BigInt.asUintN(64, sign === "-" ? -value : value);
}

function notNumber(text: string): UsageError {
  const message = `an argument is a number of 64 bits, as 10, 0xa, 012 or -1, not ${JSON.stringify(text)}`;
  return new UsageError("args", message);
}

/** The name with the fewest letters to change, if these are few. */
function nearest(word: string, names: readonly string[]): string | undefined {
  const distances = names.map((name) => [name, distance(word, name)] as const);
  const [best] = distances.sort(([, one], [, other]) => one - other);
  return best !== undefined && best[1] <= Math.ceil(word.length / 3) ? best[0] : undefined;
}

/** How many letters must be put in, taken out or changed to make one word of the other. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (const [column, wanted] of [...other].entries()) {
      const [above = 0, across = 0, left = 0] = [row[column + 1], row[column], next[column]];
      next.push(Math.min(above + 1, left + 1, across + (letter === wanted ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
