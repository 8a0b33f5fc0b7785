// SPDX-License-Identifier: Apache-2.0
/** What this kernel's filters of system calls can do. seccomp(2). */
import { ERRNO } from "../kernel/errno.ts";
import { SECCOMP_OP } from "../kernel/seccomp.ts";
import { callNumber, rawSyscall } from "./syscall.ts";

/** `seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action)` → whether filters may return it. EOPNOTSUPP: not in this kernel. */
export function hasAction(action: number): boolean {
  const bytes = new Uint8Array(Uint32Array.of(action).buffer);
  return rawSyscall(callNumber("seccomp"), SECCOMP_OP.SECCOMP_GET_ACTION_AVAIL, 0, bytes) === 0;
}

/** `seccomp(SECCOMP_SET_MODE_FILTER, flags, NULL)` → whether it knows the flags. It sets nothing: EFAULT follows EINVAL. */
export function hasFlags(flags: number): boolean {
  return rawSyscall(callNumber("seccomp"), SECCOMP_OP.SECCOMP_SET_MODE_FILTER, flags, null) === -ERRNO.EFAULT;
}
