// SPDX-License-Identifier: Apache-2.0
/** What a container has used, in the shape of `runc events`. Types only. */
import type { U64 } from "../config/config.ts";

/** Zeroes that runc leaves out are absent. Times are nanoseconds, but for those of `psi`; sizes are bytes. */
export interface CgroupStats {
  readonly cpu: CpuStats;
  readonly cpuset: CpusetStats;
  readonly memory: MemoryStats;
  readonly pids: { readonly current?: U64; readonly limit?: U64 };
  readonly blkio: BlockIoStats;
  readonly hugetlb: Readonly<Record<string, HugetlbStats>>;
}

export interface CpuStats {
  readonly usage: {
    readonly total?: U64;
    readonly percpu?: readonly U64[];
    readonly percpu_kernel?: readonly U64[];
    readonly percpu_user?: readonly U64[];
    readonly kernel: U64;
    readonly user: U64;
  };
  readonly throttling: { readonly periods?: U64; readonly throttledPeriods?: U64; readonly throttledTime?: U64 };
  readonly psi?: Pressure;
}

/** The lists are of v1, as is all that is not 0. */
export interface CpusetStats {
  readonly cpus?: readonly number[];
  readonly cpu_exclusive: U64;
  readonly mems?: readonly number[];
  readonly mem_hardwall: U64;
  readonly mem_exclusive: U64;
  readonly memory_migrate: U64;
  readonly memory_spread_page: U64;
  readonly memory_spread_slab: U64;
  readonly memory_pressure: U64;
  readonly sched_load_balance: U64;
  readonly sched_relax_domain_level: U64;
}

export interface MemoryEntry {
  readonly limit: U64;
  readonly usage?: U64;
  readonly max?: U64;
  readonly failcnt: U64;
}

export interface MemoryStats {
  readonly cache?: U64;
  readonly usage: MemoryEntry;
  /** Memory and swap together. */
  readonly swap: MemoryEntry;
  readonly kernel: MemoryEntry;
  readonly kernelTCP: MemoryEntry;
  /** All that memory.stat says. */
  readonly raw?: Readonly<Record<string, U64>>;
  readonly psi?: Pressure;
}

export interface BlockIoEntry {
  readonly major?: U64;
  readonly minor?: U64;
  readonly op?: string;
  readonly value?: U64;
}

/** Of v2 the first two are known. */
export interface BlockIoStats {
  readonly ioServiceBytesRecursive?: readonly BlockIoEntry[];
  readonly ioServicedRecursive?: readonly BlockIoEntry[];
  readonly ioQueueRecursive?: readonly BlockIoEntry[];
  readonly ioServiceTimeRecursive?: readonly BlockIoEntry[];
  readonly ioWaitTimeRecursive?: readonly BlockIoEntry[];
  readonly ioMergedRecursive?: readonly BlockIoEntry[];
  readonly ioTimeRecursive?: readonly BlockIoEntry[];
  readonly sectorsRecursive?: readonly BlockIoEntry[];
  readonly psi?: Pressure;
}

export interface HugetlbStats {
  readonly usage?: U64;
  readonly max?: U64;
  readonly failcnt: U64;
}

/** How much time was lost by waiting: averages in percent, the total in microseconds. */
export interface Pressure {
  readonly some: PressureLine;
  readonly full: PressureLine;
}

export interface PressureLine {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly total: U64;
}
