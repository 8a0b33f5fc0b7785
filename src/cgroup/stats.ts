// SPDX-License-Identifier: Apache-2.0
/** What a container has used, read from the files of its cgroups in whichever hierarchies it has them. */

import type { CgroupDir } from "./place.ts";
import { linesIn, NO_LIMIT, numberIn, sparse } from "./stats-file.ts";
import type { CgroupStats, MemoryStats } from "./stats-shape.ts";
import { legacyBlockIo, legacyCpu, legacyCpuset, legacyHugetlb, legacyMemory } from "./stats-v1.ts";
import { unifiedBlockIo, unifiedCpu, unifiedHugetlb, unifiedMemory } from "./stats-v2.ts";

export interface ReadStats {
  readonly stats: CgroupStats;
  /** Controllers in which the container has no cgroup: their numbers are 0. */
  readonly missing: readonly string[];
}

export function readStats(dirs: readonly CgroupDir[]): ReadStats {
  const find = (...names: readonly string[]) =>
    dirs.find((dir) => names.some((name) => dir.controllers.includes(name)));
  const unified = dirs.find(({ version }) => version === 2);
  const memory = find("memory");
  const blkio = find("blkio", "io");
  const hugetlb = find("hugetlb");
  const pids = find("pids");
  const stats = {
    cpu: cpuStats(find("cpuacct"), find("cpu"), unified),
    cpuset: legacyCpuset(
      dirs.find(({ version, controllers }) => version === 1 && controllers.includes("cpuset"))?.path,
    ),
    memory: pick(memory, { 1: legacyMemory, 2: unifiedMemory }) ?? NO_MEMORY,
    pids: pids === undefined ? counted(unified) : pidsStats(pids),
    blkio: pick(blkio, { 1: legacyBlockIo, 2: unifiedBlockIo }) ?? {},
    hugetlb: pick(hugetlb, { 1: legacyHugetlb, 2: unifiedHugetlb }) ?? {},
  };
  const seen = { cpu: find("cpu") ?? find("cpuacct") ?? unified, memory, pids: pids ?? unified };
  const missing = Object.entries(seen).flatMap(([name, dir]) => (dir === undefined ? [name] : []));
  return { stats, missing };
}

function pick<T>(dir: CgroupDir | undefined, by: Readonly<Record<1 | 2, (path: string) => T>>): T | undefined {
  return dir === undefined ? undefined : by[dir.version](dir.path);
}

const NONE = { limit: 0, failcnt: 0 };
const NO_MEMORY: MemoryStats = { usage: NONE, swap: NONE, kernel: NONE, kernelTCP: NONE };

function cpuStats(usage: CgroupDir | undefined, bandwidth: CgroupDir | undefined, unified: CgroupDir | undefined) {
  if (usage === undefined && bandwidth?.version !== 1 && unified !== undefined) return unifiedCpu(unified.path);
  return legacyCpu(usage?.path, bandwidth?.path);
}

/** No limit is a limit of 0, and left out. */
function pidsStats({ path }: CgroupDir): CgroupStats["pids"] {
  const limit = numberIn(`${path}/pids.max`);
  return sparse({ current: numberIn(`${path}/pids.current`), limit: limit === NO_LIMIT ? 0 : limit });
}

/** v2 without the controller still lists who is there. */
function counted(unified: CgroupDir | undefined): CgroupStats["pids"] {
  return unified === undefined ? {} : sparse({ current: linesIn(`${unified.path}/cgroup.procs`).length });
}
