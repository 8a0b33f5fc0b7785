// SPDX-License-Identifier: Apache-2.0
/** Why execve(2) says ENOENT of a file that is there: its interpreter is not. elf(5), execve(2). */
import { readSync } from "node:fs";
import { ERRNO } from "../kernel/errno.ts";
import { O } from "../kernel/open.ts";
import { quote } from "../kernel/quote.ts";
import { close, type Fd } from "../native/fd.ts";
import { openDirectory, openInRoot, openRegularInRoot } from "../native/in-root.ts";

const HEAD_BYTES = 4096;

/** The same for a process that is still the image, and waits until we have looked: its root is the container's. */
export function missingProgramOf(pid: number, line: string, errno: number): string | undefined {
  if (!line.startsWith("execve(")) return undefined;
  try {
    const root = openDirectory(`/proc/${pid}/root`);
    try {
      return missingProgram(root, line, errno);
    } finally {
      close(root);
    }
  } catch {
    return undefined;
  }
}

/** What to tell of an `execve("path", …)` that failed in the container whose root that is; undefined if the errno says it all. */
export function missingProgram(root: Fd, line: string, errno: number): string | undefined {
  const path = /^execve\("([^"\\]+)"/.exec(line)?.[1];
  if (path === undefined || (errno !== ERRNO.ENOENT && errno !== ERRNO.ENOEXEC)) return undefined;
  const head = readHead(root, path);
  if (head === undefined) return undefined;
  if (errno === ERRNO.ENOEXEC) return head.length === 0 ? `${quote(path)} is an empty file` : undefined;
  const interpreter = scriptInterpreter(head) ?? elfInterpreter(head);
  if (interpreter === undefined || isThere(root, interpreter)) return undefined;
  const carriage = interpreter.endsWith("\r") ? "; the file has lines that end in CRLF: convert them to LF" : "";
  return `${quote(path)} is there, but its interpreter ${quote(interpreter)} is not${carriage}`;
}

function readHead(root: Fd, path: string): Buffer | undefined {
  const file = openRegularInRoot(root, path);
  if (file === undefined) return undefined;
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.subarray(0, readSync(file, head));
  } finally {
    close(file);
  }
}

function isThere(root: Fd, path: string): boolean {
  const fd = openInRoot(root, path, O.O_PATH);
  if (fd !== undefined) close(fd);
  return fd !== undefined;
}

/** `#!` and a path, up to a blank or the end of the line. */
export function scriptInterpreter(head: Buffer): string | undefined {
  return /^#![ \t]*([^ \t\n\0]+)/.exec(head.toString("latin1"))?.[1];
}

/**
 * The path in PT_INTERP of a 64-bit little-endian program. elf(5).
 *
 *   Ehdr   32  8  e_phoff      54  2  e_phentsize    56  2  e_phnum
 *   Phdr    0  4  p_type        8  8  p_offset       32  8  p_filesz
 */
export function elfInterpreter(head: Buffer): string | undefined {
  const PT_INTERP = 3;
  if (head.length < 64 || head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2 || head[5] !== 1) return undefined;
  const [table, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)];
  for (let offset = table; offset < table + size * count && offset + 56 <= head.length; offset += Math.max(size, 56)) {
    if (head.readUInt32LE(offset) !== PT_INTERP) continue;
    const [begin, length] = [Number(head.readBigUInt64LE(offset + 8)), Number(head.readBigUInt64LE(offset + 32))];
    if (begin + length > head.length || length < 2) return undefined;
    return head.toString("latin1", begin, begin + length - 1);
  }
  return undefined;
}
