// SPDX-License-Identifier: Apache-2.0
/** How strace(1) prints the number at each position of a call, whatever operand it was given as. */

import { ACCESS } from "../kernel/access.ts";
import type { CallName } from "../kernel/calls.ts";
import { CLONE } from "../kernel/clone.ts";
import { CLOSE_RANGE } from "../kernel/close-range.ts";
import { LOCK, SEEK } from "../kernel/fcntl.ts";
import { type FlagTable, octal, printFlags } from "../kernel/flags.ts";
import { IOPRIO_CLASS, IOPRIO_CLASS_SHIFT, IOPRIO_WHO } from "../kernel/ioprio.ts";
import { KEY_SPEC } from "../kernel/keyctl.ts";
import { MFD } from "../kernel/memfd.ts";
import { FSCONFIG, FSMOUNT, FSOPEN, FSPICK, MNT, MOUNT_ATTR, MOVE_MOUNT, MS, OPEN_TREE } from "../kernel/mount.ts";
import { AT, AT_STATX, FACCESSAT, O } from "../kernel/open.ts";
import { PER, PERSONALITY_QUERY } from "../kernel/personality.ts";
import { utf8 } from "../kernel/quote.ts";
import { RLIMIT } from "../kernel/rlimit.ts";
import { SECCOMP_FILTER_FLAG, SECCOMP_OP } from "../kernel/seccomp.ts";
import { SIG } from "../kernel/signal.ts";
import { AF, MSG, SHUT, SOCK } from "../kernel/socket.ts";
import { STATX } from "../kernel/statx.ts";
import { P, W } from "../kernel/wait.ts";

/** A table of names, or a function from the number to its text. */
export type Format = FlagTable | ((value: bigint) => string);

export function formatNumber(value: number | bigint, format: Format): string {
  return typeof format === "function" ? format(BigInt(value)) : printFlags(format, value);
}

/** A file descriptor, or AT_FDCWD. */
export function dirfd(value: bigint): string {
  return BigInt.asIntN(32, value) === BigInt(AT.AT_FDCWD) ? "AT_FDCWD" : signed(value);
}

/** A signal; 0 is none. */
export function signal(value: bigint): string {
  return value === 0n ? "0" : printFlags(SIG, value);
}

/** A user or group: 2^32 - 1 is -1, which stands for "leave it". */
export function signed(value: bigint): string {
  return BigInt.asIntN(32, value).toString();
}

/** What `keyctl` calls a keyring: its number, or one of the names for the process's own. */
export function keyring(value: bigint): string {
  const number = BigInt.asIntN(32, value);
  return number < 0n ? printFlags(KEY_SPEC_UNSIGNED, BigInt.asUintN(32, number)) : number.toString();
}

const KEY_SPEC_UNSIGNED: FlagTable = Object.fromEntries(
  Object.entries(KEY_SPEC).map(([name, value]) => [name, BigInt.asUintN(32, BigInt(value))]),
);

function u32(value: bigint): string {
  return BigInt.asUintN(32, value).toString();
}

function personality(value: bigint): string {
  return value === BigInt(PERSONALITY_QUERY) ? "0xffffffff" : printFlags(PER, value);
}

/** The little-endian 32-bit numbers that the bytes hold. */
export function numbers(value: string | Uint8Array): readonly number[] {
  const bytes = typeof value === "string" ? utf8(value) : value;
  if (bytes.length % 4 !== 0) throw new RangeError("a list of groups needs 4 bytes each");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(4 * index, true));
}

/** The numbers of the bits that are set in a mask of CPUs. */
export function cpus(mask: string | Uint8Array): string {
  const bytes = typeof mask === "string" ? utf8(mask) : mask;
  const set = [...bytes].flatMap((byte, index) =>
    [0, 1, 2, 3, 4, 5, 6, 7].flatMap((bit) => ((byte >> bit) & 1 ? [8 * index + bit] : [])),
  );
  return `[${set.join(" ")}]`;
}

