// SPDX-License-Identifier: Apache-2.0
/** What a container could leave on the host: mounts, cgroups and processes. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { until } from "./container.ts";

/** The processes that run an image of the runtime; take them before the test acts. */
export function images(): ReadonlySet<string> {
  return new Set(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => executable(pid).startsWith("/memfd:tsrun")),
  );
}

/**
 * Throws unless, within some seconds, nothing is left: no mount below `dir`, no cgroup with `name` in its path, no
 * process in such a cgroup, no image that was not there `before`.
 */
export async function nothingLeft(name: string, before: ReadonlySet<string>, dir: string): Promise<void> {
  let left: readonly string[] = [];
  const gone = () => {
    const processes = [...images()].filter((pid) => !before.has(pid) && mayBeOf(pid, name));
    left = [...mountsWith(dir), ...cgroupsWith(name), ...processes.map(describe)];
    return left.length === 0;
  };
  await until("nothing is left", gone).catch(() => {
    throw new Error(`left: ${left.join(", ")}`);
  });
}

/** The paths of all cgroups that have `name` in their path, in each hierarchy. */
export function cgroupsWith(name: string): readonly string[] {
  return hierarchies()
    .flatMap(cgroupsBelow)
    .filter((path) => path.includes(name));
}

/** The link of a namespace of a process, "net:[4026531840]". */
export function namespaceOf(pid: number | "self", name: string): string {
  return readlinkSync(`/proc/${pid}/ns/${name}`);
}

function mountsWith(dir: string): readonly string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.map((line) => line.split(" ")[4] ?? "").filter((target) => target.startsWith(dir));
}

function hierarchies(): readonly string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.filter((line) => / - cgroup2? /.test(line)).map((line) => line.split(" ")[4] ?? "");
}

/** A cgroup may vanish while this looks. */
function cgroupsBelow(dir: string): readonly string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(dir, entry.name))
      .flatMap((path) => [path, ...cgroupsBelow(path)]);
  } catch {
    return [];
  }
}

/** An image in a cgroup of another name is another test's. One that has not joined its own yet is in this process's. */
function mayBeOf(pid: string, name: string): boolean {
  const cgroup = read(`/proc/${pid}/cgroup`);
  return cgroup.includes(name) || cgroup === read("/proc/self/cgroup");
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function executable(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return "";
  }
}

function describe(pid: string): string {
  return `process ${pid} ${executable(pid)}`;
}
