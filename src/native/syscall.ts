// SPDX-License-Identifier: Apache-2.0
/** Calls that libc has no function for. syscall(2). */
import { CALLS, type CallName } from "../kernel/calls.ts";
import { addon } from "./addon.ts";
import { type Call, libcCall, must } from "./call.ts";

/** An integer, or memory that is passed by its address. */
export type SyscallArgument = number | bigint | Uint8Array | null;

const syscallCall: Call = libcCall("syscall", "long", ["long", "int64", "int64", "int64", "int64", "int64", "int64"]);

/**
 * `syscall(number, …)` → the result of the call `name`
 *
 * Strings are passed as NUL-terminated buffers: `cString`. The buffers must outlive the call, which they do when the
 * kernel uses them only during it. Errors as the call's man page says.
 */
export function syscall(name: CallName, ...args: readonly SyscallArgument[]): number {
  return must(rawSyscall(callNumber(name), ...args), () => `${name}(${args.map(printArgument).join(", ")})`);
}

/** The same by number, with `-errno` as a result like any other. */
export function rawSyscall(number: number, ...args: readonly SyscallArgument[]): number {
  const words = args.map((value) => (value === null ? 0 : typeof value === "object" ? addon().address(value) : value));
  while (words.length < 6) words.push(0);
  return syscallCall(number, ...words);
}

/** The number of a call on this machine. */
export function callNumber(name: CallName): number {
  return CALLS[name][process.arch === "arm64" ? "arm64" : "x64"];
}

/** A string as C has it. */
export function cString(text: string): Uint8Array {
  return Buffer.from(`${text}\0`);
}

function printArgument(value: SyscallArgument): string {
  if (value === null) return "NULL";
  return typeof value === "object" ? `[${value.length} bytes]` : String(value);
}
