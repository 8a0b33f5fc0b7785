// SPDX-License-Identifier: Apache-2.0
/** The program for devices decides as the rules do. config-linux.md#allowed-device-list. */
import { expect, test } from "vitest";
import { deviceFilter } from "../../src/bpf/device-filter.ts";
import { ACCESS, ANY, accessOf, type DeviceRule, printDeviceRule } from "../../src/bpf/device-rules.ts";
import { decodeExtended, encodeExtended } from "../../src/bpf/extended.ts";
import { printExtended } from "../../src/bpf/extended-print.ts";
import { simulateExtended } from "../../src/bpf/extended-simulate.ts";
import type { Request } from "../cgroup/device-controller.ts";
import { contextOf, decides, REQUESTS, someLists } from "./device-oracle.ts";

/** `allow c 1:3 rw` */
function rule(text: string): DeviceRule {
  const [verb, type, numbers = "", letters = ""] = text.split(" ");
  const [major = ANY, minor = ANY] = numbers.split(":").map((number) => (number === "*" ? ANY : Number(number)));
  const allow = verb === "allow";
  return { allow, type: type as DeviceRule["type"], major, minor, access: accessOf(letters) };
}

function allows(rules: readonly DeviceRule[], request: Request): boolean {
  return simulateExtended(deviceFilter(rules), contextOf(request)) === 1;
}

const request = (text: string): Request => {
  const { type, ...rest } = rule(`allow ${text}`);
  return { ...rest, type: type === "b" ? "b" : "c" };
};

test.each<[rules: readonly string[], asked: string, allowed: boolean]>([
  [[], "c 1:3 r", false],
  [["allow a *:* rwm"], "b 8:0 rw", true],
  [["allow a *:* rwm", "deny b 8:0 w"], "b 8:0 rw", false],
  [["allow a *:* rwm", "deny b 8:0 w"], "b 8:0 r", true],
  [["deny c 1:3 rwm", "allow c 1:3 r"], "c 1:3 r", true],
  [["allow c 1:3 r", "deny c 1:3 rwm"], "c 1:3 r", false],
  [["allow c 10:* rw", "deny c 10:229 rw"], "c 10:229 r", false],
  [["allow c 10:* rw", "deny c 10:229 rw"], "c 10:228 rw", true],
  [["allow c 1:3 r", "allow c 1:* w"], "c 1:3 rw", true],
  [["allow c *:3 r"], "c 9:3 r", true],
  [["allow c *:3 r"], "b 9:3 r", false],
  [["allow a 7:0 rw"], "b 7:0 rw", true],
  [["allow a 7:0 rw"], "b 7:1 rw", false],
  [["allow c 4294967294:2147483648 rw"], "c 4294967294:2147483648 rw", true],
  [["allow c 4294967294:2147483648 rw"], "c 4294967294:0 rw", false],
])("%j: %s is allowed: %s", (rules, asked, allowed) => {
  expect(allows(rules.map(rule), request(asked))).toBe(allowed);
});

test("the program decides as the last matching rule, for lists of all kinds", () => {
  for (const rules of someLists(1500)) {
    const program = deviceFilter(rules);
    for (const asked of REQUESTS) {
      const verdict = simulateExtended(program, contextOf(asked)) === 1;
      if (verdict !== decides(rules, asked)) {
        expect.fail(`${rules.map(printDeviceRule).join(", ")}: ${JSON.stringify(asked)} got ${verdict}`);
      }
    }
  }
});

test("rules that a later one about everything overrides are not in the program", () => {
  const rules = ["allow c 1:3 rwm", "deny a *:* rwm", "allow c 1:5 rwm"].map(rule);
  expect(deviceFilter(rules)).toEqual(deviceFilter(rules.slice(2)));
});

test("the program can be read", () => {
  const program = deviceFilter(["deny a *:* rwm", "allow b *:* m", "allow c 10:200 rwm", "deny c 10:* w"].map(rule));
  expect(
    printExtended(program)
      .split("\n")
      .map((line) => line.trim()),
  ).toEqual([
    "0: r2 = *(u32 *)(r1 +0)",
    "1: w3 = w2",
    "2: w3 &= 65535",
    "3: w2 >>= 16",
    "4: r4 = *(u32 *)(r1 +4)",
    "5: r5 = *(u32 *)(r1 +8)",
    "6: if w3 != 2 goto pc+5",
    "7: if w4 != 10 goto pc+4",
    "8: if w2 & 4 goto pc+1",
    "9: goto pc+2",
    "10: w0 = 0",
    "11: exit",
    "12: if w3 != 2 goto pc+4",
    "13: if w4 != 10 goto pc+3",
    "14: if w5 != 200 goto pc+2",
    "15: w0 = 1",
    "16: exit",
    "17: if w3 != 1 goto pc+4",
    "18: w2 &= 6",
    "19: if w2 != 0 goto pc+2",
    "20: w0 = 1",
    "21: exit",
    "22: w0 = 0",
    "23: exit",
    "",
  ]);
});

test("bytes and instructions are each other's, and as the kernel has them", () => {
  for (const rules of someLists(50)) {
    const program = deviceFilter(rules);
    expect(decodeExtended(encodeExtended(program))).toEqual(program);
  }
  const [first, second] = deviceFilter([]);
  const bytes = encodeExtended([first, second].filter((insn) => insn !== undefined));
  expect(Buffer.from(bytes).toString("hex")).toBe("6112000000000000bc23000000000000");
  expect(() => decodeExtended(new Uint8Array(9))).toThrow(RangeError);
});

test.each<[string, Parameters<typeof simulateExtended>[0]]>([
  ["runs past its end", []],
  ["is read before it is written", [{ code: 0x95, dst: 0, src: 0, off: 0, imm: 0 }]],
  ["a jump leads back", [{ code: 0x05, dst: 0, src: 0, off: -1, imm: 0 }]],
  ["is no pointer", [{ code: 0x61, dst: 2, src: 3, off: 0, imm: 0 }]],
  ["no filter has an instruction", [{ code: 0x18, dst: 2, src: 0, off: 0, imm: 0 }]],
])("what the verifier would refuse is not run: %s", (why, program) => {
  expect(() => simulateExtended(program, new Uint8Array(12))).toThrow(why);
});

test.each([0x18, 0x05 | 0x10, 0x06, 0x04, 0x69])("code %d is not printed: no filter has it", (code) => {
  expect(() => printExtended([{ code, dst: 0, src: 0, off: 0, imm: 0 }])).toThrow(RangeError);
});

test("all access is three bits", () => {
  expect(accessOf("mwr")).toBe(ACCESS);
  expect(accessOf("")).toBe(0);
});
