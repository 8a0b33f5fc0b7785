// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeClassic, encodeClassic, type SockFilter } from "../../src/bpf/classic.ts";
import { checkClassic } from "../../src/bpf/classic-check.ts";
import { printClassic } from "../../src/bpf/classic-print.ts";
import { simulatorOf } from "../../src/bpf/classic-simulate.ts";
import { printReturned, type SeccompData, verdictOf } from "../../src/bpf/seccomp-data.ts";
import { AUDIT_ARCH, SECCOMP_RET } from "../../src/kernel/seccomp.ts";
import * as at from "./programs.ts";
import { ALLOW, KILL, one } from "./programs.ts";

const X64 = AUDIT_ARCH.AUDIT_ARCH_X86_64;
const EPERM = one(at.RET, SECCOMP_RET.SECCOMP_RET_ERRNO | 1);

/** Calls of x86-64 only; mkdir (83) fails, personality (135) is allowed for 0xffffffff alone. */
const PROFILE: readonly SockFilter[] = [
  one(at.LD, 4),
  one(at.JEQ, X64, 1, 0),
  KILL,
  one(at.LD, 0),
  one(at.JEQ, 83, 4, 0),
  one(at.JEQ, 135, 0, 4),
  one(at.LD, 20),
  one(at.JEQ, 0, 0, 1),
  one(at.LD, 16),
  EPERM,
  ALLOW,
];

function call(nr: number, ...args: readonly bigint[]): SeccompData {
  return { nr, arch: X64, instructionPointer: 0n, args };
}

describe("the bytes of a program", () => {
  test("lie as struct sock_filter has them", () => {
    const bytes = encodeClassic([one(at.JEQ, 0xc000003e, 1, 2)]);
    expect(Buffer.from(bytes).toString("hex")).toBe("150001023e0000c0");
  });

  test("are read back as they were written", () => {
    fc.assert(
      fc.property(fc.array(at.anyInstruction), (program) => {
        expect(decodeClassic(encodeClassic(program))).toEqual(program);
      }),
    );
  });

  test("end with an instruction", () => {
    expect(() => decodeClassic(new Uint8Array(12))).toThrow(RangeError);
  });
});

test("a program is printed with names for what it looks at, and with its verdicts", () => {
  expect(printClassic(PROFILE, (nr, arch) => (nr === 83 && arch === X64 ? "mkdir" : undefined))).toBe(
    [
      " 0  A = data.arch",
      " 1  if (A == AUDIT_ARCH_X86_64) → 3, else → 2",
      " 2  return SECCOMP_RET_KILL_PROCESS",
      " 3  A = data.nr",
      " 4  if (A == 83) → 9, else → 5  # mkdir",
      " 5  if (A == 135) → 6, else → 10",
      " 6  A = data.args[0] high",
      " 7  if (A == 0x0) → 8, else → 9",
      " 8  A = data.args[0] low",
      " 9  return SECCOMP_RET_ERRNO(EPERM)",
      "10  return SECCOMP_RET_ALLOW",
      "",
    ].join("\n"),
  );
});

test("what is compared has a name only where it is the same on every path", () => {
  const program = [one(at.LD, 0), one(at.JSET, 1, 1, 0), one(at.LD, 4), one(at.JEQ, X64, 0, 0), ALLOW];
  expect(printClassic(program)).toContain(" 3  if (A == 0xc000003e) → 4, else → 4".trimStart());
});

test("a code that no filter has is not printed", () => {
  expect(() => printClassic([one(0x28)])).toThrow(RangeError);
});

test.each<[string, SeccompData, string]>([
  ["a call that a rule names", call(83), "SECCOMP_RET_ERRNO(EPERM)"],
  ["a call that no rule names", call(0), "SECCOMP_RET_ALLOW"],
  ["a call of another architecture", { ...call(83), arch: AUDIT_ARCH.AUDIT_ARCH_I386 }, "SECCOMP_RET_KILL_PROCESS"],
  ["an argument beyond 32 bits", call(135, 1n << 32n), "SECCOMP_RET_ERRNO(EPERM)"],
])("the verdict on %s", (_, data, verdict) => {
  const { verdict: found, path } = simulatorOf(PROFILE)(data);
  expect(printReturned(returned(found))).toBe(verdict);
  expect(path.at(0)).toBe(0);
  expect(PROFILE[path.at(-1) ?? -1]?.code).toBe(at.RET);
});

