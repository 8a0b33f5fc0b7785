// SPDX-License-Identifier: Apache-2.0
/** What is written for which limit, in which version: config-linux.md#control-groups. */
import { describe, expect, test } from "vitest";
import { weightOf } from "../../src/cgroup/limit-cpu.ts";
import { limitDirs, limitWrites, meantResources } from "../../src/cgroup/limits.ts";
import type { Resources } from "../../src/config/config.ts";
import { ConfigError } from "../../src/errors/errors.ts";
import { facts, hybrid, NAMES, told, v1, v2 } from "./limits-hosts.ts";

type Row = readonly [name: string, resources: Resources, v1: readonly string[], v2: readonly string[]];

/** `file data`; "!" begins what is refused. */
const TABLE: readonly Row[] = [
  ["no limit", {}, [], []],
  ["pids", { pids: { limit: 7 } }, ["pids.max 7"], ["pids.max 7"]],
  ["pids 0 is a limit", { pids: { limit: 0 } }, ["pids.max 0"], ["pids.max 0"]],
  ["pids without a limit", { pids: { limit: -1 } }, ["pids.max max"], ["pids.max max"]],
  ["memory", { memory: { limit: 4096 } }, ["memory.limit_in_bytes 4096"], ["memory.max 4096"]],
  ["memory 0 is none, as with runc", { memory: { limit: 0, swap: 0, reservation: 0 } }, [], []],
  [
    "memory above 2^53",
    { memory: { limit: 2n ** 60n } },
    [`memory.limit_in_bytes ${2n ** 60n}`],
    [`memory.max ${2n ** 60n}`],
  ],
  [
    "memory and swap",
    { memory: { limit: 4096, swap: 12288 } },
    ["memory.limit_in_bytes 4096", "memory.memsw.limit_in_bytes 12288"],
    ["memory.max 4096", "memory.swap.max 8192"],
  ],
  [
    "no swap",
    { memory: { limit: 4096, swap: 4096 } },
    ["memory.limit_in_bytes 4096", "memory.memsw.limit_in_bytes 4096"],
    ["memory.max 4096", "memory.swap.max 0"],
  ],
  [
    "all unlimited",
    { memory: { limit: -1, swap: -1, reservation: -1 } },
    ["memory.memsw.limit_in_bytes -1", "memory.limit_in_bytes -1", "memory.soft_limit_in_bytes -1"],
    ["memory.swap.max max", "memory.max max", "memory.low max"],
  ],
  [
    "swap without memory",
    { memory: { swap: 1 } },
    ["!/linux/resources/memory/swap"],
    ["!/linux/resources/memory/swap"],
  ],
  [
    "swap below memory",
    { memory: { limit: 4096, swap: 1 } },
    ["memory.limit_in_bytes 4096", "!/linux/resources/memory/swap"],
    ["memory.max 4096", "!/linux/resources/memory/swap"],
  ],
  [
    "what v2 has not",
    { memory: { kernelTCP: 4096, swappiness: 0, disableOOMKiller: true } },
    ["memory.kmem.tcp.limit_in_bytes 4096", "memory.swappiness 0", "memory.oom_control 1"],
    [
      "!/linux/resources/memory/kernelTCP",
      "!/linux/resources/memory/swappiness",
      "!/linux/resources/memory/disableOOMKiller",
    ],
  ],
  ["switches that are as asked", { memory: { disableOOMKiller: false, useHierarchy: true } }, [], []],
  [
    "no hierarchy",
    { memory: { useHierarchy: false } },
    ["!/linux/resources/memory/useHierarchy"],
    ["!/linux/resources/memory/useHierarchy"],
  ],
  ["shares", { cpu: { shares: 1024 } }, ["cpu.shares 1024"], ["cpu.weight 100"]],
  [
    "quota and period",
    { cpu: { quota: 5000, period: 20000, burst: 1000 } },
    ["cpu.cfs_period_us 20000", "cpu.cfs_quota_us 5000", "cpu.cfs_burst_us 1000"],
    ["cpu.max 5000 20000", "cpu.max.burst 1000"],
  ],
  ["quota alone", { cpu: { quota: 5000 } }, ["cpu.cfs_quota_us 5000"], ["cpu.max 5000 100000"]],
  ["no quota", { cpu: { quota: -1 } }, ["cpu.cfs_quota_us -1"], ["cpu.max max 100000"]],
  ["a period alone", { cpu: { period: 20000 } }, ["cpu.cfs_period_us 20000"], ["cpu.max max 20000"]],
  ["idle", { cpu: { shares: 2, idle: 1 } }, ["cpu.shares 2", "cpu.idle 1"], ["cpu.weight 1", "cpu.idle 1"]],
  [
    "a cpuset",
    { cpu: { cpus: "0-1", mems: "0" } },
    ["cpuset.cpus 0-1", "cpuset.mems 0"],
    ["cpuset.cpus 0-1", "cpuset.mems 0"],
  ],
  [
    "real time",
    { cpu: { realtimePeriod: 1000, realtimeRuntime: 500 } },
    ["cpu.rt_period_us 1000", "cpu.rt_runtime_us 500"],
    ["!/linux/resources/cpu/realtimePeriod", "!/linux/resources/cpu/realtimeRuntime"],
  ],
];

