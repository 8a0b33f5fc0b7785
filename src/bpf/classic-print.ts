// SPDX-License-Identifier: Apache-2.0
/** A filter of system calls as a person reads it, one line an instruction. */
import type { ClassicProgram, SockFilter } from "./classic.ts";
import { type Meaning, meaningOf } from "./classic-codes.ts";
import { fieldAt, printArch, printReturned } from "./seccomp-data.ts";

/** What the register A holds at an instruction, if it is the same on every path to it. */
type Held = string | undefined;

/**
 * `  2  if (A == 39) → 5, else → 3  # getpid`: every instruction with its number.
 *
 * `nameOf` tells the name of a call of an architecture, for comparisons of data.nr. Throws a RangeError for a code that
 * a filter may not have.
 */
export function printClassic(
  program: ClassicProgram,
  nameOf: (nr: number, arch: number | undefined) => string | undefined = () => undefined,
): string {
  const width = String(program.length - 1).length;
  const facts = factsOf(program);
  const lines = program.map((instruction, index) => {
    const { held, arch } = facts[index] ?? {};
    const text = lineOf(instruction, index, held);
    const compared = held === "data.nr" && meaningOf(instruction.code)?.does === "branch";
    const name = compared ? nameOf(instruction.k, arch) : undefined;
    return `${String(index).padStart(width)}  ${text}${name === undefined ? "" : `  # ${name}`}\n`;
  });
  return lines.join("");
}

function lineOf({ code, jt, jf, k }: SockFilter, index: number, held: Held): string {
  const meaning = meaningOf(code);
  if (meaning === undefined)
    throw new RangeError(`instruction ${index}: the code 0x${code.toString(16)} has no meaning`);
  const next = index + 1;
  switch (meaning.does) {
    case "load":
      return `${meaning.to} = ${source(meaning.from, k)}`;
    case "store":
      return `memory[${k}] = ${meaning.from}`;
    case "compute":
      return `A = A ${meaning.operator} ${meaning.by === "X" ? "X" : constant(k, meaning.operator)}`;
    case "negate":
      return "A = -A";
    case "move":
      return meaning.to === "A" ? "A = X" : "X = A";
    case "jump":
      return `→ ${next + k}`;
    case "branch":
      return `if (A ${meaning.test} ${compared(meaning, k, held)}) → ${next + jt}, else → ${next + jf}`;
    case "return":
      return `return ${meaning.what === "A" ? "A" : printReturned(k)}`;
    default:
      throw new Error(`unknown meaning ${JSON.stringify(meaning satisfies never)}`);
  }
}

function source(from: Extract<Meaning, { does: "load" }>["from"], k: number): string {
  if (from === "data") return fieldAt(k);
  if (from === "memory") return `memory[${k}]`;
  return from === "length" ? "sizeof(data)" : hex(k);
}

function constant(k: number, operator: string): string {
  return operator === "<<" || operator === ">>" ? String(k) : hex(k);
}

function compared({ test, by }: Extract<Meaning, { does: "branch" }>, k: number, held: Held): string {
  if (by === "X") return "X";
  if (held === "data.arch" && test === "==") return printArch(k);
  return held === "data.nr" && test !== "&" ? String(k) : hex(k);
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

interface Facts {
  readonly held: Held;
  /** The architecture that was found before, if it is the same on every path. */
  readonly arch: number | undefined;
}

/** Jumps go forwards only, so one pass sees every path to an instruction before the instruction. */
function factsOf(program: ClassicProgram): readonly (Facts | undefined)[] {
  const facts: (Facts | undefined)[] = [{ held: undefined, arch: undefined }];
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    const now = facts[index];
    const meaning = meaningOf(code);
    if (now === undefined || meaning === undefined) continue;
    const reach = (target: number, reached: Facts) => {
      const before = facts[target];
      facts[target] = before === undefined ? reached : common(before, reached);
    };
    if (meaning.does === "jump") reach(index + 1 + k, now);
    else if (meaning.does === "branch") {
      const isArch = now.held === "data.arch" && meaning.test === "==" && meaning.by === "K";
      reach(index + 1 + jt, isArch ? { ...now, arch: k } : now);
      reach(index + 1 + jf, now);
    } else if (meaning.does !== "return") reach(index + 1, { ...now, held: heldAfter(meaning, k, now.held) });
  }
  return facts;
}

function common(one: Facts, other: Facts): Facts {
  return {
    held: one.held === other.held ? one.held : undefined,
    arch: one.arch === other.arch ? one.arch : undefined,
  };
}

function heldAfter(meaning: Meaning, k: number, before: Held): Held {
  if (meaning.does === "load" && meaning.to === "A") return meaning.from === "data" ? fieldAt(k) : undefined;
  const keepsA = meaning.does === "load" || meaning.does === "store" || (meaning.does === "move" && meaning.to === "X");
  return keepsA ? before : undefined;
}
