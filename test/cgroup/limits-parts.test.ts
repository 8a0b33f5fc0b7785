// SPDX-License-Identifier: Apache-2.0
/** Block devices, huge pages, network, RDMA and unified: what is written for which limit, in which version. */
import { describe, expect, test } from "vitest";
import { ioWeightOf } from "../../src/cgroup/limit-block-io.ts";
import { pageSizeName } from "../../src/cgroup/limit-facts.ts";
import { limitWrites } from "../../src/cgroup/limits.ts";
import type { Resources } from "../../src/config/config.ts";
import { changed, facts, hybrid, told, v1, v2 } from "./limits-hosts.ts";

type Row = readonly [name: string, resources: Resources, v1: readonly string[], v2: readonly string[]];

const DISK = { major: 8, minor: 16 };

const TABLE: readonly Row[] = [
  ["a weight", { blockIO: { weight: 500 } }, ["blkio.bfq.weight 500"], ["io.bfq.weight 500"]],
  ["a weight of 0 is none, as with runc", { blockIO: { weight: 0, leafWeight: 0 } }, [], []],
  [
    "a leaf weight, which no kernel has",
    { blockIO: { leafWeight: 10, weightDevice: [{ ...DISK, leafWeight: 10 }] } },
    ["!/linux/resources/blockIO/leafWeight", "!/linux/resources/blockIO/weightDevice/0/leafWeight"],
    ["!/linux/resources/blockIO/leafWeight", "!/linux/resources/blockIO/weightDevice/0/leafWeight"],
  ],
  [
    "the weight of a disk",
    { blockIO: { weightDevice: [{ ...DISK, weight: 300 }] } },
    ["blkio.bfq.weight_device 8:16 300"],
    ["io.bfq.weight 8:16 300"],
  ],
  [
    "throttles",
    {
      blockIO: {
        throttleReadBpsDevice: [{ ...DISK, rate: 2n ** 60n + 1n }],
        throttleWriteBpsDevice: [{ ...DISK, rate: 1 }],
        throttleReadIOPSDevice: [{ ...DISK, rate: 2 }],
        throttleWriteIOPSDevice: [
          { ...DISK, rate: 3 },
          { major: 7, minor: 0, rate: 4 },
        ],
      },
    },
    [
      "blkio.throttle.read_bps_device 8:16 1152921504606846977",
      "blkio.throttle.write_bps_device 8:16 1",
      "blkio.throttle.read_iops_device 8:16 2",
      "blkio.throttle.write_iops_device 8:16 3",
      "blkio.throttle.write_iops_device 7:0 4",
    ],
    [
      "io.max 8:16 rbps=1152921504606846977",
      "io.max 8:16 wbps=1",
      "io.max 8:16 riops=2",
      "io.max 8:16 wiops=3",
      "io.max 7:0 wiops=4",
    ],
  ],
  [
    "a rate of 0 is no limit",
    { blockIO: { throttleReadBpsDevice: [{ ...DISK, rate: 0 }] } },
    ["blkio.throttle.read_bps_device 8:16 0"],
    ["io.max 8:16 rbps=max"],
  ],
  [
    "more operations than v1 can count",
    { blockIO: { throttleReadIOPSDevice: [{ ...DISK, rate: 2 ** 32 }] } },
    ["!/linux/resources/blockIO/throttleReadIOPSDevice/0/rate"],
    ["io.max 8:16 riops=4294967296"],
  ],
  [
    "huge pages, reserved and used",
    {
      hugepageLimits: [
        { pageSize: "2MB", limit: 2n ** 63n },
        { pageSize: "1GB", limit: 0 },
      ],
    },
    [
      "hugetlb.2MB.limit_in_bytes 9223372036854775808",
      "hugetlb.2MB.rsvd.limit_in_bytes 9223372036854775808",
      "hugetlb.1GB.limit_in_bytes 0",
      "hugetlb.1GB.rsvd.limit_in_bytes 0",
    ],
    [
      "hugetlb.2MB.max 9223372036854775808",
      "hugetlb.2MB.rsvd.max 9223372036854775808",
      "hugetlb.1GB.max 0",
      "hugetlb.1GB.rsvd.max 0",
    ],
  ],
  [
    "the network",
    {
      network: {
        classID: 1_048_577,
        priorities: [
          { name: "eth0", priority: 5 },
          { name: "lo", priority: 0 },
        ],
      },
    },
    ["net_cls.classid 1048577", "net_prio.ifpriomap eth0 5", "net_prio.ifpriomap lo 0"],
    [
      "!/linux/resources/network/classID",
      "!/linux/resources/network/priorities/0",
      "!/linux/resources/network/priorities/1",
    ],
  ],
  ["a class of 0 is none, as with runc", { network: { classID: 0 } }, [], []],
  [
    "RDMA",
    { rdma: { mlx5_1: { hcaHandles: 3, hcaObjects: 10_000 }, rxe3: { hcaObjects: 0 }, mlx4_0: { hcaHandles: 7 } } },
    ["rdma.max mlx5_1 hca_handle=3 hca_object=10000", "rdma.max rxe3 hca_object=0", "rdma.max mlx4_0 hca_handle=7"],
    ["rdma.max mlx5_1 hca_handle=3 hca_object=10000", "rdma.max rxe3 hca_object=0", "rdma.max mlx4_0 hca_handle=7"],
  ],
  [
    "files of v2",
    {
      unified: {
        "memory.high": "1M",
        "io.max": "8:16 rbps=1\n8:0 wiops=2\n",
        "cgroup.max.depth": "3",
        "hugetlb.1GB.max": "0",
      },
    },
    [
      "!/linux/resources/unified/memory.high",
      "!/linux/resources/unified/io.max",
      "!/linux/resources/unified/cgroup.max.depth",
      "!/linux/resources/unified/hugetlb.1GB.max",
    ],
    ["memory.high 1M", "io.max 8:16 rbps=1", "io.max 8:0 wiops=2", "cgroup.max.depth 3", "hugetlb.1GB.max 0"],
  ],
  [
    "a file that this runtime does not know",
    { unified: { "misc.new.thing": "" } },
    ["!/linux/resources/unified/misc.new.thing"],
    ["misc.new.thing "],
  ],
  [
    "a controller that is not there",
    { unified: { "zswap.max": "1" } },
    ["!/linux/resources/unified/zswap.max"],
    ["!/linux/resources/unified/zswap.max"],
  ],
];

