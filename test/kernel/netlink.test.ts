// SPDX-License-Identifier: Apache-2.0
/** Messages of rtnetlink, byte by byte, and back. */
import { expect, test } from "vitest";
import {
  addAddress,
  errorOf,
  getLink,
  indexOf,
  type LinkAddress,
  moveLink,
  permanentAddress,
  raiseLink,
  renameLink,
  replies,
} from "../../src/kernel/netlink.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const whole = (parts: { head: Uint8Array; tail: Uint8Array }, index: number) => {
  const number = Buffer.alloc(4);
  number.writeInt32LE(index);
  return new Uint8Array(Buffer.concat([parts.head, number, parts.tail]));
};

test("a link is asked for by its name", () => {
  const header = "28000000120001000000000000000000";
  expect(hex(getLink("lan"))).toBe(`${header}${"00".repeat(16)}080003006c616e00`);
});

test("a link is moved by its index to the namespace of a process", () => {
  const header = "30000000100005000000000000000000";
  const attributes = "080003006c616e000800130039300000";
  expect(hex(moveLink(7, 12345, "lan"))).toBe(`${header}00000000070000000000000000000000${attributes}`);
});

test("a link gets a name, and is raised", () => {
  expect(hex(whole(renameLink("a"), 3))).toBe(
    "28000000100005000000000000000000" + "00000000030000000000000000000000" + "0600030061000000",
  );
  expect(hex(whole(raiseLink(), 3))).toBe("20000000100005000000000000000000" + "00000000030000000100000001000000");
});

const ADDRESSES: readonly LinkAddress[] = [
  { family: 2, prefixLength: 32, flags: 0x200, address: "0a000801", local: "0a000709", broadcast: null },
  { family: 2, prefixLength: 24, flags: 0, address: "0a000701", local: "0a000701", broadcast: "0a0007ff" },
  { family: 10, prefixLength: 64, flags: 0x2, address: "fd".padEnd(32, "0"), local: null, broadcast: null },
];

test.each(ADDRESSES)("the address $address/$prefixLength is told as it was read", (address) => {
  // What the kernel tells is what is asked for, and the flag that the address stays.
  const told = whole(addAddress({ ...address, flags: address.flags | 0x80 }), 9);
  const [reply] = replies(told);
  if (reply === undefined) throw new Error("no message");
  expect(permanentAddress(reply)).toEqual(address);
  expect(indexOf(reply)).toBe(9);
});

test("an address that does not stay, or is not global, is none", () => {
  const [, address] = ADDRESSES;
  if (address === undefined) throw new Error("no address");
  const told = (flags: number, scope: number) => {
    const bytes = whole(addAddress({ ...address, flags }), 9);
    bytes[19] = scope;
    return replies(bytes).map(permanentAddress);
  };
  expect(told(0, 0)).toEqual([undefined]);
  expect(told(0x80, 253)).toEqual([undefined]);
  expect(told(0x80, 0)).toEqual([address]);
});

test("a datagram holds several messages; one that is cut off is an error", () => {
  const error = new Uint8Array(Buffer.from("24000000020000000000000000000000efffffff".padEnd(72, "0"), "hex"));
  const both = new Uint8Array(Buffer.concat([error, getLink("x")]));
  const [first] = replies(both);
  expect(replies(both).map(({ type }) => type)).toEqual([2, 18]);
  expect(first && errorOf(first)).toBe(17);
  expect(() => replies(both.subarray(0, 30))).toThrow(RangeError);
});
