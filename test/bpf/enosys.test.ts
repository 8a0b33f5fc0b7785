// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import type { ClassicProgram } from "../../src/bpf/classic.ts";
import { simulatorOf } from "../../src/bpf/classic-simulate.ts";
import { enosysPrelude } from "../../src/bpf/enosys.ts";
import { printVerdict } from "../../src/bpf/seccomp-data.ts";
import { AUDIT_ARCH, SECCOMP_RET } from "../../src/kernel/seccomp.ts";

const { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM } = AUDIT_ARCH;
const X32 = 0x4000_0000;

/** The filter that follows: everything that comes to it is logged. */
const FILTER: ClassicProgram = [{ code: 0x06, jt: 0, jf: 0, k: SECCOMP_RET.SECCOMP_RET_LOG }];

const X86 = [
  { arch: AUDIT_ARCH_X86_64, newest: 435, newestX32: X32 + 400 },
  { arch: AUDIT_ARCH_I386, newest: 300 },
];
const ARM = [
  { arch: AUDIT_ARCH_AARCH64, newest: 280 },
  { arch: AUDIT_ARCH_ARM, newest: 290 },
];

describe("a call that is newer than the profile ends with ENOSYS", () => {
  test.for([
    ["x86-64, the newest", X86, AUDIT_ARCH_X86_64, 435, false],
    ["x86-64, newer", X86, AUDIT_ARCH_X86_64, 436, true],
    ["x86-64, far newer", X86, AUDIT_ARCH_X86_64, X32 - 1, true],
    ["x32, the newest", X86, AUDIT_ARCH_X86_64, X32 + 400, false],
    ["x32, newer", X86, AUDIT_ARCH_X86_64, X32 + 401, true],
    ["x32 that the filter does not know", [{ arch: AUDIT_ARCH_X86_64, newest: 3 }], AUDIT_ARCH_X86_64, X32 + 9, false],
    ["i386, the newest", X86, AUDIT_ARCH_I386, 300, false],
    ["i386, newer", X86, AUDIT_ARCH_I386, 301, true],
    ["another architecture", X86, AUDIT_ARCH_AARCH64, 999, false],
    ["arm64, newer", ARM, AUDIT_ARCH_AARCH64, 281, true],
    ["arm, the newest", ARM, AUDIT_ARCH_ARM, 290, false],
    ["arm, newer", ARM, AUDIT_ARCH_ARM, 291, true],
    ["arm, one of its own", ARM, AUDIT_ARCH_ARM, 0xf0005, false],
    ["an architecture without names", [{ arch: AUDIT_ARCH_ARM, newest: undefined }, ...X86], AUDIT_ARCH_ARM, 5, false],
  ] as const)("%s", ([, known, arch, nr, newer]) => {
    const simulate = simulatorOf([...enosysPrelude(known), ...FILTER]);
    const { verdict } = simulate({ nr, arch, instructionPointer: 0n, args: [] });
    expect(printVerdict(verdict)).toBe(newer ? "SECCOMP_RET_ERRNO(ENOSYS)" : "SECCOMP_RET_LOG");
  });
});

test("nothing stands before the filter of a profile without names", () => {
  expect(enosysPrelude([])).toEqual([]);
  expect(enosysPrelude([{ arch: AUDIT_ARCH_X86_64, newest: undefined }])).toEqual([]);
});
