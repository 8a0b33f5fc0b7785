// SPDX-License-Identifier: Apache-2.0
/** The messages of CRIU as bytes. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CRIU_TYPE, REQUEST, RESPONSE } from "../../src/runtime/criu-messages.ts";
import { decode, encode, type Field, type Message, type Shape } from "../../src/runtime/criu-wire.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytes = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** As protoc encodes them. */
const MESSAGES = [
  ["a number", { type: CRIU_TYPE.VERSION }, "08 0a"],
  ["a boolean", { type: CRIU_TYPE.NOTIFY, notify_success: true }, "08 06 18 01"],
  ["false", { notify_success: false }, "18 00"],
  ["a message in it", { features: { mem_track: true } }, "2a 02 08 01"],
  ["a number of two bytes", { opts: { pid: 300 } }, "12 03 10 ac 02"],
  ["a number below 0", { opts: { pid: -1 } }, "12 0b 10 ff ff ff ff ff ff ff ff ff 01"],
  ["a field above 15", { opts: { manage_cgroups: true } }, "12 03 c0 01 01"],
  ["strings", { opts: { external: ["a", "é"] } }, "12 09 aa 02 01 61 aa 02 02 c3 a9"],
  ["an empty string", { opts: { cg_root: [{ ctrl: "", path: "/" }] } }, "12 08 ca 01 05 0a 00 12 01 2f"],
] as const;

test.each(MESSAGES)("%s", (_title, message, expected) => {
  expect(hex(encode(REQUEST, message))).toBe(expected.replaceAll(" ", ""));
  expect(decode(REQUEST, bytes(expected))).toEqual(message);
});

test("an answer of CRIU is read", () => {
  const answer = "08 0a 10 01 52 08 08 03 10 11 20 01 28 00";
  expect(decode(RESPONSE, bytes(answer))).toEqual({
    type: CRIU_TYPE.VERSION,
    success: true,
    version: { major_number: 3, minor_number: 17, sublevel: 1 },
  });
});

test("fields that are not known are skipped, whatever they hold", () => {
  const unknown = "f8 01 05 f9 01 01 02 03 04 05 06 07 08 fa 01 02 61 62 fd 01 01 02 03 04";
  expect(decode(RESPONSE, bytes(`${unknown} 10 01`))).toEqual({ success: true });
});

function value({ kind, many }: Field): fc.Arbitrary<unknown> {
  const one = single(kind);
  return many === true ? fc.array(one, { minLength: 1, maxLength: 4 }) : one;
}

function single(kind: Field["kind"]): fc.Arbitrary<unknown> {
  if (kind === "bool") return fc.boolean();
  if (kind === "int") return fc.integer();
  return kind === "text" ? fc.string({ unit: "grapheme" }) : message(kind);
}

function message(shape: Shape): fc.Arbitrary<Message<Shape>> {
  const fields = Object.entries(shape).map(([name, field]) => [name, value(field)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] }) as fc.Arbitrary<Message<Shape>>;
}

describe.each([
  ["request", REQUEST as Shape],
  ["response", RESPONSE as Shape],
])("any %s", (_name, shape) => {
  test("comes back as it was", () => {
    fc.assert(
      fc.property(message(shape), (any) => {
        expect(decode(shape, encode(shape, any))).toEqual({ ...any });
      }),
    );
  });

  test("that is cut off is refused, or is a shorter message; other bytes end in no other way", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (any) => {
        try {
          decode(shape, any);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
    expect(() => decode(shape, encode(REQUEST, { opts: { root: "/root" } }).subarray(0, 4))).toThrow(RangeError);
  });
});