describe.each(TABLE)("%s", (_, resources, one, two) => {
  test("v1", () =>
    expect(told(resources, v1, { ...facts, mounted: v1.flatMap(({ controllers }) => controllers) })).toEqual(one));
  test("v2", () => expect(told(resources, v2)).toEqual(two));
});

describe("weights of block devices", () => {
  const weights = { blockIO: { weight: 500, weightDevice: [{ ...DISK, weight: 10 }] } };

  test("without BFQ, v2 has those of blk-iocost, which count from 1 to 10000", () => {
    expect(told(weights, v2, { ...facts, bfq: false })).toEqual(["io.weight 4950", "io.weight 8:16 1"]);
    expect([1, 10, 100, 1000].map(ioWeightOf)).toEqual([1, 1, 910, 10_000]);
  });

  test.each([
    ["v1", v1, true],
    ["v2", v2, false],
  ])("without a scheduler that weighs they are refused: %s", (_, dirs, ioWeight) => {
    const { findings } = limitWrites(weights, dirs, { ...facts, bfq: false, ioWeight });
    expect(findings.map(({ message }) => message)).toEqual([
      expect.stringContaining("modprobe bfq"),
      expect.stringContaining("modprobe bfq"),
    ]);
  });
});

test("the controller of block devices is missed by the name that the host has for it", () => {
  const resources = { blockIO: { throttleReadBpsDevice: [{ ...DISK, rate: 1 }] } };
  const messages = ["blkio", "io"].map(
    (name) => limitWrites(resources, [], { mounted: [name], enabled: {} }).findings[0]?.message,
  );
  expect(messages).toEqual([expect.stringContaining('"blkio", in which'), expect.stringContaining('"io", in which')]);
});

test.each(["../../memory.max", "2MB/..", "2mb", "2048KB", "64KB", ""])(
  "a page size that is none of the host's: %j",
  (pageSize) => {
    const { writes, findings } = limitWrites({ hugepageLimits: [{ pageSize, limit: 1 }] }, v2, facts);
    expect(writes).toEqual([]);
    expect(findings).toEqual([
      expect.objectContaining({
        pointer: "/linux/resources/hugepageLimits/0/pageSize",
        message: expect.stringContaining("this host has 2MB, 1GB"),
      }),
    ]);
  },
);

test.each([
  ["hugepages-2048kB", "2MB"],
  ["hugepages-1048576kB", "1GB"],
  ["hugepages-64kB", "64KB"],
  ["hugepages-../kB", undefined],
])("%s is called %s", (entry, name) => expect(pageSizeName(entry)).toBe(name));

test("a class of network packets is missed with the advice to leave it out", () => {
  const { findings } = limitWrites({ network: { classID: 1 } }, v2, facts);
  expect(findings[0]?.message).toMatch(/"net_cls".*cgroup v2 has no such controller/);
});

