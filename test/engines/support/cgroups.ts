// SPDX-License-Identifier: Apache-2.0
/** The cgroups of a private host, one in each hierarchy below the test's own: the root of what it sees as its cgroups. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type Cgroups = readonly string[];

/** As long as the last of the killed processes may stay in a cgroup. */
const PATIENCE_MS = 10_000;

let made = 0;

export function makeCgroups(): Cgroups {
  made += 1;
  const name = `tsrun-engines-${process.pid}-${made}`;
  const own = hierarchies();
  for (const dir of own) removeStale(dir);
  const groups = own.map((dir) => join(dir, name));
  for (const group of groups) {
    mkdirSync(group);
    // A new cpuset has no processors.
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      if (existsSync(join(group, "tasks")) && existsSync(join(group, file))) {
        writeFileSync(join(group, file), readFileSync(join(group, "..", file)));
      }
    }
  }
  return groups;
}

/** Shell commands by which the shell moves into them. */
export function enterCgroups(groups: Cgroups): string {
  return groups.map((group) => `echo $$ >'${group}/cgroup.procs'`).join("\n");
}

/** Removes them with all below, once their processes are gone. */
export async function endCgroups(groups: Cgroups): Promise<void> {
  const late = Date.now() + PATIENCE_MS;
  for (const group of groups) {
    for (;;) {
      try {
        removeBelow(group);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EBUSY" || Date.now() > late) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}

/** Those of tests that were killed; their processes ended with them. */
function removeStale(dir: string): void {
  for (const name of readdirSync(dir)) {
    const pid = /^tsrun-engines-(\d+)-\d+$/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    try {
      removeBelow(join(dir, name));
    } catch (error) {
      // Another test removes it as well, or the kernel is not done with it.
      if (!["EBUSY", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
}

function removeBelow(group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeBelow(join(group, entry.name));
  }
  rmdirSync(group);
}

/** The directory of this process's own cgroup in each hierarchy. */
function hierarchies(): readonly string[] {
  const own = readFileSync("/proc/self/cgroup", "utf8").trim().split("\n");
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").trim().split("\n");
  return mounts.flatMap((line) => {
    const fields = line.split(" ");
    const [type, , options = ""] = fields.slice(fields.indexOf("-") + 1);
    if (type !== "cgroup" && type !== "cgroup2") return [];
    const controllers =
      type === "cgroup2"
        ? ""
        : options
            .split(",")
            .filter((word) => word !== "rw" && word !== "ro")
            .join(",");
    const path = own.find((entry) => entry.split(":")[1] === controllers)?.replace(/^\d+:[^:]*:/, "");
    const [root = "/", mountPoint = "/"] = fields.slice(3, 5);
    if (path === undefined) return [];
    const below = root === "/" ? path : path.replace(root, "");
    return [join(mountPoint, below)];
  });
}
