// SPDX-License-Identifier: Apache-2.0
/** The records that make no call: copies and checks. */
import { ERRNO } from "../kernel/errno.ts";
import type { Call, Check } from "../plan/step.ts";
import { addRecord, addressBehind, type Draft, type Place, pointFrom } from "./draft.ts";
import { fieldOf } from "./field.ts";
import { checked, highHalf, lowHalf } from "./number.ts";
import { WORD } from "./record.ts";

const PICK = 1;

/** Copies a result into a field, which keeps what is not the result's: result & mask | field & ~mask. */
export function addCopy(draft: Draft, from: Place, to: Place, size: number, step: number): void {
  const at = addPick(draft, step, 0b101);
  const { words } = draft.file;
  const [low, high] = maskOf(size);
  pointFrom(draft, at + WORD.operands, from);
  words[at + WORD.operands + 2] = low;
  words[at + WORD.operands + 3] = high;
  pointFrom(draft, at + WORD.operands + 4, to);
  words[at + WORD.operands + 6] = ~low;
  words[at + WORD.operands + 7] = ~high;
  words[at + WORD.equal] = words[at + WORD.other] = addressBehind(draft, at);
  pointFrom(draft, at + WORD.store, to);
}

/** A check of the last call ends the start also if it holds. */
export function addCheck(draft: Draft, check: Check, field: Place, size: number, step: number, isLast: boolean): void {
  const at = addPick(draft, step, 0b1);
  const { words } = draft.file;
  const [low, high] = maskOf(size);
  const { mask = -1, value } = check;
  checked(value);
  const lowMask = low & lowHalf(mask);
  const highMask = high & highHalf(mask);
  if ((lowHalf(value) & ~lowMask) !== 0 || (highHalf(value) & ~highMask) !== 0) {
    throw new Error(`${check.field} & ${check.mask ?? "all"} can never be ${value}`);
  }
  words[at + 1] = (words[at + 1] as number) | ERRNO[check.errno];
  pointFrom(draft, at + WORD.operands, field);
  words[at + WORD.operands + 2] = lowMask;
  words[at + WORD.operands + 3] = highMask;
  words[at + WORD.compare] = lowHalf(value);
  words[at + WORD.compare + 1] = highHalf(value);
  words[at + WORD.equal] = isLast ? 0 : addressBehind(draft, at);
}

/**
 * The field that a check asks, in the memory that its call filled: its offset there and its size. In `out` memory without
 * a layout a field is one byte, named by its offset: "0" is the first.
 */
export function checkedField(call: Call, check: Check): { operand: number; offset: number; size: number } {
  let found: { operand: number; offset: number; size: number } | undefined;
  for (const [operand, out] of call.args.entries()) {
    if (out.kind !== "out") continue;
    if (found !== undefined) throw new Error(`the check of ${check.field} needs one \`out\` operand`);
    const { offset, size } = out.layout === undefined ? byteOf(out, check) : fieldOf(out.layout, check.field);
    found = { operand, offset, size };
  }
  if (found === undefined) throw new Error(`the check of ${check.field} needs one \`out\` operand`);
  return found;
}

/** `refs` has bit n for an operand n that is the address of its value. */
function addPick(draft: Draft, step: number, refs: number): number {
  const index = draft.steps.length;
  const at = addRecord(draft, step);
  draft.file.words[at] = index << 16;
  draft.file.words[at + 1] = (refs << 16) | (PICK << 24);
  return at;
}

function byteOf({ size = 0 }: { readonly size?: number }, { field }: Check): { offset: number; size: number } {
  const offset = /^\d+$/.test(field) ? Number(field) : size;
  if (offset >= size) throw new Error(`${size} bytes have no byte ${field}`);
  return { offset, size: 1 };
}

/** The bits of a field of `size` bytes, in two halves. */
function maskOf(size: number): readonly [number, number] {
  if (size < 1 || size > 8) throw new Error(`a field of ${size} bytes is no number`);
  if (size < 4) return [(1 << (8 * size)) - 1, 0];
  return [-1, size === 8 ? -1 : (1 << (8 * (size - 4))) - 1];
}
