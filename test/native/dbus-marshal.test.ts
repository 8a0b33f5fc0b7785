// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { socketPaths, systemBusAddress, userBusAddress } from "../../src/native/dbus-address.ts";
import { marshal, unmarshal } from "../../src/native/dbus-marshal.ts";
import { decodeMessage, encodeMessage, type Message, messageLength } from "../../src/native/dbus-message.ts";
import { splitTypes, type Value } from "../../src/native/dbus-types.ts";

interface Typed {
  readonly type: string;
  readonly value: Value;
}

const text = fc.string({ unit: "grapheme", maxLength: 40 }).filter((value) => !value.includes("\0"));
const as = (type: string, values: fc.Arbitrary<Value>): fc.Arbitrary<Typed> => values.map((value) => ({ type, value }));

const basic = fc.oneof(
  as("y", fc.integer({ min: 0, max: 255 })),
  as("b", fc.boolean()),
  as("n", fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 })),
  as("q", fc.integer({ min: 0, max: 2 ** 16 - 1 })),
  as("i", fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  as("u", fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  as("x", fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  as("t", fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  as("d", fc.double({ noNaN: true })),
  as("s", text),
  as("o", fc.constantFrom("/", "/org/freedesktop")),
  as("g", fc.constantFrom("", "a{sv}", "(ii)")),
);

const { typed } = fc.letrec<{ typed: Typed }>((tie) => ({
  typed: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    basic,
    fc.array(tie("typed"), { minLength: 1, maxLength: 3 }).map((members) => ({
      type: `(${members.map(({ type }) => type).join("")})`,
      value: members.map(({ value }) => value),
    })),
    fc
      .tuple(tie("typed"), fc.integer({ min: 0, max: 3 }))
      .map(([{ type, value }, count]) => ({ type: `a${type}`, value: Array<Value>(count).fill(value) })),
    fc.tuple(text, tie("typed")).map(([key, { type, value }]) => ({ type: `a{s${type}}`, value: [[key, value]] })),
    tie("typed").map((value) => ({ type: "v", value })),
  ),
}));

describe("values", () => {
  test("come back from their bytes as they were", () => {
    fc.assert(
      fc.property(fc.array(typed, { maxLength: 4 }), (list) => {
        const signature = list.map(({ type }) => type).join("");
        const values = list.map(({ value }) => value);
        expect(splitTypes(signature)).toEqual(list.map(({ type }) => type));
        expect(unmarshal(signature, marshal(signature, values))).toEqual(values);
      }),
    );
  });

  test("are aligned as the specification says", () => {
    expect(marshal("yu", [1, 2]).toString("hex")).toBe("0100000002000000");
    expect(marshal("s", ["foo"]).toString("hex")).toBe("03000000666f6f00");
    expect(marshal("at", [[5n]]).toString("hex")).toBe("08000000000000000500000000000000");
    expect(marshal("v", [{ type: "b", value: true }]).toString("hex")).toBe("0162000001000000");
    expect(marshal("ayq", [[1], 2]).toString("hex")).toBe("0100000001000200");
  });

  test("are read in the other byte order, too", () => {
    expect(unmarshal("us", Buffer.from("0000000500000001410000", "hex"), false)).toEqual([5, "A"]);
  });

  test("of bytes that end too early are an error, whatever the bytes are", () => {
    fc.assert(
      fc.property(typed, fc.nat(), ({ type, value }, cut) => {
        const bytes = marshal(type, [value]);
        expect(() => unmarshal(type, bytes.subarray(0, cut % bytes.length))).toThrow(RangeError);
      }),
    );
  });

  test.each(["a", "(", "(i", "()", "{", "z", "a("])("of the signature %j do not exist", (signature) => {
    expect(() => splitTypes(signature)).toThrow(RangeError);
  });

  test("with a NUL inside a string, or too many of them, are refused", () => {
    expect(() => marshal("s", ["a\0b"])).toThrow("no NUL");
    expect(() => marshal("s", ["a", "b"])).toThrow("2 values");
  });
});

describe("messages", () => {
  const call: Message = {
    type: "call",
    serial: 7,
    path: "/org/freedesktop/systemd1",
    interface: "org.freedesktop.systemd1.Manager",
    member: "StopUnit",
    destination: "org.freedesktop.systemd1",
    signature: "ss",
    body: ["a.scope", "replace"],
  };

  test("come back from their bytes as they were", () => {
    const bytes = encodeMessage(call);
    expect(messageLength(bytes)).toBe(bytes.length);
    expect(decodeMessage(bytes)).toEqual(call);
  });

  test("tell their length as soon as their first 16 bytes are there", () => {
    const bytes = encodeMessage(call);
    expect(messageLength(bytes.subarray(0, 16))).toBe(bytes.length);
    expect(messageLength(bytes.subarray(0, 15))).toBeUndefined();
  });

  test("longer than the specification allows are refused", () => {
    const bytes = encodeMessage(call);
    bytes.writeUInt32LE(2 ** 31, 4);
    expect(() => messageLength(bytes)).toThrow("128 MiB");
  });
});

describe("addresses", () => {
  test("are tried in their order, and their escapes are read", () => {
    expect(socketPaths("unix:path=/run/a%20b,guid=1;tcp:host=x;unix:guid=2,path=/c")).toEqual(["/run/a b", "/c"]);
    expect(socketPaths("unix:abstract=/tmp/x")).toEqual([]);
  });

  test("of the system's bus come from the environment only where it may be trusted", () => {
    const env = { DBUS_SYSTEM_BUS_ADDRESS: "unix:path=/x" };
    expect(systemBusAddress({ env, trusted: true })).toBe("unix:path=/x");
    expect(systemBusAddress({ env, trusted: false })).toBe("unix:path=/run/dbus/system_bus_socket");
    expect(systemBusAddress({ env: {}, trusted: true })).toBe("unix:path=/run/dbus/system_bus_socket");
  });

  test("of a user's bus are told by either of two variables", () => {
    const env = { DBUS_SESSION_BUS_ADDRESS: "unix:path=/x", XDG_RUNTIME_DIR: "/run/user/1 2" };
    expect(userBusAddress({ env, trusted: true })).toBe("unix:path=/x");
    expect(userBusAddress({ env: { ...env, DBUS_SESSION_BUS_ADDRESS: "" }, trusted: true })).toBe(
      "unix:path=/run/user/1%202/bus",
    );
    expect(userBusAddress({ env: {}, trusted: true })).toBeUndefined();
    expect(userBusAddress({ env, trusted: false })).toBeUndefined();
  });
});
