// SPDX-License-Identifier: Apache-2.0
/** Reads what the limits depend on besides config.json: cgroups that are there already, page sizes, I/O schedulers. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path/posix";
import type { Resources } from "../config/config.ts";
import type { CgroupFacts } from "../host/facts.ts";
import { read } from "./files.ts";
import type { LimitFacts } from "./limit-desk.ts";
import type { CgroupDir } from "./place.ts";

/** Controller -> the files whose present value decides about the order in which they are written. */
const PRESENT: Readonly<Record<1 | 2, Readonly<Record<string, readonly string[]>>>> = {
  1: {
    memory: ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"],
    cpu: ["cpu.cfs_quota_us", "cpu.cfs_burst_us", "cpu.idle"],
  },
  2: { memory: ["memory.swap.max"], cpu: ["cpu.max", "cpu.max.burst", "cpu.idle"] },
};

/** What is asked for decides what is read. */
export function limitFacts(
  dirs: readonly CgroupDir[],
  { hierarchies }: CgroupFacts,
  resources: Resources = {},
): LimitFacts {
  const above = dirs.filter(({ version }) => version === 2).flatMap(ancestors);
  const enabled = above.map((path) => [path, words(read(`${path}/cgroup.subtree_control`))] as const);
  const unified = dirs.find(({ version }) => version === 2);
  const used = unified === undefined ? undefined : read(`${unified.path}/memory.current`);
  const { blockIO, hugepageLimits = [] } = resources;
  const weighs = blockIO?.weight !== undefined || blockIO?.weightDevice !== undefined;
  return {
    mounted: hierarchies.flatMap(({ controllers }) => controllers),
    enabled: Object.fromEntries(enabled),
    used: used === undefined ? undefined : BigInt(used.trim()),
    present: Object.fromEntries(dirs.flatMap(presentOf)),
    ...(hugepageLimits.length > 0 && { pageSizes: pageSizes() }),
    ...(weighs && { bfq: hasBfq(), ioWeight: unified !== undefined && hasIoWeight(unified) }),
  };
}

/** From the mount point to the cgroup right above. */
export function ancestors({ path, mountpoint }: CgroupDir): readonly string[] {
  const found: string[] = [];
  for (let above = path; above !== mountpoint && above !== "/"; ) {
    above = dirname(above);
    found.unshift(above);
  }
  return found;
}

/** `hugepages-2048kB` -> "2MB", as the kernel spells it in the names of files. */
export function pageSizeName(entry: string): string | undefined {
  const [, digits] = /^hugepages-(\d+)kB$/.exec(entry) ?? [];
  if (digits === undefined) return undefined;
  const size = Number(digits);
  if (size >= 2 ** 20) return `${Math.floor(size / 2 ** 20)}GB`;
  return size >= 2 ** 10 ? `${Math.floor(size / 2 ** 10)}MB` : `${size}KB`;
}

function presentOf(dir: CgroupDir): readonly (readonly [string, string])[] {
  const files = dir.controllers.flatMap((controller) => PRESENT[dir.version][controller] ?? []);
  // Most are new: one question instead of one a file.
  if (files.length === 0 || !existsSync(dir.path)) return [];
  return files.flatMap((file) => {
    const path = `${dir.path}/${file}`;
    const text = read(path);
    return text === undefined ? [] : [[path, text.trim()] as const];
  });
}

function pageSizes(): readonly string[] {
  return names("/sys/kernel/mm/hugepages")
    .map(pageSizeName)
    .filter((size) => size !== undefined);
}

/** A scheduler that is loaded is offered to every disk. */
function hasBfq(): boolean {
  return names("/sys/block").some((disk) => {
    try {
      return /\bbfq\b/.test(readFileSync(`/sys/block/${disk}/queue/scheduler`, "utf8"));
    } catch {
      // A disk without a queue, or one that was just taken away.
      return false;
    }
  });
}

/** The root has no weight, but what blk-iocost is tuned by. */
function hasIoWeight({ mountpoint }: CgroupDir): boolean {
  return read(`${mountpoint}/io.cost.qos`) !== undefined || read(`${mountpoint}/io.weight`) !== undefined;
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    // No huge pages, or no disks, in this kernel or in this container.
    return [];
  }
}

function words(text = ""): readonly string[] {
  return text.split(/\s+/).filter(Boolean);
}
