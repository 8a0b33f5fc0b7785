// SPDX-License-Identifier: Apache-2.0
/** Names of system calls by their number, as libseccomp knows them. seccomp_syscall_resolve_name(3). */
import type { Argument } from "./addon.ts";
import { bind } from "./call.ts";
import { library } from "./libseccomp.ts";

const resolveCall = library("seccomp_syscall_resolve_num_arch", "int64", ["uint", "int"]);

/** `seccomp_syscall_resolve_num_arch(arch, number)` → the call's name; undefined: libseccomp knows none of that number. */
export function seccomp_syscall_resolve_num_arch(arch: number, number: number): string | undefined {
  const address = BigInt(resolveCall(arch, number));
  if (address === 0n) return undefined;
  try {
    return textAt(address);
  } finally {
    free(address);
  }
}

let libc: Readonly<Record<"strlen" | "memcpy" | "free", (...values: Argument[]) => number | bigint>> | undefined;

function functions() {
  libc ??= {
    strlen: bind("strlen", "size_t", ["int64"]),
    memcpy: bind("memcpy", "int64", ["void *", "int64", "size_t"]),
    free: bind("free", "int", ["int64"]),
  };
  return libc;
}

function textAt(address: bigint): string {
  const bytes = Buffer.alloc(Number(functions().strlen(address)));
  functions().memcpy(bytes, address, bytes.length);
  return bytes.toString("latin1");
}

function free(address: bigint): void {
  functions().free(address);
}