describe("unified", () => {
  test("on a hybrid host goes to the controllers of v2, and to those alone", () => {
    const unified = { "memory.high": "1", "hugetlb.2MB.max": "0" };
    expect(told({ unified }, hybrid)).toEqual(["hugetlb.2MB.max 0", "!/linux/resources/unified/memory.high"]);
    const { findings } = limitWrites({ unified }, hybrid, facts);
    expect(findings[0]?.message).toMatch(/cgroup v1 on this host/);
  });

  test("is written last, and what it takes the place of is told", () => {
    const resources = {
      unified: { "memory.max": "5", "cpu.weight": "59" },
      memory: { limit: 4 },
      cpu: { shares: 512 },
    };
    expect(told(resources, v2)).toEqual(["memory.max 4", "cpu.weight 59", "memory.max 5", "cpu.weight 59"]);
    expect(limitWrites(resources, v2, facts).warnings).toEqual([
      "/linux/resources/unified/memory.max is written after /linux/resources/memory/limit, and takes its place",
    ]);
  });

  test("waits with the number of processes until the init is there", () => {
    const { writes, late } = limitWrites({ unified: { "pids.max": "2" }, pids: { limit: 1 } }, v2, facts);
    expect(writes).toEqual([]);
    expect(late.map(({ data }) => data)).toEqual(["1", "2"]);
  });

  test("has its controllers handed down, which the cgroup's own files do not need", () => {
    const unified = { "io.max": "8:0 rbps=1", "cgroup.max.depth": "1" };
    const { writes } = limitWrites({ unified }, v2, { ...facts, enabled: { "/c": ["io"] } });
    expect(writes.map(({ path, data }) => `${path} ${data}`)).toEqual([
      "/c/a/cgroup.subtree_control +io",
      "/c/a/b/io.max 8:0 rbps=1",
      "/c/a/b/cgroup.max.depth 1",
    ]);
  });
});

describe("a container that runs", () => {
  const memory = v1.filter(({ controllers }) => controllers.includes("memory"));
  const cpu = v1.filter(({ controllers }) => controllers.includes("cpu"));

  test.each([
    ["raised", { limit: 300, swap: 400 }, ["memsw 400", "limit 300"]],
    ["lowered", { limit: 50, swap: 60 }, ["limit 50", "memsw 60"]],
    ["lowered, with memory+swap at the memory of before", { limit: 50, swap: 100 }, ["limit 50", "memsw 100"]],
    ["without a limit of swap", { limit: 300, swap: -1 }, ["memsw -1", "limit 300"]],
    ["without a limit", { limit: -1 }, ["memsw -1", "limit -1"]],
  ])("v1: memory+swap makes room for memory: %s", (_, limits, expected) => {
    const files = { "memory.limit_in_bytes": "100", "memory.memsw.limit_in_bytes": "200" };
    const short = changed({ memory: limits }, memory, files).map((line) =>
      line.replace(/memory\.|_in_bytes|\.limit/g, ""),
    );
    expect(short).toEqual(expected);
  });

  test("memory becomes unlimited where the kernel does not count swap", () => {
    const files = { "memory.limit_in_bytes": "100" };
    expect(changed({ memory: { limit: -1 } }, memory, files)).toEqual(["memory.limit_in_bytes -1"]);
    expect(changed({ memory: { limit: -1 } }, v2, { "memory.swap.max": "7" })).toEqual([
      "memory.swap.max max",
      "memory.max max",
    ]);
  });

  test.each([
    ["higher", { quota: 9000, period: 50_000 }, ["period", "quota"]],
    ["lower", { quota: 4000, period: 50_000 }, ["quota", "period"]],
    ["none", { quota: -1, period: 50_000 }, ["quota", "period"]],
  ])("v1: the ratio of quota and period never rises above both: %s", (_, times, order) => {
    const lines = changed({ cpu: times }, cpu, { "cpu.cfs_quota_us": "5000" });
    expect(lines.map((line) => /cfs_(\w+)_us/.exec(line)?.[1])).toEqual(order);
  });

  test.each([
    ["v1", cpu, { "cpu.cfs_quota_us": "5000", "cpu.cfs_burst_us": "3000" }, /cfs_(?:quota|burst)/],
    ["v2", v2, { "cpu.max": "5000 100000", "cpu.max.burst": "3000" }, /cpu\.max(?:\.burst)?/],
  ])("a burst fits into the quota at every moment: %s", (_, dirs, files, name) => {
    const order = (limits: object) =>
      changed({ cpu: limits }, dirs, files).map((line) => name.exec(line)?.[0].slice(-5));
    expect(order({ quota: 2000, burst: 1000 })[0]).toBe("burst");
    expect(order({ quota: 9000, burst: 8000 })[1]).toBe("burst");
    expect(changed({ cpu: { quota: 2000 } }, dirs, files)).toContain("!/linux/resources/cpu/quota");
  });

  test("a cgroup that is idle takes no weight before it is woken", () => {
    const woken = changed({ cpu: { shares: 1024, idle: 0 } }, v2, { "cpu.idle": "1" });
    expect(woken).toEqual(["cpu.idle 0", "cpu.weight 100"]);
    expect(changed({ cpu: { shares: 1024, idle: 1 } }, v2, { "cpu.idle": "0" })).toEqual([
      "cpu.weight 100",
      "cpu.idle 1",
    ]);
  });
});

test.each([1, 262_145])("v1 refuses %d shares instead of taking others", (shares) => {
  expect(told({ cpu: { shares } }, v1)).toEqual(["!/linux/resources/cpu/shares"]);
  expect(told({ cpu: { shares } }, v2)).toHaveLength(1);
});

test("memory and swap together are checked against what is used, too", () => {
  const used = { ...facts, used: 8192n };
  const memory = { limit: 4096, swap: 8191, checkBeforeUpdate: true };
  expect(told({ memory }, v2, used)).toContain("!/linux/resources/memory/swap");
});
