// SPDX-License-Identifier: Apache-2.0
/** Cgroups for tests: the host's hierarchies, names of one's own, processes in them, and nothing left behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { onTestFinished, type TestContext } from "vitest";
import { type CgroupDir, type CgroupPlace, placeCgroup } from "../../src/cgroup/place.ts";
import type { CgroupFacts, Hierarchy } from "../../src/host/facts.ts";
import { requires, unmet } from "../requires.ts";

export type View = "v1" | "v2" | "hybrid";

let count = 0;

/** Places a cgroup with a name of its own in the hierarchies of a view, and cleans up after the test. */
export function ownPlace(t: TestContext, view: View, below = ""): CgroupPlace {
  requires(t, "root");
  const hierarchies = hostHierarchies();
  const has = (version: 1 | 2) => hierarchies.some((hierarchy) => hierarchy.version === version);
  if (view !== "v2" && !has(1)) unmet(t, "needs a cgroup v1 hierarchy");
  if (view !== "v1" && !has(2)) unmet(t, "needs a cgroup2 mount");
  const facts: CgroupFacts = { layout: view, hierarchies };
  const name = `/tsrun-test-${process.pid}-${++count}`;
  const top = placeCgroup({ cgroupsPath: name, id: "x", manager: "cgroupfs", facts, uid: 0, rootless: false });
  onTestFinished(() => sweep(top.dirs));
  return placeCgroup({ cgroupsPath: name + below, id: "x", manager: "cgroupfs", facts, uid: 0, rootless: false });
}

/** A process that sleeps in those cgroups; it is killed after the test. */
export function sleeper(dirs: readonly CgroupDir[], ...command: readonly string[]): ChildProcess & { pid: number } {
  const child = spawn(command[0] ?? "sleep", command.length > 0 ? command.slice(1) : ["60"], { stdio: "ignore" });
  if (child.pid === undefined) throw new Error("sleep(1) did not start");
  for (const dir of dirs) writeFileSync(`${dir.path}/cgroup.procs`, String(child.pid));
  return child as ChildProcess & { pid: number };
}

export async function ended(child: ChildProcess): Promise<NodeJS.Signals | null> {
  while (child.exitCode === null && child.signalCode === null) await wait(2);
  return child.signalCode;
}

/** Parses /proc/self/mountinfo and /proc/self/cgroup, see proc_pid_mountinfo(5). Only for tests: host/ has the real one. */
export function hostHierarchies(): readonly Hierarchy[] {
  const own = new Map(
    readFileSync("/proc/self/cgroup", "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(":").slice(1) as [string, string]),
  );
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .flatMap((line): readonly Hierarchy[] => {
      const [mount = "", source = ""] = line.split(" - ");
      const [, , , root = "", mountpoint = ""] = mount.split(" ");
      const [type, , options = ""] = source.split(" ");
      if (type === "cgroup2") {
        return [{ version: 2, controllers: [], mountpoint, root, own: own.get("") ?? "/" }];
      }
      if (type !== "cgroup") return [];
      const [key, path] = [...own].find(
        ([names]) => names !== "" && names.split(",").every((n) => options.split(",").includes(n)),
      ) ?? ["", "/"];
      return [{ version: 1, controllers: key.split(","), mountpoint, root, own: path }];
    });
}

/** Thaws, kills and removes whatever a test left in its cgroups. */
async function sweep(dirs: readonly CgroupDir[]): Promise<void> {
  for (const dir of dirs) {
    const tree = below(dir.path);
    for (const path of tree) {
      if (existsSync(`${path}/freezer.state`)) writeFileSync(`${path}/freezer.state`, "THAWED");
      if (existsSync(`${path}/cgroup.freeze`)) writeFileSync(`${path}/cgroup.freeze`, "0");
    }
    for (let tries = 0; below(dir.path).length > 0 && tries < 100; tries++) {
      for (const path of below(dir.path)) clear(path);
      if (below(dir.path).length > 0) await wait(10);
    }
  }
}

function clear(path: string): void {
  try {
    for (const pid of readFileSync(`${path}/cgroup.procs`, "utf8").split("\n").filter(Boolean))
      process.kill(Number(pid), "SIGKILL");
  } catch {
    // Threaded, or its process is gone already.
  }
  try {
    rmdirSync(path);
  } catch {
    // Not yet empty: the next round.
  }
}

/** Children first. */
function below(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  const children = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...children.flatMap((entry) => below(`${path}/${entry.name}`)), path];
}

export function parentOf(dir: CgroupDir): string {
  return dirname(dir.path);
}
