// SPDX-License-Identifier: Apache-2.0
/** Filters of system calls, written by hand or at random. */
import fc from "fast-check";
import type { SockFilter } from "../../src/bpf/classic.ts";
import { allCodes } from "../../src/bpf/classic-codes.ts";
import { SECCOMP_RET } from "../../src/kernel/seccomp.ts";

export const LD = 0x20;
export const LD_IMM = 0x00;
export const LD_MEM = 0x60;
export const LDX_LEN = 0x81;
export const ST = 0x02;
export const JEQ = 0x15;
export const JGE = 0x35;
export const JSET = 0x45;
export const JA = 0x05;
export const AND = 0x54;
export const OR = 0x44;
export const DIV_X = 0x3c;
export const RET = 0x06;
export const RET_A = 0x16;

export function one(code: number, k = 0, jt = 0, jf = 0): SockFilter {
  return { code, jt, jf, k };
}

export const ALLOW = one(RET, SECCOMP_RET.SECCOMP_RET_ALLOW);
export const KILL = one(RET, SECCOMP_RET.SECCOMP_RET_KILL_PROCESS);

const word = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constantFrom(0, 1, 31, 32, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
);
const offset = fc.constantFrom(0, 4, 16, 20, 24, 28, 56, 60);

/** Any bytes that an instruction may have, most of which no kernel takes. */
export const anyInstruction: fc.Arbitrary<SockFilter> = fc.record({
  code: fc.oneof(fc.constantFrom(...allCodes()), fc.integer({ min: 0, max: 0xffff })),
  jt: fc.integer({ min: 0, max: 255 }),
  jf: fc.integer({ min: 0, max: 255 }),
  k: word,
});

/** Instructions of which many make a program that the kernel takes. Loads are of what a test can choose. */
const fitting: fc.Arbitrary<SockFilter> = fc
  .tuple(fc.constantFrom(...allCodes()), word, offset, fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 }))
  .map(([code, k, at, jt, jf]) => {
    const isJump = (code & 7) === 5;
    const isMemory = code === ST || code === 0x03 || code === LD_MEM || code === 0x61;
    const isShift = (code & 0xf7) === 0x64 || (code & 0xf7) === 0x74;
    if (code === LD) return one(code, at);
    if (code === JA) return one(code, jt);
    if (isMemory) return one(code, jt % 3);
    return isShift ? one(code, k % 34) : one(code, k, isJump ? jt : 0, isJump ? jf : 0);
  });

/** A program that ends in a return, and may yet be refused for a jump, a shift or a load. */
export const likelyProgram: fc.Arbitrary<SockFilter[]> = fc
  .array(fitting, { maxLength: 24 })
  .map((body) => [...body, one(RET_A)]);
