// SPDX-License-Identifier: Apache-2.0
/** linux.resources: that limits bite, and that the files say the same as with runc. config-linux.md#control-groups. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle } from "./support/bundle.ts";
import { container, freshId, output, shell } from "./support/container.ts";
import { runtimeRoot, TSRUN } from "./support/run.ts";
import { ORDINARY, rootless, type Spec } from "./support/spec.ts";

const limits = (resources: object) => (spec: Spec) => {
  spec.linux.resources = resources;
};

test("pids.limit: no more processes than that", async (t) => {
  requires(t, "root", "busybox", "cgroup-v1");
  const script = "(sleep 0 & sleep 0 & sleep 0 & wait) 2>&1; true";
  expect(await output(t, script, limits({ pids: { limit: 2 } }))).toMatch(/fork/);
  expect(await output(t, script, limits({ pids: { limit: 20 } }))).not.toMatch(/fork/);
});

test.for([0, 1])("pids.limit %d: the init is let in, and forks nothing", async (limit, t) => {
  requires(t, "root", "busybox", "cgroup-v1");
  const c = container(t, (spec) => {
    shell(spec, "echo in; (echo out); echo on");
    limits({ pids: { limit } })(spec);
    // Before, 0 was none.
    spec.ociVersion = "1.3.0";
  });
  const { stdout, stderr } = await c.call("run");
  expect(stdout).toBe("in\n");
  expect(stderr).toContain("can't fork");
});

test("memory.limit: who takes more is killed", async (t) => {
  requires(t, "root", "busybox", "cgroup-v1");
  const c = container(t, (spec) => {
    // dd has the whole block in memory.
    shell(spec, "dd if=/dev/zero of=/dev/null bs=64M count=1; echo $?");
    limits({ memory: { limit: 16 * 2 ** 20, swap: 16 * 2 ** 20 } })(spec);
  });
  expect((await c.call("run")).stdout).toMatch(/137/);
});

test("cpu.quota: who works longer is throttled", async (t) => {
  requires(t, "root", "busybox", "cgroup-v1");
  const script = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; cat /sys/fs/cgroup/cpu/cpu.stat";
  const told = await output(t, script, (spec) => {
    spec.linux.namespaces.push({ type: "cgroup" });
    spec.mounts.push({ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"] });
    limits({ cpu: { quota: 10_000, period: 50_000 } })(spec);
  });
  expect(Number(/nr_throttled (\d+)/.exec(told)?.[1])).toBeGreaterThan(0);
});

test("cpu.cpus: the program is let on those alone", async (t) => {
  requires(t, "root", "busybox", "cgroup-v1");
  const told = await output(t, "grep allowed_list /proc/self/status", limits({ cpu: { cpus: "0", mems: "0" } }));
  expect(told.replaceAll("\t", "")).toBe("Cpus_allowed_list:0\nMems_allowed_list:0\n");
});

test("cpu.burst and cpu.idle are in their files", async (t) => {
  requires(t, "root", "busybox", "cgroup-v1");
  const said = filesUnder(t, TSRUN, { cpu: { quota: 20_000, burst: 10_000, shares: 100, idle: 1 } });
  expect(said).toMatchObject({ "cpu/cpu.cfs_burst_us": "10000\n", "cpu/cpu.idle": "1\n" });
});

test("a limit that the kernel refuses ends the start, tells the property and leaves nothing", async (t) => {
  requires(t, "root", "busybox", "cgroup-v1");
  const c = container(t, limits({ cpu: { cpus: "4000" } }));
  const { status, stderr } = await c.call("create");
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/cpuset\.cpus.*\/linux\/resources\/cpu\/cpus/s);
  expect(existsSync(`/sys/fs/cgroup/cpuset/${c.id}`)).toBe(false);
  expect((await c.call("state")).status).not.toBe(0);
});

test("an ordinary user without a delegated cgroup is told of the controller", (t) => {
  requires(t, "root", "rootless", "busybox", "cgroup-v1");
  const edit = (spec: Spec) => {
    rootless(spec);
    limits({ pids: { limit: 9 } })(spec);
  };
  const { dir } = bundle(t, edit, { owner: ORDINARY });
  const drop = [`--reuid=${ORDINARY}`, `--regid=${ORDINARY}`, "--clear-groups"];
  const command = [TSRUN, "--root", join(dir, "state"), "run", "--bundle", dir, freshId()];
  const { status, stderr } = spawnSync("setpriv", [...drop, ...command], { encoding: "utf8", timeout: 20_000 });
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/\/linux\/resources\/pids\/limit.*"pids".*Delegate=yes/);
});

const MIB = 2 ** 20;
/** The first loop device, which every host has that has the module. */
const DISK = { major: 7, minor: 0 };

