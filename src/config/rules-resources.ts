// SPDX-License-Identifier: Apache-2.0
/** Rules about limits, as far as no host has to be asked. config-linux.md#control-groups; the kernel's cgroup-v1, cgroup-v2. */
import { quote } from "../kernel/quote.ts";
import type { CpuLimits, Resources, U64 } from "./config.ts";
import { parseNumberList } from "./number-list.ts";
import { pointer } from "./pointer.ts";
import { type Fault, linuxOf, type Rule, repeated } from "./rule.ts";
import { BLOCK_IO_RULES } from "./rules-block-io.ts";
import { sectionOf } from "./sections.ts";

const PLACE = "/linux/resources";
const CPU_MAX = 8191;
const NODE_MAX = 1023;
/** Microseconds: sched-bwc of the kernel. */
const QUOTA_MIN = 1_000;
const PERIOD_MAX = 1_000_000;

/** The files by which the runtime makes, joins, stops and kills a cgroup; no limits, and a start would not survive them. */
const OWN_FILES = ["type", "procs", "threads", "subtree_control", "freeze", "kill"].map((name) => `cgroup.${name}`);

export const RESOURCE_RULES: readonly Rule[] = [
  resourceRule("cpu", "times and lists of CPUs are what the kernel takes", cpuFaults),
  resourceRule("memory", "sizes of memory are sizes", function* ({ memory = {} }) {
    for (const name of ["limit", "reservation", "swap", "kernel", "kernelTCP"] as const) {
      yield* belowNone(memory[name], pointer("linux", "resources", "memory", name));
    }
  }),
  resourceRule("pids", "a number of processes is a number", function* ({ pids = {} }) {
    yield* belowNone(pids.limit, "/linux/resources/pids/limit");
  }),
  ...BLOCK_IO_RULES,
  resourceRule("hugepageLimits", "a size of huge pages has one limit", function* ({ hugepageLimits = [] }) {
    for (const [index, first] of repeated(hugepageLimits.map(({ pageSize }) => pageSize))) {
      if (hugepageLimits[index]?.limit === hugepageLimits[first]?.limit) continue;
      const message = `entry ${first} has another limit for the same size`;
      yield { pointer: pointer("linux", "resources", "hugepageLimits", index), message };
    }
  }),
  resourceRule("network", "priorities are for interfaces, one for each", function* ({ network = {} }) {
    const { priorities = [] } = network;
    for (const [index, { name }] of priorities.entries()) {
      if (isInterface(name)) continue;
      const message = `expected the name of a network interface, found ${quote(name)}`;
      yield { pointer: pointer("linux", "resources", "network", "priorities", index, "name"), message };
    }
    for (const [index, first] of repeated(priorities.map(({ name }) => name))) {
      if (priorities[index]?.priority === priorities[first]?.priority) continue;
      const message = `entry ${first} has another priority for the same interface`;
      yield { pointer: pointer("linux", "resources", "network", "priorities", index), message };
    }
  }),
  resourceRule("rdma", "a limit for an RDMA device is given", function* ({ rdma = {} }) {
    for (const [device, { hcaHandles, hcaObjects }] of Object.entries(rdma)) {
      const path = pointer("linux", "resources", "rdma", device);
      if (hcaHandles === undefined && hcaObjects === undefined) {
        yield { pointer: path, message: `needs "hcaHandles" or "hcaObjects"` };
      }
      if (!/^[^\s/]+$/.test(device)) {
        yield { pointer: path, message: `expected the name of an RDMA device as key, found ${quote(device)}` };
      }
    }
  }),
  resourceRule("unified", "keys are names of files that limit", function* ({ unified = {} }) {
    for (const key of Object.keys(unified)) {
      const message = unifiedFault(key);
      if (message !== undefined) yield { pointer: pointer("linux", "resources", "unified", key), message };
    }
  }),
];

function resourceRule(part: keyof Resources, name: string, faults: (resources: Resources) => Iterable<Fault>): Rule {
  const place = `${PLACE}/${part}`;
  return {
    name,
    spec: sectionOf(place),
    reads: [place],
    level: "error",
    check: (config) => faults(linuxOf(config).resources ?? {}),
  };
}

/** -1 is no limit; the kernel takes no other number below 0. */
function* belowNone(limit: U64 = 0, path: string): Iterable<Fault> {
  if (limit < -1) yield { pointer: path, message: `expected -1, for no limit, or at least 0, found ${limit}` };
}

/** 0 asks for nothing. */
function* cpuFaults({ cpu = {} }: Resources): Iterable<Fault> {
  const at = (name: keyof CpuLimits) => pointer("linux", "resources", "cpu", name);
  const { quota = 0, period = 0, realtimePeriod = 0, realtimeRuntime = 0, idle = 0 } = cpu;
  if (quota > 0 && quota < QUOTA_MIN) {
    yield { pointer: at("quota"), message: `expected at least ${QUOTA_MIN} microseconds, found ${quota}` };
  }
  if (period > 0 && (period < QUOTA_MIN || period > PERIOD_MAX)) {
    yield { pointer: at("period"), message: `expected ${QUOTA_MIN} to ${PERIOD_MAX} microseconds, found ${period}` };
  }
  if (realtimePeriod > 0 && realtimeRuntime > realtimePeriod) {
    yield { pointer: at("realtimeRuntime"), message: `must not be above "realtimePeriod", found ${realtimeRuntime}` };
  }
  if (BigInt(idle) !== 0n && BigInt(idle) !== 1n) {
    yield { pointer: at("idle"), message: `expected 0 or 1, found ${idle}` };
  }
  for (const [name, most] of [["cpus", CPU_MAX] as const, ["mems", NODE_MAX] as const]) {
    const list = cpu[name] ?? "";
    if (parseNumberList(list, most) !== undefined) continue;
    yield { pointer: at(name), message: `expected numbers of 0 to ${most} as in 0-3,7, found ${quote(list)}` };
  }
}

/** netdevice(7): IFNAMSIZ is 16 with the NUL. */
function isInterface(name: string): boolean {
  return /^[^\s/:]+$/.test(name) && name !== "." && name !== ".." && Buffer.byteLength(name) < 16;
}

/** The key becomes part of a path: nothing but what the kernel calls its files is let through. */
function unifiedFault(key: string): string | undefined {
  if (!/^[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-]+)+$/.test(key)) {
    return `expected the name of a file as in memory.high, found ${quote(key)}`;
  }
  return OWN_FILES.includes(key) ? "is no limit: the runtime itself uses this file" : undefined;
}