function returned({ action, data }: ReturnType<typeof verdictOf>): number {
  return (SECCOMP_RET[action] | data) >>> 0;
}

test.each<[string, number, ReturnType<typeof verdictOf>]>([
  [
    "an action that the kernel does not know ends the process",
    0x12340007,
    { action: "SECCOMP_RET_KILL_PROCESS", data: 7 },
  ],
  ["an errno is at most 4095", 0x0005ffff, { action: "SECCOMP_RET_ERRNO", data: 4095 }],
  ["a tracer is told a number", 0x7ff00007, { action: "SECCOMP_RET_TRACE", data: 7 }],
])("%s", (_, value, verdict) => {
  expect(verdictOf(value)).toEqual(verdict);
});

describe("a program is refused", () => {
  test.each<[string, readonly SockFilter[], number]>([
    ["that has no instruction", [], 0],
    ["that has more than 4096", Array.from({ length: 4097 }, () => ALLOW), 4097],
    ["that ends without a return", [ALLOW, one(at.LD, 0)], 1],
    ["that jumps behind its end", [one(at.JEQ, 0, 1, 0), ALLOW], 0],
    ["that jumps behind its end without a condition", [one(at.JA, 1), ALLOW], 0],
    ["that loads what is not aligned", [one(at.LD, 2), ALLOW], 0],
    ["that loads behind the data", [one(at.LD, 64), ALLOW], 0],
    [
      "that loads a word which was stored on one path only",
      [one(at.JEQ, 0, 0, 1), one(at.ST), one(at.LD_MEM), ALLOW],
      2,
    ],
    ["that uses a word that there is not", [one(at.ST, 16), ALLOW], 0],
    ["that divides by zero", [one(0x34), ALLOW], 0],
    ["that shifts by 32", [one(0x64, 32), ALLOW], 0],
    ["that has a code of other filters", [one(0x28), ALLOW], 0],
    ["that takes the rest of a division, as filters of packets may", [one(0x94, 3), ALLOW], 0],
  ])("%s", (_, program, index) => {
    expect(checkClassic(program).map((fault) => fault.index)).toEqual([index]);
    expect(() => simulatorOf(program)).toThrow(RangeError);
  });
});

test("a program of 4096 instructions is taken, and so are jumps of all 255", () => {
  const program = [one(at.JEQ, 0, 255, 255), ...Array.from({ length: 4095 }, () => ALLOW)];
  expect(checkClassic(program)).toEqual([]);
  expect(simulatorOf(program)(call(0)).path).toEqual([0, 256]);
});

test("a division by zero returns 0, which ends the thread", () => {
  const { verdict } = simulatorOf([one(at.LD_IMM, 7), one(at.DIV_X), ALLOW])(call(0));
  expect(verdict.action).toBe("SECCOMP_RET_KILL_THREAD");
});

test("whatever is taken comes to a verdict, forwards and within the program", () => {
  const data = fc.record({
    nr: fc.integer({ min: 0, max: 0xffff_ffff }),
    arch: fc.constantFrom(...Object.values(AUDIT_ARCH)),
    instructionPointer: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    args: fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 6 }),
  });
  let taken = 0;
  fc.assert(
    fc.property(at.likelyProgram, data, (program, given) => {
      if (checkClassic(program).length > 0) return;
      taken += 1;
      const { verdict, path } = simulatorOf(program)(given);
      expect(SECCOMP_RET).toHaveProperty(verdict.action);
      expect(path.every((index, n) => index < program.length && index > (path[n - 1] ?? -1))).toBe(true);
      expect(printClassic(program).split("\n")).toHaveLength(program.length + 1);
    }),
    { numRuns: 500 },
  );
  expect(taken).toBeGreaterThan(20);
});
