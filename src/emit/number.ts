// SPDX-License-Identifier: Apache-2.0
/** Numbers of a plan as words of 64 bits, in two halves. Most fit a JavaScript number: a bigint is made for none of them. */
import { type FlagTable, flagsFor } from "../kernel/flags.ts";
import { O } from "../kernel/open.ts";
import type { Operand } from "../plan/step.ts";
import type { Draft } from "./draft.ts";

type Numeric = Extract<Operand, { kind: "int" | "flags" }>;

/** The value of a number or of flags. Throws an Error for what 64 bits cannot hold, or a number is not exact for. */
export function numberOf(operand: Numeric, draft: Draft): number | bigint {
  return operand.kind === "int" ? checked(operand.value) : flagsOf(operand.table, operand.value, draft);
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
export function fits(value: number | bigint, size: number): boolean {
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

/** JavaScript's | makes 32-bit numbers with a sign; the kernel's are without. */
function flagsOf(table: FlagTable, value: number | bigint, draft: Draft): number | bigint {
  // Only the O_ flags differ between the architectures.
  if (draft.arch === "arm64" && table === O) {
    const known = draft.translated.get(value);
    if (known !== undefined) return known;
    const translated = Number(flagsFor(draft.arch, table, value));
    draft.translated.set(value, translated);
    return translated;
  }
  checked(value);
  return typeof value === "number" && value < 0 ? value >>> 0 : value;
}
