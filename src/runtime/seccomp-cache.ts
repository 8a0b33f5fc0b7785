// SPDX-License-Identifier: Apache-2.0
/**
 * Filters of earlier starts, in a directory of the state root whose name no container can have.
 *
 * Only what nobody else can have written is believed: the directory and the file are looked at through a descriptor.
 * A file has the key that its filter was made of, in full: two keys with one name cost time, and nothing else.
 */
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ensureRoot } from "../state/root.ts";
import type { SeccompFilter } from "./seccomp.ts";

const DIRECTORY = "~seccomp";
const MOST = 64;

/** The filter that was made of this key; undefined: there is none that can be believed. */
export function keptFilter(root: string, key: string): SeccompFilter | undefined {
  const directory = openOwn(join(root, DIRECTORY), constants.O_DIRECTORY, 0o077);
  if (directory === undefined) return undefined;
  try {
    const file = openOwn(`/proc/self/fd/${directory}/${nameOf(key)}`, 0, 0o022);
    if (file === undefined) return undefined;
    try {
      return decode(readFileSync(file), key);
    } finally {
      closeSync(file);
    }
  } finally {
    closeSync(directory);
  }
}

/** Keeps a filter. Whatever goes wrong, the next start makes it again. */
export function keepFilter(root: string, key: string, filter: SeccompFilter): void {
  ensureRoot(root);
  try {
    mkdirSync(join(root, DIRECTORY), { recursive: true, mode: 0o700 });
    const directory = openOwn(join(root, DIRECTORY), constants.O_DIRECTORY, 0o077);
    if (directory === undefined) return;
    try {
      put(`/proc/self/fd/${directory}`, nameOf(key), encode(filter, key));
    } finally {
      closeSync(directory);
    }
  } catch {
    // A full or read-only filesystem keeps no filters; a container's own state is told of elsewhere.
  }
}

function put(directory: string, name: string, content: Uint8Array): void {
  const names = readdirSync(directory);
  if (names.length >= MOST) for (const one of names) unlinkSync(`${directory}/${one}`);
  const next = `${directory}/${name}.${process.pid}`;
  writeFileSync(next, content, { flag: "wx", mode: 0o600 });
  renameSync(next, `${directory}/${name}`);
}

/** A file or directory of ours with none of those permission bits; undefined: there is no such one. */
function openOwn(path: string, flags: number, others: number): number | undefined {
  let fd: number;
  try {
    fd = openSync(path, flags | constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  if (isOwn(fstatSync(fd), flags === constants.O_DIRECTORY, others)) return fd;
  closeSync(fd);
  return undefined;
}

function isOwn(stat: Stats, directory: boolean, others: number): boolean {
  const kind = directory ? stat.isDirectory() : stat.isFile();
  return kind && stat.uid === process.geteuid?.() && (stat.mode & others) === 0;
}

/**
 * What a file holds: `LENGTH DIGEST\n`, the key and a newline, and that many bytes with that digest: the filter without
 * its program as JSON and a newline, then the program.
 */
function encode({ program, ...rest }: SeccompFilter, key: string): Uint8Array {
  const body = Buffer.concat([Buffer.from(`${JSON.stringify(rest)}\n`), program]);
  return Buffer.concat([Buffer.from(`${body.length} ${digest(body)}\n${key}\n`), body]);
}

function decode(content: Buffer, key: string): SeccompFilter | undefined {
  const begin = content.indexOf("\n") + 1;
  const [length, sum] = content.toString("latin1", 0, begin - 1).split(" ");
  const known = Buffer.from(`${key}\n`);
  if (!content.subarray(begin, begin + known.length).equals(known)) return undefined;
  const body = content.subarray(begin + known.length);
  if (String(body.length) !== length || digest(body) !== sum) return undefined;
  const end = body.indexOf("\n");
  return { ...JSON.parse(body.toString("utf8", 0, end)), program: new Uint8Array(body.subarray(end + 1)) };
}

function nameOf(key: string): string {
  return digest(Buffer.from(key));
}

/** 64 bits that tell files apart, not ones that withstand an attack; node:crypto would take longer than the start. */
function digest(bytes: Uint8Array): string {
  const words = new Int32Array(Math.ceil(bytes.length / 4));
  new Uint8Array(words.buffer).set(bytes);
  let one = 0x811c9dc5;
  let other = bytes.length;
  for (const word of words) {
    one = Math.imul(one ^ word, 0x01000193);
    one ^= one >>> 15;
    other = Math.imul(other + word, 0x85ebca6b) ^ (other >>> 13);
  }
  return `${hex(one)}${hex(other)}`;
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
