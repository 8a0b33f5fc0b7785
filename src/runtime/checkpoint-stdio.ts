// SPDX-License-Identifier: Apache-2.0
/** What a container has of its caller: stdin, stdout and stderr, which are in no image of CRIU. proc_pid_fd(5), proc_pid_fdinfo(5). */
import { lstatSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HostError } from "../errors/errors.ts";
import type { CriuOptions } from "./criu-messages.ts";
import type { Directories } from "./criu-options.ts";

/**
 * The names of three descriptors, as runc writes them: where their links of /proc lead. CRIU knows pipes by that; files
 * of the host by another name, which stands before it.
 */
const FILE = "descriptors.json";

/** Writes the names, and returns those of files that CRIU must be told of: it looks for all others in the container. */
export function writeDescriptors({ imagePath }: Directories, pid: number): readonly string[] {
  const mounts = new Set(readFileSync(`/proc/${pid}/mountinfo`, "utf8").split("\n").map(mountId));
  const names = [0, 1, 2].map((fd) => nameOf(pid, fd, mounts));
  writeFileSync(join(imagePath, FILE), JSON.stringify(names), { mode: 0o600 });
  return [...new Set(names.flatMap((name) => keyOfFile(name) ?? []))];
}

function mountId(line: string): number {
  return Number.parseInt(line, 10);
}

/** "" if it is closed. */
function nameOf(pid: number, fd: number, mounts: ReadonlySet<number>): string {
  const path = `/proc/${pid}/fd/${fd}`;
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return "";
  const link = readlinkSync(path);
  if (!link.startsWith("/")) return link;
  const mount = Number(/^mnt_id:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8"))?.[1]);
  if (mounts.has(mount)) return link;
  return `file[${mount.toString(16)}:${statSync(path, { bigint: true }).ino.toString(16)}] ${link}`;
}

function keyOfFile(name: string): string | undefined {
  return /^file\[[\da-f]+:[\da-f]+\]/.exec(name)?.[0];
}

/** HostError: that is no checkpoint of a container. */
export function readDescriptors({ imagePath }: Directories): readonly string[] {
  const file = join(imagePath, FILE);
  try {
    const names: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
  } catch (cause) {
    throw new HostError(`${file} cannot be read: there is no checkpoint of a container`, { cause });
  }
  throw new HostError(`${file} is not a list of descriptors: there is no checkpoint of a container`);
}

/** Whether one of them was /dev/null, for reading or writing: it is that again. */
export function needsNull(names: readonly string[]): boolean {
  return names.some(isNull);
}

/** Pipes and files have ended for the container with their other end: the caller's descriptor of that number takes their place. */
export function inheritedStdio(
  names: readonly string[],
  inputs: Readonly<Record<string, number>>,
): NonNullable<CriuOptions["inherit_fd"]> {
  const inherited = new Map<string, number>();
  for (const [fd, name] of names.entries()) {
    const key = name.startsWith("pipe:") ? name : keyOfFile(name);
    if (key !== undefined && !inherited.has(key)) inherited.set(key, isNull(name) ? (inputs[NULL_INPUT] ?? fd) : fd);
  }
  return [...inherited].map(([key, fd]) => ({ key, fd }));
}

/** The name of the descriptor that is /dev/null. */
export const NULL_INPUT = "null";

function isNull(name: string): boolean {
  return keyOfFile(name) !== undefined && name.endsWith("] /dev/null");
}