/** Name, and the resources that both runtimes are given. */
const SAME: readonly (readonly [string, object])[] = [
  ["pids", { pids: { limit: 12 } }],
  ["pids without a limit", { pids: { limit: -1 } }],
  ["a limit of memory", { memory: { limit: 64 * MIB } }],
  ["memory without a limit", { memory: { limit: -1 } }],
  ["no swap", { memory: { limit: 64 * MIB, swap: 64 * MIB } }],
  ["memory and swap", { memory: { limit: 64 * MIB, swap: 96 * MIB } }],
  ["memory and unlimited swap", { memory: { limit: 64 * MIB, swap: -1 } }],
  ["a reservation", { memory: { limit: 64 * MIB, reservation: 32 * MIB } }],
  ["swappiness", { memory: { limit: 64 * MIB, swappiness: 10 } }],
  ["no OOM killer", { memory: { limit: 64 * MIB, disableOOMKiller: true } }],
  ["zeros of memory", { memory: { limit: 0, reservation: 0, swap: 0 } }],
  ["shares", { cpu: { shares: 512 } }],
  ["the fewest shares", { cpu: { shares: 2 } }],
  ["quota and period", { cpu: { quota: 20_000, period: 50_000 } }],
  ["a quota alone", { cpu: { quota: 200_000 } }],
  ["a period alone", { cpu: { period: 50_000 } }],
  ["no quota", { cpu: { quota: -1, period: 50_000 } }],
  ["one CPU", { cpu: { cpus: "0" } }],
  ["CPUs and memory nodes", { cpu: { cpus: "0-0", mems: "0" } }],
  ["real time", { cpu: { realtimePeriod: 1_000_000, realtimeRuntime: 0 } }],
  ["zeros of cpu", { cpu: { shares: 0, quota: 0, period: 0 } }],
  ["a weight of block devices", { blockIO: { weight: 500 } }],
  ["the least weight", { blockIO: { weight: 10 } }],
  ["no weight", { blockIO: { weight: 0 } }],
  ["bytes read", { blockIO: { throttleReadBpsDevice: [{ ...DISK, rate: 2 ** 40 }] } }],
  ["bytes written", { blockIO: { throttleWriteBpsDevice: [{ ...DISK, rate: 1 }] } }],
  ["reads", { blockIO: { throttleReadIOPSDevice: [{ ...DISK, rate: 4_294_967_295 }] } }],
  [
    "writes of two disks",
    { blockIO: { throttleWriteIOPSDevice: [1, 2].map((minor) => ({ ...DISK, minor, rate: 9 })) } },
  ],
  ["a rate of 0", { blockIO: { throttleReadBpsDevice: [{ ...DISK, rate: 0 }] } }],
  ["all at once", { pids: { limit: 99 }, memory: { limit: 64 * MIB }, cpu: { shares: 100, quota: 50_000, cpus: "0" } }],
];

test.for(SAME)("the files say the same as with runc: %s", ([, resources], t) => {
  requires(t, "root", "busybox", "cgroup-v1", "runc");
  expect(filesUnder(t, TSRUN, resources)).toEqual(filesUnder(t, "runc", resources));
});

const FILES = [
  "pids/pids.max",
  ...["limit_in_bytes", "memsw.limit_in_bytes", "soft_limit_in_bytes", "swappiness", "oom_control"].map(
    (file) => `memory/memory.${file}`,
  ),
  ...["shares", "cfs_quota_us", "cfs_period_us", "cfs_burst_us", "rt_period_us", "rt_runtime_us", "idle"].map(
    (file) => `cpu/cpu.${file}`,
  ),
  ...["read_bps", "write_bps", "read_iops", "write_iops"].map((file) => `blkio/blkio.throttle.${file}_device`),
  "blkio/blkio.bfq.weight",
  "cpuset/cpuset.cpus",
  "cpuset/cpuset.mems",
];

/** What the files of the cgroup of a container say that was created. */
function filesUnder(t: TestContext, runtime: string, resources: object): Record<string, string> {
  const id = freshId();
  const { dir } = bundle(t, (spec) => {
    limits(resources)(spec);
    spec.linux.cgroupsPath = `/${id}`;
  });
  const command = [runtime, "--root", runtimeRoot(t)];
  const call = (...args: readonly string[]) =>
    execFileSync("timeout", ["20", ...command, ...args], { stdio: ["ignore", "ignore", "inherit"] });
  call("create", "--bundle", dir, id);
  try {
    const read = (file: string) => {
      const [hierarchy = "", name = ""] = file.split("/");
      return readFileSync(`/sys/fs/cgroup/${hierarchy}/${id}/${name}`, "utf8");
    };
    const there = FILES.filter((file) => existsSync(`/sys/fs/cgroup/${file.replace("/", `/${id}/`)}`));
    expect(there.length).toBeGreaterThan(5);
    return Object.fromEntries(there.map((file) => [file, read(file)]));
  } finally {
    call("delete", "--force", id);
  }
}
