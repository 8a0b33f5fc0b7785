// SPDX-License-Identifier: Apache-2.0
/** Records whose addresses are not known yet, and those that make no call: copies and checks. */
import { ERRNO } from "../kernel/errno.ts";
import type { Call, Check } from "../plan/step.ts";
import type { Place } from "./memory.ts";
import { type Copy, fieldOf, type Word } from "./operand.ts";
import { FAIL, OPERANDS, type StepRecord } from "./record.ts";

/** A step as a record that points to places. */
export interface Draft extends Omit<StepRecord, "operands" | "store" | "context"> {
  readonly operands: readonly Word[];
  readonly store: Place | undefined;
  readonly context: Place | undefined;
}

/** The field keeps what is not the result's: result & mask | field & ~mask. */
export function copyRecord({ from, to, size }: Copy, index: number): Draft {
  const mask = maskOf(size);
  const operands = six([
    { value: from, at: true },
    immediate(mask),
    { value: to, at: true },
    immediate(BigInt.asUintN(64, ~mask)),
  ]);
  return { ...pick(index), operands, compare: 0n, equal: index + 1, other: index + 1, errno: 0, store: to };
}

export function checkRecord(check: Check, index: number, next: number, field: { place: Place; size: number }): Draft {
  const mask = maskOf(field.size) & (check.mask ?? maskOf(8));
  if ((check.value & mask) !== check.value) throw new Error(`${check.field} & ${mask} can never be ${check.value}`);
  const operands = six([{ value: field.place, at: true }, immediate(mask)]);
  const errno = ERRNO[check.errno];
  return { ...pick(index), operands, compare: check.value, equal: next, other: FAIL, errno, store: undefined };
}

function pick(index: number): Pick<Draft, "kind" | "number" | "index" | "context" | "tolerate"> {
  return { kind: "pick", number: 0, index, context: undefined, tolerate: [] };
}

function maskOf(size: number): bigint {
  if (size < 1 || size > 8) throw new Error(`a field of ${size} bytes is no number`);
  return (1n << BigInt(8 * size)) - 1n;
}

/**
 * The field that a check asks, in the memory that its call filled. In `out` memory without a layout a field is one byte,
 * named by its offset: "0" is the first.
 */
export function findOut(call: Call, check: Check, words: readonly Word[]): { place: Place; size: number } {
  const found: { place: Place; size: number }[] = [];
  for (const [n, operand] of call.args.entries()) {
    const place = words[n]?.value;
    if (operand.kind !== "out" || typeof place !== "object") continue;
    const { offset, size } =
      operand.layout === undefined ? byteOf(operand, check) : fieldOf(operand.layout, check.field);
    found.push({ place: { area: place.area, offset: place.offset + offset }, size });
  }
  const [field] = found;
  if (field === undefined || found.length > 1) throw new Error(`the check of ${check.field} needs one \`out\` operand`);
  return field;
}

function byteOf({ size = 0 }: { readonly size?: number }, { field }: Check): { offset: number; size: number } {
  const offset = /^\d+$/.test(field) ? Number(field) : size;
  if (offset >= size) throw new Error(`${size} bytes have no byte ${field}`);
  return { offset, size: 1 };
}

export function six(words: readonly Word[]): readonly Word[] {
  const all = words.slice();
  while (all.length < OPERANDS) all.push(ZERO);
  return all;
}

function immediate(value: bigint): Word {
  return { value, at: false };
}

const ZERO = immediate(0n);
