// SPDX-License-Identifier: Apache-2.0
/** Made-up hosts of three layouts, and the limits on them as lines. */
import type { LimitFacts } from "../../src/cgroup/limit-desk.ts";
import { limitWrites } from "../../src/cgroup/limits.ts";
import type { CgroupDir } from "../../src/cgroup/place.ts";
import type { Resources } from "../../src/config/config.ts";

const LEGACY = ["cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "net_cls", "net_prio", "rdma"];
export const NAMES: readonly string[] = ["cpu", "cpuset", "memory", "pids", "io", "hugetlb", "rdma", "misc"];

export const v1: readonly CgroupDir[] = LEGACY.map((name) => {
  const mountpoint = `/c/${name}`;
  const path = `${mountpoint}/a/b`;
  return { controllers: [name], version: 1, mountpoint, path, procs: `${path}/tasks` };
});
export const v2: readonly CgroupDir[] = [
  { controllers: NAMES, version: 2, mountpoint: "/c", path: "/c/a/b", procs: "/c/a/b/cgroup.procs" },
];
/** The memory controller is the old one's, all others are the new one's. */
export const hybrid: readonly CgroupDir[] = [
  ...v1.filter(({ controllers }) => controllers.includes("memory")),
  ...v2.map((dir) => ({ ...dir, controllers: NAMES.filter((name) => name !== "memory") })),
];
export const facts: LimitFacts = {
  mounted: NAMES,
  enabled: { "/c": NAMES, "/c/a": NAMES },
  pageSizes: ["2MB", "1GB"],
  bfq: true,
  ioWeight: true,
};

/** `file data`; "!" begins what is refused. */
export function told(resources: Resources, dirs: readonly CgroupDir[], given: LimitFacts = facts): readonly string[] {
  const { writes, late, findings } = limitWrites(resources, dirs, given);
  const files = [...writes, ...late].map(({ path, data }) => `${path.slice(path.indexOf("/a/b/") + 5)} ${data}`);
  return [...files, ...findings.map(({ pointer }) => `!${pointer}`)];
}

/** The same for a container that runs, whose cgroup says so in its files. */
export function changed(
  resources: Resources,
  [dir]: readonly CgroupDir[],
  files: Readonly<Record<string, string>>,
): readonly string[] {
  const dirs = dir === undefined ? [] : [dir];
  const present = Object.fromEntries(Object.entries(files).map(([file, text]) => [`${dir?.path}/${file}`, text]));
  return told(resources, dirs, { ...facts, present });
}
