// SPDX-License-Identifier: Apache-2.0
/**
 * What stands before a filter whose default action denies: system calls that came after the profile was written end with
 * ENOSYS, so that programs take the older way that they have. EPERM would be the end of them. seccomp(2), syscalls(2).
 */
import { BPF } from "../kernel/classic-bpf.ts";
import { AUDIT_ARCH, SECCOMP_RET } from "../kernel/seccomp.ts";
import type { ClassicProgram, SockFilter } from "./classic.ts";

/** The newest calls of an architecture that a profile names. */
export interface NewestCalls {
  /** One of AUDIT_ARCH. */
  readonly arch: number;
  /** The highest number; undefined: the profile names none. */
  readonly newest: number | undefined;
  /** The same of x32, with its bit. Absent: the filter does not know x32. */
  readonly newestX32?: number | undefined;
}

/** Falls through to what follows, if the call is no newer than the profile, or of another architecture. */
export function enosysPrelude(known: readonly NewestCalls[]): ClassicProgram {
  let prelude: readonly SockFilter[] = [];
  for (const one of [...known].reverse()) prelude = [...section(one, prelude.length), ...prelude];
  return prelude.length === 0 ? [] : [load(ARCH), ...prelude];
}

const NR = 0;
const ARCH = 4;
const X32_BIT = 0x4000_0000;
/** 32-bit ARM has calls of its own far above the others: set_tls and its kind. */
const ARM_PRIVATE = 0xf0000;

/** `rest`: how many instructions follow before the filter. */
function section({ arch, newest, newestX32 }: NewestCalls, rest: number): readonly SockFilter[] {
  if (newest === undefined && newestX32 === undefined) return [];
  const numbers = newest === undefined ? [] : newerThan(newest);
  let checks: readonly SockFilter[] = [...numbers, goOn(rest)];
  if (arch === AUDIT_ARCH.AUDIT_ARCH_X86_64) {
    // Without x32 the filter itself ends such calls, as those of an architecture that it does not know.
    const x32 = newestX32 === undefined ? [] : newerThan(newestX32);
    checks = [jump(BPF.BPF_JSET, X32_BIT, 0, x32.length + 1), ...x32, goOn(checks.length + rest), ...checks];
  }
  if (arch === AUDIT_ARCH.AUDIT_ARCH_ARM) {
    checks = [jump(BPF.BPF_JGE, ARM_PRIVATE, 0, 1), goOn(checks.length + rest), ...checks];
  }
  const body = [load(NR), ...checks];
  return [jump(BPF.BPF_JEQ, arch, 0, body.length), ...body];
}

const ENOSYS = 38;

function newerThan(number: number): readonly SockFilter[] {
  return [
    jump(BPF.BPF_JGT, number, 0, 1),
    { code: BPF.BPF_RET | BPF.BPF_K, jt: 0, jf: 0, k: SECCOMP_RET.SECCOMP_RET_ERRNO | ENOSYS },
  ];
}

function load(offset: number): SockFilter {
  return { code: BPF.BPF_LD | BPF.BPF_W | BPF.BPF_ABS, jt: 0, jf: 0, k: offset };
}

function jump(test: number, k: number, jt: number, jf: number): SockFilter {
  return { code: BPF.BPF_JMP | test | BPF.BPF_K, jt, jf, k };
}

function goOn(distance: number): SockFilter {
  return { code: BPF.BPF_JMP | BPF.BPF_JA, jt: 0, jf: 0, k: distance };
}
