// SPDX-License-Identifier: Apache-2.0
/** What cgroups of version 2 tell of their use, in the words of version 1. The kernel's admin-guide/cgroup-v2. */
import type { U64 } from "../config/config.ts";
import { linesIn, NO_LIMIT, numberIn, numberOf, pairsIn, pressureIn, sparse, sum, times } from "./stats-file.ts";
import type { BlockIoEntry, BlockIoStats, CpuStats, HugetlbStats, MemoryStats } from "./stats-shape.ts";
import { pageSizesIn } from "./stats-v1.ts";

const USEC = 1_000;

/** cpu.stat is there without the controller, too; it says nothing of throttling then. */
export function unifiedCpu(dir: string): CpuStats {
  const stat = pairsIn(`${dir}/cpu.stat`);
  const psi = pressureIn(`${dir}/cpu.pressure`);
  return {
    usage: {
      ...sparse({ total: times(stat.usage_usec ?? 0, USEC) }),
      kernel: times(stat.system_usec ?? 0, USEC),
      user: times(stat.user_usec ?? 0, USEC),
    },
    throttling: sparse({
      periods: stat.nr_periods,
      throttledPeriods: stat.nr_throttled,
      throttledTime: times(stat.throttled_usec ?? 0, USEC),
    }),
    ...(psi && { psi }),
  };
}

/** v1 counts swap together with memory. The peaks of the two were not reached at the same time, so there is no sum. */
export function unifiedMemory(dir: string): MemoryStats {
  const raw = pairsIn(`${dir}/memory.stat`);
  const [usage, limit] = [numberIn(`${dir}/memory.current`) ?? 0, numberIn(`${dir}/memory.max`) ?? 0];
  const swap = numberIn(`${dir}/memory.swap.current`);
  const psi = pressureIn(`${dir}/memory.pressure`);
  const none = { limit: 0, failcnt: 0 };
  return {
    ...sparse({ cache: raw.file }),
    usage: { limit, ...sparse({ usage, max: numberIn(`${dir}/memory.peak`) }), failcnt: 0 },
    swap: {
      limit: swap === undefined ? limit : bothLimits(limit, numberIn(`${dir}/memory.swap.max`) ?? NO_LIMIT),
      ...sparse({ usage: sum(usage, swap ?? 0) }),
      failcnt: 0,
    },
    kernel: none,
    kernelTCP: none,
    ...(Object.keys(raw).length > 0 && { raw }),
    ...(psi && { psi }),
  };
}

function bothLimits(memory: U64, swap: U64): U64 {
  return memory === NO_LIMIT || swap === NO_LIMIT ? NO_LIMIT : sum(memory, swap);
}

/** Key of io.stat -> the list of v1 that it belongs to, and the operation. */
const OPERATIONS = {
  rbytes: ["ioServiceBytesRecursive", "Read"],
  wbytes: ["ioServiceBytesRecursive", "Write"],
  rios: ["ioServicedRecursive", "Read"],
  wios: ["ioServicedRecursive", "Write"],
} as const;

/** `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`. */
export function unifiedBlockIo(dir: string): BlockIoStats {
  const lists: Record<"ioServiceBytesRecursive" | "ioServicedRecursive", BlockIoEntry[]> = {
    ioServiceBytesRecursive: [],
    ioServicedRecursive: [],
  };
  for (const line of linesIn(`${dir}/io.stat`)) {
    const [device = "", ...items] = line.split(" ");
    const [major = "", minor = ""] = device.split(":");
    for (const item of items) {
      const [key = "", value = ""] = item.split("=");
      if (!isOperation(key)) continue;
      const [list, op] = OPERATIONS[key];
      const entry = { major: numberOf(major), minor: numberOf(minor), op, value: numberOf(value) };
      lists[list].push(sparse(entry) as BlockIoEntry);
    }
  }
  const psi = pressureIn(`${dir}/io.pressure`);
  return { ...sparse(lists), ...(psi && { psi }) };
}

function isOperation(key: string): key is keyof typeof OPERATIONS {
  return Object.hasOwn(OPERATIONS, key);
}

export function unifiedHugetlb(dir: string): Readonly<Record<string, HugetlbStats>> {
  return Object.fromEntries(
    pageSizesIn(dir, "current").map(({ size, prefix }) => {
      const usage = numberIn(`${dir}/${prefix}.current`);
      return [size, { ...sparse({ usage }), failcnt: pairsIn(`${dir}/hugetlb.${size}.events`).max ?? 0 }];
    }),
  );
}
