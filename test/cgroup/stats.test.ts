// SPDX-License-Identifier: Apache-2.0
/** What cgroups tell of their use, in the shape of `runc events`: directories that stand for cgroups of both versions. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import type { CgroupDir } from "../../src/cgroup/place.ts";
import { readStats } from "../../src/cgroup/stats.ts";

const NO_LIMIT = 2n ** 64n - 1n;

test("v2: files are told in the words of v1, times in nanoseconds, swap together with memory", (t) => {
  const dir = unified(t, {
    "cpu.stat": "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 4\nnr_throttled 2\nthrottled_usec 7\n",
    "cpu.pressure": "some avg10=1.50 avg60=0.25 avg300=0.00 total=12\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=3\n",
    "memory.current": "1000\n",
    "memory.max": "5000\n",
    "memory.peak": "2000\n",
    "memory.swap.current": "300\n",
    "memory.swap.max": "700\n",
    "memory.stat": "file 40\nanon 60\n",
    "pids.current": "3\n",
    "pids.max": "20\n",
    "io.stat": "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n8:16\n",
    "hugetlb.2MB.current": "1\n",
    "hugetlb.2MB.rsvd.current": "2\n",
    "hugetlb.2MB.events": "max 9\n",
  });
  const { stats, missing } = readStats([dir]);
  expect(missing).toEqual([]);
  expect(stats).toEqual({
    cpu: {
      usage: { total: 30_000, kernel: 10_000, user: 20_000 },
      throttling: { periods: 4, throttledPeriods: 2, throttledTime: 7_000 },
      psi: {
        some: { avg10: 1.5, avg60: 0.25, avg300: 0, total: 12 },
        full: { avg10: 0, avg60: 0, avg300: 0, total: 3 },
      },
    },
    cpuset: ZERO_CPUSET,
    memory: {
      cache: 40,
      usage: { limit: 5000, usage: 1000, max: 2000, failcnt: 0 },
      swap: { limit: 5700, usage: 1300, failcnt: 0 },
      kernel: { limit: 0, failcnt: 0 },
      kernelTCP: { limit: 0, failcnt: 0 },
      raw: { anon: 60, file: 40 },
    },
    pids: { current: 3, limit: 20 },
    blkio: {
      ioServiceBytesRecursive: [
        { major: 8, op: "Read", value: 1 },
        { major: 8, op: "Write", value: 2 },
      ],
      ioServicedRecursive: [
        { major: 8, op: "Read", value: 3 },
        { major: 8, op: "Write", value: 4 },
      ],
    },
    hugetlb: { "2MB": { usage: 2, failcnt: 9 } },
  });
});

test("v2: no limit is the largest number of 64 bits, but of processes", (t) => {
  const dir = unified(t, {
    "memory.current": "1\n",
    "memory.max": "max\n",
    "memory.swap.current": "0\n",
    "memory.swap.max": "5\n",
    "pids.current": "1\n",
    "pids.max": "max\n",
  });
  const { memory, pids } = readStats([dir]).stats;
  expect(memory.usage.limit).toBe(NO_LIMIT);
  expect(memory.swap.limit).toBe(NO_LIMIT);
  expect(pids).toEqual({ current: 1 });
});

test("v2: a kernel that does not count swap counts memory alone", (t) => {
  const { memory } = readStats([unified(t, { "memory.current": "10\n", "memory.max": "20\n" })]).stats;
  expect(memory.swap).toEqual({ limit: 20, usage: 10, failcnt: 0 });
});

test("v2: without controllers the times and the list of processes are left", (t) => {
  const files = { "cpu.stat": "usage_usec 1\nuser_usec 1\nsystem_usec 0\n", "cgroup.procs": "5\n6\n" };
  const { stats, missing } = readStats([{ ...unified(t, files), controllers: [] }]);
  expect(stats.cpu.usage.total).toBe(1_000);
  expect(stats.pids).toEqual({ current: 2 });
  expect(missing).toEqual(["memory"]);
});

test("v1: each controller has its directory, ticks are 10 ms, and numbers beyond 2^53 stay exact", (t) => {
  const cpuacct = legacy(t, "cpuacct", {
    "cpuacct.usage": "18446744073709551615\n",
    "cpuacct.usage_percpu": "7 8 \n",
    "cpuacct.usage_all": "cpu user system\n0 1 2\n1 3 4\n",
    "cpuacct.stat": "user 2\nsystem 3\n",
  });
  const cpu = legacy(t, "cpu", { "cpu.stat": "nr_periods 0\nnr_throttled 5\nthrottled_time 6\n" });
  const blkio = legacy(t, "blkio", {
    "blkio.throttle.io_service_bytes_recursive": "8:0 Read 5\n8:0 Write 0\n8:0 Total 5\nTotal 5\n",
    "blkio.throttle.io_serviced_recursive": "8:0 Read 1\n8:0 Total 1\nTotal 1\n",
  });
  const hugetlb = legacy(t, "hugetlb", {
    "hugetlb.2MB.usage_in_bytes": "0\n",
    "hugetlb.2MB.max_usage_in_bytes": "4\n",
    "hugetlb.2MB.failcnt": "3\n",
  });
  const { stats, missing } = readStats([cpuacct, cpu, blkio, hugetlb]);
  expect(stats.cpu).toEqual({
    usage: {
      total: NO_LIMIT,
      percpu: [7, 8],
      percpu_kernel: [2, 4],
      percpu_user: [1, 3],
      kernel: 30_000_000,
      user: 20_000_000,
    },
    throttling: { throttledPeriods: 5, throttledTime: 6 },
  });
  expect(stats.blkio.ioServiceBytesRecursive).toEqual([
    { major: 8, op: "Read", value: 5 },
    { major: 8, op: "Write" },
    { major: 8, op: "Total", value: 5 },
  ]);
  expect(stats.hugetlb).toEqual({ "2MB": { max: 4, failcnt: 3 } });
  expect(missing).toEqual(["memory", "pids"]);
});

test("v1: what BFQ has counted comes before what is throttled", (t) => {
  const { blkio } = readStats([
    legacy(t, "blkio", {
      "blkio.bfq.io_serviced_recursive": "8:0 Read 2\n",
      "blkio.bfq.sectors_recursive": "8:1 9\n",
      "blkio.throttle.io_serviced_recursive": "8:0 Read 1\n",
    }),
  ]).stats;
  expect(blkio).toEqual({
    ioServicedRecursive: [{ major: 8, op: "Read", value: 2 }],
    sectorsRecursive: [{ major: 8, minor: 1, value: 9 }],
  });
});

const ZERO_CPUSET = {
  cpu_exclusive: 0,
  mem_hardwall: 0,
  mem_exclusive: 0,
  memory_migrate: 0,
  memory_spread_page: 0,
  memory_spread_slab: 0,
  memory_pressure: 0,
  sched_load_balance: 0,
  sched_relax_domain_level: 0,
};

function unified(t: TestContext, files: Readonly<Record<string, string>>): CgroupDir {
  const controllers = ["cpuset", "cpu", "io", "memory", "hugetlb", "pids"];
  return { ...directory(t, files), version: 2, controllers };
}

function legacy(t: TestContext, controller: string, files: Readonly<Record<string, string>>): CgroupDir {
  return { ...directory(t, files), version: 1, controllers: [controller] };
}

function directory(t: TestContext, files: Readonly<Record<string, string>>) {
  const mountpoint = mkdtempSync(join(tmpdir(), "tsrun-test-"));
  t.onTestFinished(() => rmSync(mountpoint, { recursive: true, force: true }));
  const path = join(mountpoint, "c");
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { mountpoint, path, procs: `${path}/cgroup.procs` };
}
