// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRecord, FAIL, RECORD_SIZE, type StepRecord } from "../../src/emit/record.ts";
import { encodeRecord } from "./encode-record.ts";

const FIRST = 0x40_0220;
const u64 = fc.bigInt(0n, (1n << 64n) - 1n);
const address = fc.integer({ min: 0, max: 0xffff_ffff });

const records: fc.Arbitrary<StepRecord> = fc.integer({ min: 0, max: 0xfffe }).chain((index) => {
  const later = fc.integer({ min: index + 1, max: 0xffff });
  const successor = fc.oneof(later, fc.constant(FAIL));
  return fc.record({
    kind: fc.constantFrom("call", "pick"),
    number: fc.integer({ min: 0, max: 0xffff }),
    index: fc.constant(index),
    operands: fc.array(fc.record({ value: u64, at: fc.boolean() }), { minLength: 6, maxLength: 6 }),
    compare: u64,
    equal: successor,
    other: successor,
    errno: fc.integer({ min: 0, max: 4095 }),
    store: address,
    context: address,
    tolerate: fc.array(fc.record({ errno: fc.integer({ min: 1, max: 4095 }), target: later }), { maxLength: 4 }),
  });
});

const plain: StepRecord = {
  kind: "call",
  number: 1,
  index: 0,
  operands: Array.from({ length: 6 }, () => ({ value: 0n, at: false })),
  compare: 0n,
  equal: 1,
  other: 1,
  errno: 22,
  store: 0,
  context: 0,
  tolerate: [],
};

function encode(record: StepRecord): DataView {
  const view = new DataView(new ArrayBuffer(RECORD_SIZE));
  encodeRecord(record, view, 0, FIRST);
  return view;
}

test("a record that is encoded decodes to itself", () => {
  fc.assert(
    fc.property(records, (record) => {
      expect(decodeRecord(encode(record), 0, FIRST)).toEqual(record);
    }),
  );
});

test("bytes that decode encode to records that decode to the same", () => {
  const bytes = fc.uint8Array({ minLength: 0, maxLength: RECORD_SIZE + 8 });
  fc.assert(
    fc.property(bytes, fc.integer({ min: -8, max: 8 }), (random, at) => {
      const view = new DataView(random.buffer);
      let record: StepRecord;
      try {
        record = decodeRecord(view, at, FIRST);
      } catch (error) {
        // An Error of ours, not the RangeError of a DataView that was read past its end.
        expect(error).toBeInstanceOf(Error);
        expect(error).not.toBeInstanceOf(RangeError);
        return;
      }
      expect(decodeRecord(encode(record), 0, FIRST)).toEqual(record);
    }),
    { numRuns: 1000 },
  );
});

test("a flipped byte of a record is either refused or seen in what is decoded", () => {
  fc.assert(
    fc.property(records, fc.nat(79), fc.integer({ min: 1, max: 255 }), (record, at, flip) => {
      const view = encode(record);
      view.setUint8(at, view.getUint8(at) ^ flip);
      let decoded: StepRecord;
      try {
        decoded = decodeRecord(view, 0, FIRST);
      } catch {
        return;
      }
      expect(decoded).not.toEqual(record);
    }),
  );
});

test("a target that is no later record is not decoded", () => {
  const view = encode({ ...plain, index: 5, equal: 6, other: 6 });
  for (const target of [FIRST, FIRST + 5 * RECORD_SIZE, FIRST + 6 * RECORD_SIZE + 1, 1, 0xffff_ffff]) {
    view.setUint32(64, target, true);
    expect(() => decodeRecord(view, 0, FIRST)).toThrow("not a later record");
  }
});
