// SPDX-License-Identifier: Apache-2.0
/** The table of record.ts a second time, as an encoder: what the decoder is held against. */
import { FAIL, MAX_ERRNO, OPERANDS, RECORD_SIZE, type StepRecord, TOLERANCES } from "../../src/emit/record.ts";

/** Writes a record at `at`. `first` is the address of record 0. Throws an Error for what has no room. */
export function encodeRecord(record: StepRecord, view: DataView, at: number, first: number): void {
  const { operands, tolerate } = record;
  if (operands.length !== OPERANDS) throw new Error(`a record has ${OPERANDS} operands, got ${operands.length}`);
  if (tolerate.length > TOLERANCES) {
    throw new Error(`a step tolerates ${TOLERANCES} errnos at most, got ${tolerate.length}`);
  }
  const address = (target: number) =>
    target === FAIL ? 0 : within(first + within(target, 0xffff) * RECORD_SIZE, 0xffff_ffff);
  view.setUint16(at, within(record.number, 0xffff), true);
  view.setUint16(at + 2, within(record.index, 0xffff), true);
  view.setUint16(at + 4, within(record.errno, MAX_ERRNO), true);
  view.setUint8(
    at + 6,
    operands.reduce((refs, operand, n) => refs | (Number(operand.at) << n), 0),
  );
  view.setUint8(at + 7, record.kind === "pick" ? 1 : 0);
  for (const [n, { value }] of operands.entries()) view.setBigUint64(at + 8 + 8 * n, value, true);
  view.setBigUint64(at + 56, record.compare, true);
  view.setUint32(at + 64, address(record.equal), true);
  view.setUint32(at + 68, address(record.other), true);
  view.setUint32(at + 72, within(record.store, 0xffff_ffff), true);
  view.setUint32(at + 76, within(record.context, 0xffff_ffff), true);
  for (const [n, { errno, target }] of tolerate.entries()) {
    if (errno === 0 || target === FAIL) throw new Error("a tolerated errno needs a number and a target");
    view.setUint32(at + 80 + 4 * n, address(target), true);
    view.setUint16(at + 96 + 2 * n, within(errno, MAX_ERRNO), true);
  }
}

function within(value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) throw new Error(`${value} is not in 0..${max}`);
  return value;
}
