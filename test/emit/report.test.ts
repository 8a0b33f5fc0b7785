// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeReport, encodeFailure, LOG_SIZE, REPORT_SIZE } from "../../src/emit/report.ts";

const failures = fc.record({
  step: fc.integer({ min: 0, max: 0xffff }),
  errno: fc.integer({ min: 0, max: 4095 }),
  result: fc.bigInt(-(1n << 63n), (1n << 63n) - 1n),
  log: fc.string({ unit: "grapheme-ascii", maxLength: LOG_SIZE }),
});

test("a failure that is encoded decodes to itself", () => {
  fc.assert(
    fc.property(failures, (failure) => {
      expect(decodeReport(encodeFailure(failure))).toEqual({ kind: "failure", ...failure });
    }),
  );
});

test("words and a pid are told from failures", () => {
  const ascii = (text: string) => new TextEncoder().encode(text);
  expect(decodeReport(ascii("map"))).toEqual({ kind: "word", word: "map" });
  expect(decodeReport(ascii("created"))).toEqual({ kind: "word", word: "created" });
  expect(decodeReport(Uint8Array.of(0x39, 0x30, 0, 0, 0, 0, 0, 0))).toEqual({ kind: "pid", pid: 12345 });
});

test("a view into a larger buffer is read from its own start", () => {
  const message = encodeFailure({ step: 3, errno: 2, result: -2n, log: "no" });
  const buffer = new Uint8Array(100);
  buffer.set(message, 7);
  expect(decodeReport(buffer.subarray(7, 7 + message.length))).toEqual(decodeReport(message));
});

test.each<[string, Uint8Array]>([
  ["nothing", new Uint8Array()],
  ["an unknown word", new TextEncoder().encode("done")],
  ["pid 0", new Uint8Array(8)],
  ["a pid of 32 bits", Uint8Array.of(0, 0, 0, 0x80, 0, 0, 0, 0)],
  [
    "a report that is cut off",
    encodeFailure({ step: 1, errno: 1, result: 0n, log: "four" }).subarray(0, REPORT_SIZE + 3),
  ],
  ["a report that is too long", Uint8Array.of(...encodeFailure({ step: 1, errno: 1, result: 0n, log: "" }), 0)],
])("%s is not a message", (_, bytes) => {
  expect(() => decodeReport(bytes)).toThrow(Error);
});

test("random bytes are never more than refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (bytes, magic) => {
      if (magic && bytes.length >= 4) bytes.set(new TextEncoder().encode("tsrF"));
      try {
        decodeReport(bytes);
      } catch (error) {
        expect(error).not.toBeInstanceOf(RangeError);
        expect(error).not.toBeInstanceOf(TypeError);
      }
    }),
    { numRuns: 1000 },
  );
});

test("a log above 512 bytes is refused", () => {
  expect(() => encodeFailure({ step: 1, errno: 1, result: 0n, log: "x".repeat(LOG_SIZE + 1) })).toThrow(Error);
});
