// SPDX-License-Identifier: Apache-2.0
/** The mounts of a container that show something of the host: CRIU keeps their place, not what is in them. */
import { fstatSync, readlinkSync } from "node:fs";
import type { Config } from "../config/config.ts";
import { HostError } from "../errors/errors.ts";
import { probeCgroup } from "../host/probe-cgroup.ts";
import { isBind } from "../host/probe-sources.ts";
import { O } from "../kernel/open.ts";
import { close, type Fd } from "../native/fd.ts";
import { openDirectory, openInRoot } from "../native/in-root.ts";
import type { CriuOptions } from "./criu-messages.ts";

/** What a restore is told by the same names. */
export type NamedMounts = NonNullable<CriuOptions["ext_mnt"]>;

/** Files that must not be read are covered by the host's. */
export const NULL_DEVICE = "/dev/null";

/** Where a container cannot make device nodes, it has the host's. config-linux.md#default-devices. */
const DEVICES = ["null", "random", "full", "tty", "zero", "urandom"].map((name) => `/dev/${name}`);

/** `key` is where a mount is, `val` the name that it has in the images: its place, or that of the device. */
export function dumpedMounts(pid: number, config: Config): NamedMounts {
  checkCgroupMounts(config);
  const root = openDirectory(`/proc/${pid}/root`);
  try {
    const bound = (config.mounts ?? []).filter((mount) => isBind(mount) && !mount.options?.includes("remount"));
    const binds = bound.flatMap(({ destination }) => placeOf(root, destination) ?? []);
    const masks = (config.linux?.maskedPaths ?? []).flatMap((path) => maskedFile(root, path) ?? []);
    return [
      ...[...binds, ...devicePaths(config)].map((path) => ({ key: path, val: path })),
      ...masks.map((path) => ({ key: path, val: NULL_DEVICE })),
    ];
  } finally {
    close(root);
  }
}

/** Those that may be mounts; one that is a node of the container's own is not looked for. */
export function devicePaths({ linux }: Config): readonly string[] {
  return [...new Set([...DEVICES, ...(linux?.devices ?? []).map(({ path }) => path)])];
}

/** Symlinks are followed as in the container: the kernel knows mounts by where they really are. */
function placeOf(root: Fd, path: string): string | undefined {
  const fd = openInRoot(root, path, O.O_PATH);
  if (fd === undefined) return undefined;
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } finally {
    close(fd);
  }
}

/** A directory is covered by a tmpfs, which is the container's own. */
function maskedFile(root: Fd, path: string): string | undefined {
  const fd = openInRoot(root, path, O.O_PATH);
  if (fd === undefined) return undefined;
  try {
    return fstatSync(fd).isDirectory() ? undefined : readlinkSync(`/proc/self/fd/${fd}`);
  } finally {
    close(fd);
  }
}

/** Without a cgroup namespace, cgroup v1 is a tmpfs with a bind mount a hierarchy, none of which stands in config.json. */
function checkCgroupMounts({ mounts = [], linux }: Config): void {
  if (linux?.namespaces?.some(({ type }) => type === "cgroup")) return;
  const index = mounts.findIndex(({ type }) => type === "cgroup");
  if (index < 0 || probeCgroup().layout === "v2") return;
  throw new HostError(
    `/mounts/${index}: cgroup v1 in a container cannot be checkpointed without a cgroup namespace: add {"type": "cgroup"} to /linux/namespaces`,
  );
}
