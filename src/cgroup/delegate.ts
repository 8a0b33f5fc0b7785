// SPDX-License-Identifier: Apache-2.0
/** Whom the container's cgroup belongs to. config-linux.md#cgroup-ownership; cgroups(7), "Cgroup delegation". */
import { posix } from "node:path";
import type { Config } from "../config/config.ts";
import type { Facts } from "../host/facts.ts";
import { CAP } from "../kernel/capability.ts";
import { read } from "./files.ts";
import type { CgroupDir } from "./place.ts";

/** A directory that is given away, with those of its files that the kernel says may be. */
export interface DelegatedDir extends CgroupDir {
  readonly owner?: { readonly uid: number; readonly files: readonly string[] };
}

/** What every kernel lets be given away; the specification has this list for those that do not tell. */
const ALWAYS = ["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"];

/**
 * v2: the cgroup is given to the user that the container's process runs as, if it has a cgroup namespace of its own and
 * sees the cgroup writable. Nothing is read when nothing is given away.
 * A runtime that may not give files away leaves them as they are, as the specification lets it.
 */
export function delegated<Dir extends CgroupDir>(
  dirs: readonly Dir[],
  config: Config,
  facts: Pick<Facts, "cgroup" | "uid" | "capabilities">,
): readonly (Dir & DelegatedDir)[] {
  if (facts.cgroup.layout !== "v2" || !isHandedOver(config)) return dirs;
  const uid = ownerOf(config);
  const mayGive = (facts.capabilities & (1n << BigInt(CAP.CAP_CHOWN))) !== 0n;
  if (uid === undefined || uid === facts.uid || !mayGive) return dirs;
  const files = delegatedFiles(read("/sys/kernel/cgroup/delegate"));
  return dirs.map((dir) => ({ ...dir, owner: { uid, files } }));
}

/** The names in /sys/kernel/cgroup/delegate; without that file, those that the specification lists. */
export function delegatedFiles(text: string | undefined): readonly string[] {
  return text === undefined ? ALWAYS : text.split("\n").filter(isFileName);
}

/** The host's id of the user that the process runs as; undefined where the mappings do not say. */
export function ownerOf({ process, linux = {} }: Config): number | undefined {
  const uid = process?.user?.uid ?? 0;
  const namespace = linux.namespaces?.find(({ type }) => type === "user");
  if (namespace === undefined) return uid;
  const own = linux.uidMappings?.find(({ containerID, size }) => uid >= containerID && uid - containerID < size);
  return own === undefined ? undefined : own.hostID + uid - own.containerID;
}

function isHandedOver({ linux = {}, mounts = [] }: Config): boolean {
  const namespace = linux.namespaces?.find(({ type }) => type === "cgroup");
  if (namespace === undefined || namespace.path) return false;
  return mounts.some(
    ({ source, destination, options = [] }) =>
      source === "cgroup" && posix.resolve("/", destination) === "/sys/fs/cgroup" && !options.includes("ro"),
  );
}

function isFileName(line: string): boolean {
  return /^[a-z][a-z0-9_.]*$/.test(line);
}