/** A bit mask as strace prints it: words of 16 characters. */
export function longs(value: string | Uint8Array): readonly string[] {
  const halves = numbers(value);
  return Array.from({ length: halves.length / 2 }, (_, index) => {
    const word = BigInt(halves[2 * index] ?? 0) | (BigInt(halves[2 * index + 1] ?? 0) << 32n);
    return word === 0n ? "0".repeat(16) : `0x${word.toString(16).padStart(14, "0")}`;
  });
}

function ioPriority(value: bigint): string {
  const shift = BigInt(IOPRIO_CLASS_SHIFT);
  return `IOPRIO_PRIO_VALUE(${printFlags(IOPRIO_CLASS, value >> shift)}, ${value & ((1n << shift) - 1n)})`;
}

const { O_CLOEXEC, O_NONBLOCK, O_DIRECT } = O;
const { SOCK_CLOEXEC, SOCK_NONBLOCK } = SOCK;

/** Call -> one format a position; undefined leaves it to the operand. The calls of print-special.ts are not here. */
export const FORMATS: Readonly<Partial<Record<CallName, readonly (Format | undefined)[]>>> = {
  accept4: [undefined, undefined, undefined, { SOCK_CLOEXEC, SOCK_NONBLOCK }],
  close_range: [u32, u32, CLOSE_RANGE],
  dup3: [undefined, undefined, { O_CLOEXEC }],
  execveat: [dirfd, undefined, undefined, undefined, AT],
  faccessat: [dirfd, undefined, ACCESS],
  faccessat2: [dirfd, undefined, ACCESS, FACCESSAT],
  fchmod: [undefined, octal],
  fchmodat: [dirfd, undefined, octal],
  fchown: [undefined, signed, signed],
  fchownat: [dirfd, undefined, signed, signed, AT],
  flock: [undefined, LOCK],
  fsconfig: [undefined, FSCONFIG, undefined, undefined, dirfd],
  fsmount: [undefined, FSMOUNT, MOUNT_ATTR],
  fsopen: [undefined, FSOPEN],
  fspick: [dirfd, undefined, FSPICK],
  ioprio_set: [IOPRIO_WHO, signed, ioPriority],
  kill: [signed, signal],
  linkat: [dirfd, undefined, dirfd, undefined, AT],
  lseek: [undefined, undefined, SEEK],
  memfd_create: [undefined, MFD],
  mkdirat: [dirfd, undefined, octal],
  mount: [undefined, undefined, undefined, MS],
  mount_setattr: [dirfd, undefined, AT],
  move_mount: [dirfd, undefined, dirfd, undefined, MOVE_MOUNT],
  open_tree: [dirfd, undefined, OPEN_TREE],
  openat2: [dirfd],
  personality: [personality],
  pidfd_send_signal: [undefined, signal],
  pipe2: [undefined, { O_DIRECT, O_NONBLOCK, O_CLOEXEC }],
  prlimit64: [undefined, RLIMIT],
  readlinkat: [dirfd],
  recvfrom: [undefined, undefined, undefined, MSG],
  recvmsg: [undefined, undefined, MSG],
  renameat2: [dirfd, undefined, dirfd],
  seccomp: [SECCOMP_OP, SECCOMP_FILTER_FLAG],
  sendmsg: [undefined, undefined, MSG],
  sendto: [undefined, undefined, undefined, MSG],
  setgid: [signed],
  setns: [undefined, CLONE],
  setregid: [signed, signed],
  setresgid: [signed, signed, signed],
  setresuid: [signed, signed, signed],
  setreuid: [signed, signed],
  setrlimit: [RLIMIT],
  setuid: [signed],
  shutdown: [undefined, SHUT],
  socketpair: [AF, SOCK],
  statx: [dirfd, undefined, AT_STATX, STATX],
  symlinkat: [undefined, dirfd],
  tgkill: [undefined, undefined, signal],
  umask: [octal],
  umount2: [undefined, MNT],
  unlinkat: [dirfd, undefined, AT],
  unshare: [CLONE],
  utimensat: [dirfd, undefined, undefined, AT],
  wait4: [signed, undefined, W],
  waitid: [P, undefined, undefined, W],
};