describe.each(TABLE)("%s", (_, resources, one, two) => {
  test("v1", () => expect(told(resources, v1)).toEqual(one));
  test("v2", () => expect(told(resources, v2)).toEqual(two));
});

test("on a hybrid host each limit goes where its controller is", () => {
  const resources = { memory: { limit: 4096 }, cpu: { shares: 1024 }, pids: { limit: 1 } };
  expect(told(resources, hybrid)).toEqual(["memory.limit_in_bytes 4096", "cpu.weight 100", "pids.max 1"]);
});

test("controllers are handed down first, by those above that do not yet", () => {
  const { writes } = limitWrites({ memory: { limit: 1 }, pids: { limit: 1 } }, v2, {
    ...facts,
    enabled: { "/c": ["pids"] },
  });
  expect(writes.map(({ path, data }) => `${path} ${data}`)).toEqual([
    "/c/cgroup.subtree_control +memory",
    "/c/a/cgroup.subtree_control +memory",
    "/c/a/cgroup.subtree_control +pids",
    "/c/a/b/memory.max 1",
  ]);
});

test("the number of processes is limited last", () => {
  const { writes, late } = limitWrites({ memory: { limit: 1 }, pids: { limit: 1 } }, v1, facts);
  expect([writes, late].map((list) => list.map(({ from }) => from))).toEqual([
    ["/linux/resources/memory/limit"],
    ["/linux/resources/pids/limit"],
  ]);
});

test.each([
  [NAMES, /"pids", in which the container gets no cgroup.*Delegate=yes/],
  [["memory"], /"pids", which no mounted hierarchy/],
])("a controller that is not to be had is named: mounted %j", (mounted, message) => {
  const { findings } = limitWrites({ pids: { limit: 1 } }, [], { mounted, enabled: {} });
  expect(findings).toHaveLength(1);
  expect(findings[0]?.message).toMatch(message);
  const cgroups = { layout: "none", hierarchies: [] } as const;
  expect(() => limitDirs([], { pids: { limit: 1 } }, cgroups, "config.json", () => {})).toThrow(ConfigError);
});

test("a limit of the kernel's own memory is told to have no effect", () => {
  expect(limitWrites({ memory: { kernel: 1 } }, v1, facts).warnings).toEqual([
    expect.stringContaining("memory/kernel"),
  ]);
});

test("a limit below what the cgroup uses is refused where checkBeforeUpdate asks for it", () => {
  const used = { ...facts, used: 8192n };
  expect(told({ memory: { limit: 8191, checkBeforeUpdate: true } }, v2, used)).toContain(
    "!/linux/resources/memory/limit",
  );
  expect(told({ memory: { limit: 8192, checkBeforeUpdate: true } }, v2, used)).toEqual(["memory.max 8192"]);
  expect(told({ memory: { limit: 8191 } }, v2, used)).toEqual(["memory.max 8191"]);
});

test("a burst above a positive quota is refused", () => {
  expect(told({ cpu: { quota: 10, burst: 11 } }, v1)).toContain("!/linux/resources/cpu/burst");
  expect(told({ cpu: { quota: 10, burst: 10 } }, v1)).not.toContain("!/linux/resources/cpu/burst");
});

test.each([
  [2, 1],
  [1024, 100],
  [262_144, 10_000],
  [512, 59],
  [2048, 174],
])("%d shares are a weight of %d", (shares, weight) => expect(weightOf(shares)).toBe(weight));

test.each([
  ["1.0.2-dev", undefined],
  ["1.2.1", undefined],
  ["1.3.0", { limit: 0 }],
  ["2.0.0", { limit: 0 }],
] as const)("a limit of 0 processes, as %s has it", (ociVersion, pids) => {
  const memory = { limit: 4096 };
  expect(meantResources({ ociVersion, linux: { resources: { memory, pids: { limit: 0 } } } })).toEqual({
    memory,
    ...(pids && { pids }),
  });
  expect(meantResources({ ociVersion, linux: { resources: { pids: { limit: -1 } } } })).toEqual({
    pids: { limit: -1 },
  });
});
