// SPDX-License-Identifier: Apache-2.0
/** A record: one step as the machine reads it. Its layout and its decoder. */

/** A successor that is no record: the start has failed. */
export const FAIL = -1;

export const RECORD_SIZE = 104;
export const OPERANDS = 6;
export const TOLERANCES = 4;
/** The kernel's results from -4095 to -1 are errnos. */
export const MAX_ERRNO = 4095;

export interface StepRecord {
  /** `call` makes a system call; `pick` only computes (operand 0 & operand 1) | (operand 2 & operand 3). */
  readonly kind: "call" | "pick";
  /** The call's number; 0 for a pick. */
  readonly number: number;
  readonly index: number;
  /** Six. With `at`, the value is the address of the 8 bytes that hold the operand. */
  readonly operands: readonly { readonly value: bigint; readonly at: boolean }[];
  /** A success with this result goes on at record `equal`, with any other at `other`. */
  readonly compare: bigint;
  readonly equal: number;
  readonly other: number;
  /** The errno that a result is told with whose successor is FAIL. */
  readonly errno: number;
  /** Address where the result is kept; 0 is nowhere. */
  readonly store: number;
  /** Address of the fd of the filesystem context whose log explains a failure; 0 is none. */
  readonly context: number;
  /** At most four: errnos that go on at a record. */
  readonly tolerate: readonly { readonly errno: number; readonly target: number }[];
}

/**
 * The fields of a record, 104 bytes, little-endian: where each begins, in words of 4 bytes.
 *
 *   offset  size  field
 *        0     2  number
 *        2     2  index
 *        4     2  errno
 *        6     1  refs      bit n: operand n is `at` its value
 *        7     1  kind      0 call, 1 pick
 *        8    48  operands  6 of 8 bytes
 *       56     8  compare
 *       64     4  equal     address of a record; 0 is failure
 *       68     4  other     address of a record; 0 is failure
 *       72     4  store     address; 0 is nowhere
 *       76     4  context   address; 0 is none
 *       80    16  targets   4 of 4 bytes: addresses of records
 *       96     8  errnos    4 of 2 bytes: the errno that leads to the target; 0 is none
 */
export const WORD = {
  number: 0,
  errno: 1,
  operands: 2,
  compare: 14,
  equal: 16,
  other: 17,
  store: 18,
  context: 19,
  targets: 20,
  errnos: 24,
} as const;

/**
 * Reads a record back. Throws an Error for bytes that no image has: a record that is cut off, a
 * target that is not a later record, an unknown kind.
 */
export function decodeRecord(view: DataView, at: number, first: number): StepRecord {
  if (at < 0 || at + RECORD_SIZE > view.byteLength) throw new Error(`no record at ${at}: cut off`);
  const index = view.getUint16(at + 2, true);
  const refs = view.getUint8(at + 6);
  const kind = view.getUint8(at + 7);
  if (kind > 1 || refs >= 1 << OPERANDS) throw new Error(`no record at ${at}: unknown kind or references`);
  const target = (place: number) => targetAt(view, at + place, first, index);
  const tolerate: { errno: number; target: number }[] = [];
  for (let n = 0; n < TOLERANCES; n++) {
    const errno = view.getUint16(at + 96 + 2 * n, true);
    if (errno !== 0) tolerate.push({ errno: within(errno, MAX_ERRNO), target: target(80 + 4 * n) });
  }
  return {
    kind: kind === 1 ? "pick" : "call",
    number: view.getUint16(at, true),
    index,
    errno: within(view.getUint16(at + 4, true), MAX_ERRNO),
    operands: Array.from({ length: OPERANDS }, (_, n) => ({
      value: view.getBigUint64(at + 8 + 8 * n, true),
      at: (refs & (1 << n)) !== 0,
    })),
    compare: view.getBigUint64(at + 56, true),
    equal: target(64),
    other: target(68),
    store: view.getUint32(at + 72, true),
    context: view.getUint32(at + 76, true),
    tolerate,
  };
}

function targetAt(view: DataView, at: number, first: number, index: number): number {
  const address = view.getUint32(at, true);
  if (address === 0) return FAIL;
  const target = (address - first) / RECORD_SIZE;
  if (!Number.isInteger(target) || target <= index) throw new Error(`0x${address.toString(16)} is not a later record`);
  return target;
}

function within(value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) throw new Error(`${value} is not in 0..${max}`);
  return value;
}
