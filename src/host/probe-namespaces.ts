// SPDX-License-Identifier: Apache-2.0
/** What the namespaces are that config.json joins by path. ioctl_ns(2), config-linux.md#namespaces. */
import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import type { Config, NamespaceKind } from "../config/config.ts";
import { CLONE } from "../kernel/clone.ts";
import type { Fd } from "../native/fd.ts";
import { namespaceType, owningUserNamespace } from "../native/namespace.ts";
import type { NamespaceFacts } from "./facts.ts";

/** By path; what is not a namespace, or cannot be opened, is left out. */
export function probeNamespaces(config: Config): Record<string, NamespaceFacts> {
  const facts: Record<string, NamespaceFacts> = {};
  for (const { path } of config.linux?.namespaces ?? []) {
    const namespace = path === undefined || path === "" ? undefined : probeNamespace(path);
    if (path !== undefined && namespace !== undefined) facts[path] = namespace;
  }
  return facts;
}

const KINDS: ReadonlyMap<number, readonly [kind: NamespaceKind, file: string]> = new Map([
  [CLONE.CLONE_NEWPID, ["pid", "pid"]],
  [CLONE.CLONE_NEWNET, ["network", "net"]],
  [CLONE.CLONE_NEWNS, ["mount", "mnt"]],
  [CLONE.CLONE_NEWIPC, ["ipc", "ipc"]],
  [CLONE.CLONE_NEWUTS, ["uts", "uts"]],
  [CLONE.CLONE_NEWUSER, ["user", "user"]],
  [CLONE.CLONE_NEWCGROUP, ["cgroup", "cgroup"]],
  [CLONE.CLONE_NEWTIME, ["time", "time"]],
]);

function probeNamespace(path: string): NamespaceFacts | undefined {
  let fd: Fd;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK) as Fd;
  } catch {
    return undefined;
  }
  try {
    const known = KINDS.get(namespaceType(fd) ?? 0);
    if (known === undefined) return undefined;
    const [kind, file] = known;
    const inode = inodeOf(fd);
    return { kind, inode, ownerInode: ownerOf(fd), own: inodeAt(`/proc/self/ns/${file}`) === inode };
  } finally {
    closeSync(fd);
  }
}

function ownerOf(namespace: Fd): bigint {
  const owner = owningUserNamespace(namespace);
  if (owner === undefined) return 0n;
  try {
    return inodeOf(owner);
  } finally {
    closeSync(owner);
  }
}

/**
 * The namespaces of a process in which the caller is not itself. `apart`: its user namespace, if it has another than the
 * caller, does not own it. Undefined: the process is gone, or not for the caller to look at.
 */
export function probeForeign(pid: number): readonly { kind: NamespaceKind; apart: boolean }[] | undefined {
  const found: { kind: NamespaceKind; inode: bigint; path: string }[] = [];
  for (const [kind, file] of KINDS.values()) {
    const path = `/proc/${pid}/ns/${file}`;
    const own = inodeAt(`/proc/self/ns/${file}`);
    // A kernel without that type has none of either.
    if (own === undefined) continue;
    const inode = inodeAt(path);
    if (inode === undefined) return undefined;
    if (inode !== own) found.push({ kind, inode, path });
  }
  const user = found.find(({ kind }) => kind === "user");
  return found.map(({ kind, path }) => ({
    kind,
    apart: user !== undefined && kind !== "user" && ownerAt(path) !== user.inode,
  }));
}

function inodeAt(path: string): bigint | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
  } catch {
    // EACCES: it is somebody else's process.
    return undefined;
  }
}

function ownerAt(path: string): bigint {
  const fd = openSync(path, constants.O_RDONLY) as Fd;
  try {
    return ownerOf(fd);
  } finally {
    closeSync(fd);
  }
}

function inodeOf(fd: Fd): bigint {
  return fstatSync(fd, { bigint: true }).ino;
}
