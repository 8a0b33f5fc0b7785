// SPDX-License-Identifier: Apache-2.0
/** What an update asks for, joined with the linux.resources that a container has. Pure. */
import type { BlockIO, CpuLimits, MemoryLimits, Resources } from "../config/config.ts";

/** Where 0 sets nothing, as with runc: callers that do not know of absence write it for "as it is". */
const BLANK: Readonly<Record<string, readonly string[]>> = {
  memory: ["limit", "reservation", "swap", "kernel", "kernelTCP"] satisfies (keyof MemoryLimits)[],
  cpu: ["shares", "quota", "period", "realtimeRuntime", "realtimePeriod"] satisfies (keyof CpuLimits)[],
  blockIO: ["weight", "leafWeight"] satisfies (keyof BlockIO)[],
};

/** The resources without what sets nothing. */
export function askedFor(resources: Resources): Resources {
  const parts = Object.entries(resources).map(([part, value]) => [part, withoutBlanks(part, value)] as const);
  return Object.fromEntries(parts.filter(([, value]) => value !== undefined)) as Resources;
}

function withoutBlanks(part: string, value: unknown): unknown {
  const blank = BLANK[part];
  if (blank === undefined || typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(
    ([name, one]) => one !== "" && !(blank.includes(name) && BigInt(one as number) === 0n),
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** What the container has from now on: later commands read it in the kept config.json. */
export function mergeResources(kept: Resources, asked: Resources): Resources {
  const merged = merge(kept as Tree, asked as Tree) as Resources;
  // Rules for devices are one list, of which the last that matches counts: it is replaced as a whole.
  const devices = asked.devices ?? kept.devices;
  const memory = freed(asked.memory) ? { ...merged.memory, swap: -1 } : merged.memory;
  return { ...merged, ...(devices && { devices }), ...(memory && { memory }) };
}

/** Memory without a limit is let have all swap, too, where nothing is said of it, as with runc. */
function freed({ limit, swap }: MemoryLimits = {}): boolean {
  return limit !== undefined && limit < 0 && swap === undefined;
}

/**
 * What is asked for, with those other limits that are written together with it or decide what is written: v2 has one
 * file for the times of `cpu`, and limits swap without memory. `times` are what the cgroup's own files say.
 */
export function completed(asked: Resources, { memory: kept = {} }: Resources, times: Bandwidth): Resources {
  const { cpu, memory } = asked;
  return {
    ...asked,
    ...(cpu && { cpu: withTimes(cpu, times) }),
    ...(memory && { memory: withSizes(memory, kept) }),
  };
}

export type Bandwidth = Pick<CpuLimits, "quota" | "period">;

function withTimes(cpu: CpuLimits, { quota, period }: Bandwidth): CpuLimits {
  if (cpu.quota === undefined && cpu.period === undefined) return cpu;
  return { ...(quota !== undefined && { quota }), ...(period !== undefined && { period }), ...cpu };
}

function withSizes(memory: MemoryLimits, { limit, swap, checkBeforeUpdate }: MemoryLimits): MemoryLimits {
  if (memory.limit === undefined && memory.swap === undefined) return memory;
  const needsLimit = memory.swap !== undefined && memory.swap > 0 && limit !== undefined;
  const needsSwap = memory.limit !== undefined && memory.limit > 0 && swap !== undefined && swap > 0;
  return {
    ...(checkBeforeUpdate !== undefined && { checkBeforeUpdate }),
    ...(needsLimit && { limit }),
    ...(needsSwap && { swap }),
    ...memory,
  };
}

type Tree = Readonly<Record<string, unknown>>;

function merge(kept: Tree, asked: Tree): Tree {
  const entries = Object.entries(asked).map(([name, value]) => [name, mergeValue(name, kept[name], value)]);
  return { ...kept, ...Object.fromEntries(entries) };
}

function mergeValue(name: string, kept: unknown, asked: unknown): unknown {
  if (Array.isArray(kept) && Array.isArray(asked)) return mergeList(kept as Tree[], asked as Tree[], IDENTITY[name]);
  return isTree(kept) && isTree(asked) ? merge(kept, asked) : asked;
}

/** List -> what tells its entries apart. */
const IDENTITY: Readonly<Record<string, readonly string[]>> = {
  weightDevice: ["major", "minor"],
  throttleReadBpsDevice: ["major", "minor"],
  throttleWriteBpsDevice: ["major", "minor"],
  throttleReadIOPSDevice: ["major", "minor"],
  throttleWriteIOPSDevice: ["major", "minor"],
  hugepageLimits: ["pageSize"],
  priorities: ["name"],
};

function mergeList(kept: readonly Tree[], asked: readonly Tree[], identity: readonly string[] = []): readonly Tree[] {
  const key = (entry: Tree) => identity.map((name) => String(entry[name])).join(":");
  const replaced = new Set(asked.map(key));
  return [...kept.filter((entry) => !replaced.has(key(entry))), ...asked];
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
