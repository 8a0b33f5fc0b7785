// SPDX-License-Identifier: Apache-2.0
/** Numbers of a plan as words of 64 bits, in two halves. Most fit a JavaScript number: a bigint is made for none of them. */
import { type FlagTable, flagsFor } from "../kernel/flags.ts";
import { O } from "../kernel/open.ts";
import type { Operand } from "../plan/step.ts";
import type { Content, Draft } from "./draft.ts";

export type Numeric = Extract<Operand, { kind: "int" | "flags" }>;

/**
 * Writes a number or flags into `size` bytes at `at`, which are zero. False if they cannot hold it. Throws an Error for
 * what 64 bits cannot hold, or a number is not exact for.
 */
export function writeNumber(draft: Draft, content: Content, at: number, size: number, operand: Numeric): boolean {
  let { value } = operand;
  if (operand.kind === "flags" && draft.arch === "arm64") value = flagsOf(operand.table, value, draft);
  const isAligned = (size === 8 || size === 4) && (at & 3) === 0;
  // Nearly all numbers.
  if (isAligned && typeof value === "number" && value >= 0 && (value | 0) === value) {
    content.words[at >> 2] = value;
    return true;
  }
  checked(value);
  // JavaScript's | makes 32-bit numbers with a sign; the kernel's are without.
  if (operand.kind === "flags" && typeof value === "number" && value < 0) value = value >>> 0;
  if (!fits(value, size)) return false;
  const low = lowHalf(value);
  const high = highHalf(value);
  if (isAligned) {
    content.words[at >> 2] = low;
    if (size === 8) content.words[(at >> 2) + 1] = high;
  } else for (let n = 0; n < size; n++) content.bytes[at + n] = n < 4 ? low >>> (8 * n) : high >>> (8 * (n - 4));
  return true;
}

export function lowHalf(value: number | bigint): number {
  // ToInt32 takes the lower 32 bits of any exact number.
  return typeof value === "number" ? value | 0 : Number(BigInt.asIntN(32, value));
}

/** Negative numbers in two's complement. */
export function highHalf(value: number | bigint): number {
  return typeof value === "number" ? Math.floor(value / 0x1_0000_0000) | 0 : Number(BigInt.asIntN(32, value >> 32n));
}

/** Is `value`, with or without a sign, a number of `size` bytes? */
function fits(value: number | bigint, size: number): boolean {
  if (size === 8) return true;
  if (typeof value === "number") return value >= -(2 ** (8 * size - 1)) && value < 2 ** (8 * size);
  const bits = 8 * size;
  const word = BigInt.asUintN(64, value);
  return BigInt.asUintN(bits, word) === word || BigInt.asUintN(64, BigInt.asIntN(bits, word)) === word;
}

export function checked(value: number | bigint): number | bigint {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new Error(`${value} is not exact`);
  } else if (value < MIN_I64 || value > MAX_U64) throw new Error(`${value} has more than 64 bits`);
  return value;
}

const MIN_I64 = -(1n << 63n);
const MAX_U64 = (1n << 64n) - 1n;

/** The value that arm64 has: only the O_ flags differ between the architectures. */
function flagsOf(table: FlagTable, value: number | bigint, draft: Draft): number | bigint {
  if (table !== O) return value;
  const known = draft.translated.get(value);
  if (known !== undefined) return known;
  const translated = Number(flagsFor("arm64", table, value));
  draft.translated.set(value, translated);
  return translated;
}
