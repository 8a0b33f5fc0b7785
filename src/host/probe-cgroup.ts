// SPDX-License-Identifier: Apache-2.0
/** Which cgroup hierarchies are mounted, and where the runtime is in them. cgroups(7), proc_pid_mountinfo(5). */
import { readFileSync } from "node:fs";
import type { CgroupFacts, Hierarchy } from "./facts.ts";

let last: { readonly memberships: string; readonly facts: CgroupFacts } | undefined;

/** The mounts are read once a process; whoever uses the library may have been moved to another cgroup since. */
export function probeCgroup(): CgroupFacts {
  const memberships = readFileSync("/proc/self/cgroup", "utf8");
  if (last?.memberships !== memberships) {
    const facts = readCgroups(readFileSync("/proc/self/mountinfo", "utf8"), memberships, readControllers);
    last = { memberships, facts };
  }
  return last.facts;
}

/** The facts from the texts of /proc/self/mountinfo and /proc/self/cgroup. */
export function readCgroups(
  mountinfo: string,
  memberships: string,
  controllersAt: (mountpoint: string) => readonly string[],
): CgroupFacts {
  const mounts = mountinfo.split("\n").filter(Boolean).map(readMount);
  const byId = new Map(mounts.map((mount) => [mount.id, mount]));
  const own = readMemberships(memberships);
  const hierarchies: Hierarchy[] = [];
  for (const mount of mounts) {
    const version = mount.type === "cgroup2" ? 2 : mount.type === "cgroup" ? 1 : undefined;
    if (version === undefined || isCovered(mount, mounts, byId)) continue;
    const { mountpoint, root } = mount;
    const controllers = version === 2 ? controllersAt(mountpoint) : legacyControllers(mount.superOptions, own);
    const key = version === 2 ? "" : (controllers[0] ?? "");
    hierarchies.push({ version, controllers, mountpoint, root, own: own.get(key) ?? "/" });
  }
  return { layout: layoutOf(hierarchies), hierarchies };
}

function layoutOf(hierarchies: readonly Hierarchy[]): CgroupFacts["layout"] {
  const one = hierarchies.some(({ version }) => version === 1);
  const two = hierarchies.some(({ version }) => version === 2);
  if (one && two) return "hybrid";
  if (one) return "v1";
  return two ? "v2" : "none";
}

interface MountLine {
  readonly id: string;
  readonly parent: string;
  readonly root: string;
  readonly mountpoint: string;
  readonly type: string;
  readonly superOptions: readonly string[];
}

/** `31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 - tmpfs tmpfs rw,mode=755`: tags are of any number, then a dash. */
function readMount(line: string): MountLine {
  const [id = "", parent = "", , root = "", mountpoint = ""] = line.split(" ", 5);
  const [type = "", , superOptions = ""] = line.slice(line.indexOf(" - ") + 3).split(" ");
  return {
    id,
    parent,
    root: decodeOctal(root),
    mountpoint: decodeOctal(mountpoint),
    type,
    superOptions: superOptions.split(","),
  };
}

/** Space, tab, newline and backslash are written as three octal digits. */
function decodeOctal(text: string): string {
  return text.includes("\\")
    ? text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)))
    : text;
}

/** Whether another mount lies over this one or over a directory on the way to it, so that its path shows something else. */
function isCovered(mount: MountLine, mounts: readonly MountLine[], byId: ReadonlyMap<string, MountLine>): boolean {
  const chain = new Set<string>();
  for (
    let each: MountLine | undefined = mount;
    each !== undefined && !chain.has(each.id);
    each = byId.get(each.parent)
  ) {
    chain.add(each.id);
  }
  return mounts.some(
    ({ id, parent, mountpoint }) =>
      chain.has(parent) &&
      !chain.has(id) &&
      `${mount.mountpoint}/`.startsWith(mountpoint === "/" ? "/" : `${mountpoint}/`),
  );
}

/** `4:cpu,cpuacct:/a`, `1:name=systemd:/`, `0::/b` → controller or name -> path; "" is version 2. */
function readMemberships(text: string): ReadonlyMap<string, string> {
  const own = new Map<string, string>();
  for (const line of text.split("\n").filter(Boolean)) {
    const first = line.indexOf(":");
    const second = line.indexOf(":", first + 1);
    for (const name of line.slice(first + 1, second).split(",")) own.set(name, line.slice(second + 1));
  }
  return own;
}

/** The controllers stand among the mount's other options: those that /proc/self/cgroup knows. */
function legacyControllers(options: readonly string[], own: ReadonlyMap<string, string>): readonly string[] {
  return options.filter((option) => option !== "" && own.has(option));
}

function readControllers(mountpoint: string): readonly string[] {
  try {
    return readFileSync(`${mountpoint}/cgroup.controllers`, "utf8").split(/\s+/).filter(Boolean);
  } catch {
    // Not ours to read: then nothing in it is ours to use.
    return [];
  }
}
