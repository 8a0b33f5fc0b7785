// SPDX-License-Identifier: Apache-2.0
/** Calls of libc, bound at their first use. The only place that reads errno. */
import { SyscallError } from "../errors/errors.ts";
import { type ErrnoName, errnoName, errnoText } from "../kernel/errno.ts";
import { type Argument, addon, type Bound, type CType } from "./addon.ts";

/** A function of libc; returns its result, or `-errno` if that is -1. */
export type Call = (...args: Argument[]) => number;

let libc: { func(name: string, result: CType, args: readonly CType[]): Bound } | undefined;

/** A function of libc that tells failure by -1 and errno, made ready to be bound. */
export function libcCall(name: string, result: CType, args: readonly CType[]): Call {
  let bound: Bound | undefined;
  return (...values) => {
    bound ??= bind(name, result, args);
    return invoke(bound, values);
  };
}

/** A function of libc, bound now, whose result is for the caller to judge. */
export function bind(name: string, result: CType, args: readonly CType[]): Bound {
  libc ??= addon().load(null);
  return libc.func(name, result, args);
}

/** The result, if it is not `-errno`. `line` is the call as strace(1) prints it, asked for on failure only. */
export function must(result: number, line: () => string): number {
  if (result < 0) throw failure(result, line());
  return result;
}

/** The error for a result that is `-errno`. */
export function failure(result: number, line: string, cause?: unknown): SyscallError {
  const name = errnoName(-result);
  return new SyscallError(line, name, { text: errnoText(name as ErrnoName), cause });
}

/** Makes a call again for as long as a signal interrupts it. */
function invoke(bound: Bound, values: Argument[]): number {
  for (;;) {
    const result = Number(bound(...values));
    if (result !== -1) return result;
    const errno = addon().errno();
    if (errno !== EINTR) return -errno;
  }
}

const EINTR = 4;
