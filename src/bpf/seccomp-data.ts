// SPDX-License-Identifier: Apache-2.0
/** What a filter of system calls is given, and the verdict that it returns. seccomp(2). */
import { errnoName } from "../kernel/errno.ts";
import { AUDIT_ARCH, SECCOMP_RET } from "../kernel/seccomp.ts";

/** A system call, as the filter sees it. */
export interface SeccompData {
  readonly nr: number;
  /** One of AUDIT_ARCH. */
  readonly arch: number;
  readonly instructionPointer: bigint;
  /** Six, of 64 bits; those that are missing are 0. */
  readonly args: readonly bigint[];
}

export const DATA_SIZE = 64;

/**
 * struct seccomp_data, 64 bytes, little-endian.
 *
 *   offset  size  field
 *        0     4  nr
 *        4     4  arch
 *        8     8  instruction_pointer
 *       16    48  args  6 of 8 bytes
 */
export function encodeData({ nr, arch, instructionPointer, args }: SeccompData): Uint8Array {
  const bytes = new Uint8Array(DATA_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, nr, true);
  view.setUint32(4, arch, true);
  view.setBigUint64(8, instructionPointer, true);
  for (const [index, value] of args.slice(0, 6).entries()) view.setBigUint64(16 + 8 * index, value, true);
  return bytes;
}

/** The name of the 4 bytes at an offset: `data.nr`, `data.args[0] low`. The offset is one that the kernel takes. */
export function fieldAt(offset: number): string {
  if (offset === 0) return "data.nr";
  if (offset === 4) return "data.arch";
  const half = offset % 8 === 0 ? "low" : "high";
  const word = Math.floor(offset / 8);
  return word === 1 ? `data.instruction_pointer ${half}` : `data.args[${word - 2}] ${half}`;
}

export type Action = keyof typeof SECCOMP_RET;

export interface Verdict {
  readonly action: Action;
  /** The errno, or what a tracer is told. */
  readonly data: number;
}

function actionOf(returned: number): Action | undefined {
  return nameIn(SECCOMP_RET, (returned & ACTION_BITS) >>> 0) as Action | undefined;
}

function nameIn(table: Readonly<Record<string, number>>, value: number): string | undefined {
  return Object.keys(table).find((name) => table[name] === value);
}

const ACTION_BITS = 0xffff0000;
const DATA_BITS = 0xffff;
const MAX_ERRNO = 4095;

/** The kernel ends the process for an action that it does not know, and takes no errno above 4095. */
export function verdictOf(returned: number): Verdict {
  const action = actionOf(returned) ?? "SECCOMP_RET_KILL_PROCESS";
  const data = returned & DATA_BITS;
  return { action, data: action === "SECCOMP_RET_ERRNO" ? Math.min(data, MAX_ERRNO) : data };
}

/** `SECCOMP_RET_ERRNO(EPERM)`, `SECCOMP_RET_ALLOW`. */
export function printVerdict({ action, data }: Verdict): string {
  if (action === "SECCOMP_RET_ERRNO") return `${action}(${errnoText(data)})`;
  return data === 0 ? action : `${action}(${data})`;
}

/** What a filter returns, where it may be a value that no verdict has. */
export function printReturned(returned: number): string {
  return actionOf(returned) !== undefined ? printVerdict(verdictOf(returned)) : `0x${returned.toString(16)}`;
}

function errnoText(errno: number): string {
  try {
    return errnoName(errno);
  } catch {
    return String(errno);
  }
}

export function printArch(arch: number): string {
  return nameIn(AUDIT_ARCH, arch) ?? `0x${arch.toString(16)}`;
}
