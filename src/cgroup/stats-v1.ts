// SPDX-License-Identifier: Apache-2.0
/** What cgroups of version 1 tell of their use. The kernel's cgroup-v1/{cpuacct,memory,blkio-controller,hugetlb}. */
import { readdirSync } from "node:fs";
import type { U64 } from "../config/config.ts";
import { parseNumberList } from "../config/number-list.ts";
import { read } from "./files.ts";
import { linesIn, numberIn, numberOf, pairsIn, sparse, times } from "./stats-file.ts";
import type {
  BlockIoEntry,
  BlockIoStats,
  CpuStats,
  CpusetStats,
  HugetlbStats,
  MemoryEntry,
  MemoryStats,
} from "./stats-shape.ts";

/** The kernel counts in ticks of 10 ms for everybody outside. */
const TICK_NS = 10_000_000;

/** `usage` and `bandwidth` are the directories of cpuacct and of cpu: they may be one hierarchy or two. */
export function legacyCpu(usage: string | undefined, bandwidth: string | undefined): CpuStats {
  const ticks = usage === undefined ? {} : pairsIn(`${usage}/cpuacct.stat`);
  const modes = usage === undefined ? [] : linesIn(`${usage}/cpuacct.usage_all`).slice(1);
  const column = (index: number) => modes.map((line) => numberOf(line.split(" ")[index] ?? "") ?? 0);
  const throttled = bandwidth === undefined ? {} : pairsIn(`${bandwidth}/cpu.stat`);
  return {
    usage: {
      ...sparse({
        total: usage === undefined ? 0 : numberIn(`${usage}/cpuacct.usage`),
        percpu: usage === undefined ? [] : words(`${usage}/cpuacct.usage_percpu`),
        percpu_kernel: column(2),
        percpu_user: column(1),
      }),
      kernel: times(ticks.system ?? 0, TICK_NS),
      user: times(ticks.user ?? 0, TICK_NS),
    },
    throttling: sparse({
      periods: throttled.nr_periods,
      throttledPeriods: throttled.nr_throttled,
      throttledTime: throttled.throttled_time,
    }),
  };
}

function words(path: string): readonly U64[] {
  return (read(path) ?? "").split(/\s+/).flatMap((word) => numberOf(word) ?? []);
}

const LIST_MAX = 65_535;

/** Without a directory, all is 0. */
export function legacyCpuset(dir: string | undefined): CpusetStats {
  const number = (file: string) => (dir === undefined ? undefined : numberIn(`${dir}/cpuset.${file}`)) ?? 0;
  const list = (file: string) => {
    const text = dir === undefined ? "" : (read(`${dir}/cpuset.${file}`)?.trim() ?? "");
    return parseNumberList(text, LIST_MAX) ?? [];
  };
  return {
    ...sparse({ cpus: list("cpus") }),
    cpu_exclusive: number("cpu_exclusive"),
    ...sparse({ mems: list("mems") }),
    mem_hardwall: number("mem_hardwall"),
    mem_exclusive: number("mem_exclusive"),
    memory_migrate: number("memory_migrate"),
    memory_spread_page: number("memory_spread_page"),
    memory_spread_slab: number("memory_spread_slab"),
    memory_pressure: number("memory_pressure"),
    sched_load_balance: number("sched_load_balance"),
    sched_relax_domain_level: number("sched_relax_domain_level"),
  };
}

/** A kernel that does not count swap, or its own memory, has no files for them. */
export function legacyMemory(dir: string): MemoryStats {
  const raw = pairsIn(`${dir}/memory.stat`);
  return {
    ...sparse({ cache: raw.cache }),
    usage: memoryEntry(`${dir}/memory`),
    swap: memoryEntry(`${dir}/memory.memsw`),
    kernel: memoryEntry(`${dir}/memory.kmem`),
    kernelTCP: memoryEntry(`${dir}/memory.kmem.tcp`),
    ...(Object.keys(raw).length > 0 && { raw }),
  };
}

function memoryEntry(prefix: string): MemoryEntry {
  return {
    limit: numberIn(`${prefix}.limit_in_bytes`) ?? 0,
    ...sparse({ usage: numberIn(`${prefix}.usage_in_bytes`), max: numberIn(`${prefix}.max_usage_in_bytes`) }),
    failcnt: numberIn(`${prefix}.failcnt`) ?? 0,
  };
}

type List = Exclude<keyof BlockIoStats, "psi">;

/** The files of BFQ, as far as it counts; the last two are there for any scheduler, by other names. */
const BFQ: Readonly<Record<List, string>> = {
  ioServiceBytesRecursive: "io_service_bytes",
  ioServicedRecursive: "io_serviced",
  ioQueueRecursive: "io_queued",
  ioServiceTimeRecursive: "io_service_time",
  ioWaitTimeRecursive: "io_wait_time",
  ioMergedRecursive: "io_merged",
  ioTimeRecursive: "time",
  sectorsRecursive: "sectors",
};

/** The first source that has counted any request: BFQ, then what is throttled, with and without cgroups below. */
export function legacyBlockIo(dir: string): BlockIoStats {
  const bfq = listsOf(Object.entries(BFQ), (file) => `${dir}/blkio.bfq.${file}_recursive`);
  if (bfq.ioServicedRecursive !== undefined) return bfq;
  const some = Object.entries(BFQ).slice(0, 2);
  const throttled = listsOf(some, (file) => `${dir}/blkio.throttle.${file}_recursive`);
  if (throttled.ioServicedRecursive !== undefined) return throttled;
  return listsOf(some, (file) => `${dir}/blkio.throttle.${file}`);
}

function listsOf(files: readonly [string, string][], pathOf: (file: string) => string): BlockIoStats {
  return sparse(Object.fromEntries(files.map(([list, file]) => [list, entriesIn(pathOf(file))])));
}

/** `8:0 Read 1282048`, `8:0 6792`; a last line has the total of all. */
function entriesIn(path: string): readonly BlockIoEntry[] {
  return linesIn(path).flatMap((line) => {
    const [, major = "", minor = "", op = "", value = ""] = /^(\d+):(\d+) (?:(\w+) )?(\d+)$/.exec(line) ?? [];
    if (major === "") return [];
    return [sparse({ major: numberOf(major), minor: numberOf(minor), op, value: numberOf(value) }) as BlockIoEntry];
  });
}

/** Reservations, since Linux 5.7, are what is limited; before, pages in use. */
export function legacyHugetlb(dir: string): Readonly<Record<string, HugetlbStats>> {
  return Object.fromEntries(
    pageSizesIn(dir, "usage_in_bytes").map(({ size, prefix }) => {
      const usage = numberIn(`${dir}/${prefix}.usage_in_bytes`);
      const max = numberIn(`${dir}/${prefix}.max_usage_in_bytes`);
      return [size, { ...sparse({ usage, max }), failcnt: numberIn(`${dir}/${prefix}.failcnt`) ?? 0 }];
    }),
  );
}

/** The sizes of huge pages that have a file: `hugetlb.2MB.rsvd.current` -> 2MB, by the prefix that counts. */
export function pageSizesIn(dir: string, file: string): readonly { readonly size: string; readonly prefix: string }[] {
  const names = readdirSync(dir);
  const sizes = names.flatMap((name) => {
    const size = /^hugetlb\.(\w+)\.(\w+)$/.exec(name);
    return size?.[2] === file ? [size[1] ?? ""] : [];
  });
  return sizes.sort().map((size) => {
    const reserved = `hugetlb.${size}.rsvd`;
    return { size, prefix: names.includes(`${reserved}.${file}`) ? reserved : `hugetlb.${size}` };
  });
}
