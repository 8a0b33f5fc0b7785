// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { expect, test } from "vitest";
import { ANCHOR_SIZE, BASE, CODE, describeImage, emitImage, listingOf } from "../../src/emit/image.ts";
import { decodeRecord, RECORD_SIZE, type StepRecord } from "../../src/emit/record.ts";
import { MS } from "../../src/kernel/mount.ts";
import { O } from "../../src/kernel/open.ts";
import { address, bytes, flags, int, ref, string, strings, struct } from "../../src/plan/operands.ts";
import { NEXT, type Operand, type Plan } from "../../src/plan/step.ts";
import { call, exit, plan } from "./images.ts";

interface Reading {
  readonly bytes: Buffer;
  readonly records: readonly StepRecord[];
  /** The offset in the file of what lies at an address of the text. */
  readonly offsetOf: (address: bigint) => number;
}

function read(value: Plan): Reading {
  const { bytes, steps } = emitImage(value);
  const first = CODE + listingOf(value.arch).code.length + ANCHOR_SIZE;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const records = steps.map((_, n) => decodeRecord(view, first + n * RECORD_SIZE, BASE + first));
  return { bytes: Buffer.from(bytes), records, offsetOf: (address) => Number(address) - BASE };
}

/** The operands of calls of umask(2), one each: what the image holds for them. */
function readOperands(operands: readonly Operand[], arch: Plan["arch"] = "x64"): Reading {
  return read(plan([...operands.map((operand) => call("umask", [operand])), exit(0)], { arch }));
}

const exact = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.bigInt(-(1n << 63n), (1n << 64n) - 1n));

test("a number is 64 bits in two's complement, however it is given", () => {
  fc.assert(
    fc.property(fc.array(exact, { minLength: 1, maxLength: 20 }), (values) => {
      const { records } = readOperands(values.map(int));
      expect(records.slice(0, -1).map(({ operands }) => operands[0])).toEqual(
        values.map((value) => ({ value: BigInt.asUintN(64, BigInt(value)), at: false })),
      );
    }),
  );
});

test("a number fills its field as it fills an operand", () => {
  fc.assert(
    fc.property(exact, fc.integer({ min: -0x8000_0000, max: 0xffff_ffff }), (wide, narrow) => {
      const { bytes, records, offsetOf } = readOperands([
        struct("rlimit", { rlim_cur: int(wide), rlim_max: int(7) }),
        struct("user_cap_header", { pid: int(narrow) }),
      ]);
      const at = (n: number) => offsetOf(records[n]?.operands[0]?.value ?? 0n);
      expect(bytes.readBigUInt64LE(at(0))).toBe(BigInt.asUintN(64, BigInt(wide)));
      expect(bytes.readBigUInt64LE(at(0) + 8)).toBe(7n);
      expect(bytes.readUInt32LE(at(1) + 4)).toBe(narrow >>> 0);
    }),
  );
});

test.each([
  [-0x8001, false],
  [-0x8000, true],
  [0xffff, true],
  [0x1_0000, false],
  [(1n << 64n) - 1n, true],
  [0x1_0000n, false],
])("%s in a field of 2 bytes", (value, isHeld) => {
  const emit = () => readOperands([struct("winsize", { ws_col: int(value) })]);
  if (isHeld) expect(emit).not.toThrow();
  else expect(emit).toThrow("2 bytes");
});

test.each(["x64", "arm64"] as const)("flags of %s are without a sign", (arch) => {
  const { records } = readOperands([flags(MS, MS.MS_NOSUID | -0x8000_0000), flags(O, -0x8000_0000)], arch);
  expect(records.slice(0, 2).map(({ operands }) => operands[0]?.value)).toEqual([0x8000_0002n, 0x8000_0000n]);
});

test("text is UTF-8, with a NUL behind it", () => {
  const texts = ["", "/a", "/ä/\u{1f600}", "é", "\ud800", "z"];
  const { bytes, records, offsetOf } = readOperands(texts.map(string));
  for (const [n, text] of texts.entries()) {
    const start = offsetOf(records[n]?.operands[0]?.value ?? 0n);
    const content = Buffer.from(`${text}\0`);
    expect(bytes.subarray(start, start + content.length), text).toEqual(content);
  }
});

test("a NUL behind other text than ASCII is refused, too", () => {
  expect(() => readOperands([string("ä\0b")])).toThrow("NUL");
});

test("equal constants of a kind are one, others are not", () => {
  const how = (value: number) => struct("open_how", { flags: flags(O, value) });
  const { records } = readOperands([
    how(O.O_PATH),
    how(O.O_PATH),
    how(O.O_CLOEXEC),
    strings(["a", "b"]),
    strings(["a", "b"]),
    strings(["b", "a"]),
    bytes("a\0"),
    bytes(Uint8Array.of(0x61, 0)),
    bytes("a"),
    struct("iovec", { iov_base: string("a"), iov_len: int(1) }),
    struct("iovec", { iov_base: string("b"), iov_len: int(1) }),
  ]);
  const places = records.slice(0, -1).map(({ operands }) => operands[0]?.value);
  expect(places.map((place) => places.indexOf(place))).toEqual([0, 0, 2, 3, 3, 5, 6, 6, 8, 9, 10]);
});

test("a structure that a result is copied into is its own", () => {
  const value = struct("int", { value: ref("start") });
  const { records } = readOperands([value, value]);
  expect(records.map(({ kind }) => kind)).toEqual(["pick", "call", "pick", "call", "call"]);
  expect(records[1]?.operands[0]?.value).not.toBe(records[3]?.operands[0]?.value);
  expect(BigInt(records[0]?.store ?? 0)).toBe(records[1]?.operands[0]?.value);
});

test("everything grows: records, constants, data, addresses", () => {
  const count = 5000;
  const name = (n: number) => `name-${n}`;
  const calls = Array.from({ length: count }, (_, n) =>
    call("symlinkat", [string(name(n)), ref(n === 0 ? "start" : name(n - 1)), address("start")], { result: name(n) }),
  );
  const { bytes, records, offsetOf } = read(plan([...calls, exit(0)]));
  for (const [n, { operands, store }] of records.slice(0, count).entries()) {
    const start = offsetOf(operands[0]?.value ?? 0n);
    if (bytes.toString("latin1", start, start + name(n).length + 1) !== `${name(n)}\0`) expect.fail(name(n));
    if (n > 0 && BigInt(records[n - 1]?.store ?? 0) !== operands[1]?.value) expect.fail(`slot of ${name(n)}`);
    if (store === 0) expect.fail(`${name(n)} is kept nowhere`);
  }
});

test("the last call can tolerate nothing that goes on", () => {
  expect(() => emitImage(plan([exit(0, { tolerate: { EIO: NEXT } })]))).toThrow("nothing follows");
});

test("an image that is described is the image that runs", () => {
  const value = plan([call("chdir", [string("/")]), exit(0)]);
  expect(describeImage(value).bytes).toEqual(emitImage(value).bytes);
});
