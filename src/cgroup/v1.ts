// SPDX-License-Identifier: Apache-2.0
/** cgroup v1: a hierarchy for each controller. cgroups(7), cpuset(7), the kernel's cgroup-v1/freezer-subsystem. */
import { dirname } from "node:path/posix";
import type { Driver } from "./driver.ts";
import { read, within, write } from "./files.ts";
import type { CgroupDir } from "./place.ts";

export const v1: Driver = {
  prepare(dir) {
    if (!dir.controllers.includes("cpuset")) return;
    for (const file of ["cpuset.cpus", "cpuset.mems"]) inherit(dir, dir.path, file);
  },

  freezes: (dir) => dir.controllers.includes("freezer"),

  frozen(path) {
    const state = read(within(path, "freezer.state"));
    return state !== undefined && state.trim() !== "THAWED";
  },

  stopped: (path) => read(within(path, "freezer.state"))?.trim() === "FROZEN",

  setFrozen: (path, frozen) => write(within(path, "freezer.state"), frozen ? "FROZEN" : "THAWED"),

  kill: () => false,
};

/** A new cpuset has no CPU and no memory node, and joining it fails with ENOSPC: it gets those of the one above. */
function inherit(dir: CgroupDir, path: string, file: string): string {
  const own = read(within(path, file))?.trim() ?? "";
  if (own !== "" || path === dir.mountpoint) return own;
  const inherited = inherit(dir, dirname(path), file);
  if (inherited !== "") write(within(path, file), inherited);
  return inherited;
}
