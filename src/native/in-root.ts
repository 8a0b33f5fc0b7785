// SPDX-License-Identifier: Apache-2.0
/** Opening what lies below a directory, without ever leaving it. openat2(2). */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { ERRNO } from "../kernel/errno.ts";
import { flagsFor } from "../kernel/flags.ts";
import { O, RESOLVE } from "../kernel/open.ts";
import { quote } from "../kernel/quote.ts";
import { must } from "./call.ts";
import type { Fd } from "./fd.ts";
import { callNumber, cString, rawSyscall } from "./syscall.ts";

// The tables have the numbers of x86-64.
const ARCH = process.arch === "arm64" ? "arm64" : "x64";

// What a path that leads nowhere can answer.
const NOWHERE: readonly number[] = [ERRNO.ENOENT, ERRNO.ENOTDIR, ERRNO.ELOOP, ERRNO.EACCES, ERRNO.EXDEV];

/**
 * `openat2(root, path, {flags|O_CLOEXEC, RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS})` → fd; undefined if nothing is there
 *
 * Symlinks are followed as a process with that root would follow them. Since Linux 5.6. openat2(2).
 */
export function openInRoot(root: Fd, path: string, flags: number, resolve = 0): Fd | undefined {
  // struct open_how, 24 bytes: flags 0-7, mode 8-15, resolve 16-23.
  const how = Buffer.alloc(24);
  how.writeBigUInt64LE(flagsFor(ARCH, O, flags | O.O_CLOEXEC), 0);
  how.writeBigUInt64LE(BigInt(RESOLVE.RESOLVE_IN_ROOT | RESOLVE.RESOLVE_NO_MAGICLINKS | resolve), 16);
  const fd = rawSyscall(callNumber("openat2"), root, cString(path), how, how.length);
  if (NOWHERE.includes(-fd)) return undefined;
  return must(fd, () => `openat2(${root}, ${quote(path)}, {flags=${flags}, resolve=RESOLVE_IN_ROOT})`) as Fd;
}

/**
 * A regular file below `root`, open for reading; undefined for anything else. No device or FIFO is touched, and nobody
 * who holds a lease on the file is waited for: fcntl(2).
 */
export function openRegularInRoot(root: Fd, path: string): Fd | undefined {
  const place = openInRoot(root, path, O.O_PATH);
  if (place === undefined) return undefined;
  try {
    return fstatSync(place).isFile() ? reopen(place) : undefined;
  } finally {
    closeSync(place);
  }
}

function reopen(place: Fd): Fd | undefined {
  try {
    return openSync(`/proc/self/fd/${place}`, constants.O_RDONLY | constants.O_NONBLOCK) as Fd;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return undefined;
    throw error;
  }
}

/** A directory by its path, as an O_PATH descriptor: a place to start from. */
export function openDirectory(path: string): Fd {
  // Node has no O_PATH, which is the same number on both architectures; O_DIRECTORY is not.
  return openSync(path, O.O_PATH | constants.O_DIRECTORY) as Fd;
}
