// SPDX-License-Identifier: Apache-2.0
/** `update`: that new limits bite, say the same as with runc, and are taken back together. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { requires, unmet } from "../requires.ts";
import { bundle, temporary } from "./support/bundle.ts";
import { type Container, container, freshId, shell, until } from "./support/container.ts";
import { type Outcome, type RunOptions, run, runc, runtimeRoot, TSRUN, tsrun } from "./support/run.ts";
import { ORDINARY, rootless, type Spec } from "./support/spec.ts";

const MIB = 2 ** 20;
const FIRST = {
  memory: { limit: 32 * MIB, reservation: 24 * MIB },
  cpu: { shares: 100, quota: 500_000, period: 1_000_000 },
  pids: { limit: 20 },
};

test("a raised pids limit lets a fork succeed", async (t) => {
  const c = await running(t, { pids: { limit: 3 } });
  const fork = () => tsrun(["--root", c.root, "exec", c.id, "sh", "-c", "(sleep 0 & wait) && echo forked"]);
  expect((await fork()).stderr).toContain("can't fork");
  await updated(c, "--pids-limit", "10");
  expect(await fork()).toMatchObject({ status: 0, stdout: "forked\n" });
});

test("a raised memory limit lets a program live that was killed before", async (t) => {
  const c = await running(t, { memory: { limit: 16 * MIB, swap: 16 * MIB } });
  // dd has the whole block in memory.
  const hog = ["exec", c.id, "sh", "-c", "dd if=/dev/zero of=/dev/null bs=64M count=1 2> /dev/null; echo $?"];
  expect((await tsrun(["--root", c.root, ...hog])).stdout).toBe("137\n");
  await updated(c, "--memory", "128M", "--memory-swap", "128M");
  expect((await tsrun(["--root", c.root, ...hog])).stdout).toBe("0\n");
});

test("a quota throttles who works longer", async (t) => {
  const c = await running(t, {}, "while :; do :; done");
  const throttled = () => Number(/^nr_throttled (\d+)/m.exec(file(c, "cpu", "cpu.stat"))?.[1]);
  expect(throttled()).toBe(0);
  await updated(c, "--cpu-quota", "10000", "--cpu-period", "50000");
  await until("it is throttled", () => throttled() > 2);
});

test("a program is moved to the CPUs that are left", async (t) => {
  const script = "while :; do grep allowed_list /proc/self/status | grep Cpus; sleep 0.05; done";
  const c = await running(t, { cpu: { cpus: "0-1" } }, script);
  await updated(c, "--cpuset-cpus", "1");
  await until("it runs on CPU 1 alone", () => /:\s*1\n$/.test(c.stdout()));
});

/** One after the other, on one container of each runtime; runc 1.1 knows no burst and no idle. */
const TABLE: readonly (readonly string[])[] = [
  ["--memory", "67108864"],
  ["--memory", "50M"],
  ["--memory-reservation", "33554432"],
  ["--memory-swap", "-1"],
  ["--memory-swap", "96468992"],
  ["--memory", "30M", "--memory-swap", "50M"],
  ["--memory", "60M", "--memory-swap", "80M"],
  ["--memory", "1.5g", "--memory-swap", "2GiB"],
  ["--memory", "-1"],
  ["--pids-limit", "10"],
  ["--pids-limit", "-1"],
  ["--cpuset-cpus", "1"],
  ["--cpuset-cpus", "0-1", "--cpuset-mems", "0"],
  ["--cpu-period", "900000"],
  ["--cpu-quota", "600000"],
  ["--cpu-quota", "-1"],
  ["--cpu-share", "200"],
  ["--cpu-quota", "-1", "--cpu-period", "100000"],
  ["--cpu-period", "900000", "--cpu-quota", "600000", "--cpu-share", "200", "--memory", "64M", "--pids-limit", "9"],
  ["--cpu-share", "0", "--memory", "0", "--cpu-quota", "0"],
  [],
];

const REFUSED: readonly (readonly string[])[] = [
  ["--memory", "abc"],
  ["--memory", "-2"],
  ["--memory", "5KiB"],
  ["--cpu-share", "1"],
  ["--cpu-quota", "5"],
  ["--cpu-period", "x"],
  ["--cpuset-cpus", "4000"],
  ["--pids-limit", "abc"],
  ["--memory", "64M", "--memory-swap", "10M"],
  ["--l3-cache-schema", "L3:0=f"],
  ["--nonsense"],
];

test("the files of the cgroups say the same as with runc, whatever is asked for", { timeout: 90_000 }, async (t) => {
  requires(t, "root", "busybox", "cgroup-v1", "runc");
  const [ours, theirs] = [tsrun, runc].map((bin) => peer(t, bin));
  if (ours === undefined || theirs === undefined) throw new Error("two peers");
  for (const each of [ours, theirs]) expect(await each.start()).toMatchObject({ status: 0 });
  for (const words of TABLE) {
    const [mine, other] = [await ours.update(words), await theirs.update(words)];
    expect({ words, status: [mine.status, other.status] }).toEqual({ words, status: [0, 0] });
    expect({ words, files: ours.files() }).toEqual({ words, files: theirs.files() });
  }
  const before = ours.files();
  for (const words of REFUSED) {
    const [mine, other] = [await ours.update(words), await theirs.update(words)];
    expect({ words, status: [mine.status, other.status] }).toEqual({ words, status: [1, 1] });
    // runc leaves some of them half-written.
    expect({ words, files: ours.files() }).toEqual({ words, files: before });
  }
  for (const limits of [FIRST, { cpu: { cpus: "0" }, pids: { limit: 7 } }]) {
    const stdin = JSON.stringify(limits);
    for (const each of [ours, theirs]) {
      expect(await each.update(["-r", "-"], { stdin })).toMatchObject({ status: 0, stderr: "" });
    }
    expect(ours.files()).toEqual(theirs.files());
  }
});

const FILES = [
  "memory/memory.limit_in_bytes",
  "memory/memory.memsw.limit_in_bytes",
  "memory/memory.soft_limit_in_bytes",
  "cpu/cpu.shares",
  "cpu/cpu.cfs_quota_us",
  "cpu/cpu.cfs_period_us",
  "cpuset/cpuset.cpus",
  "cpuset/cpuset.mems",
  "pids/pids.max",
];

/** A container of one runtime, with the limits of FIRST. */
function peer(t: TestContext, bin: typeof tsrun) {
  const id = freshId();
  const { dir } = bundle(t, (spec) => {
    shell(spec, "exec sleep 1000");
    spec.linux.cgroupsPath = `/${id}`;
    spec.linux.resources = FIRST;
  });
  const root = bin === runc ? runtimeRoot(t, { bin: "runc" }) : runtimeRoot(t);
  const call = (words: readonly string[], options: RunOptions = {}) => bin(["--root", root, ...words], options);
  return {
    // The container keeps what it gets as output.
    start: () => call(["create", "--bundle", dir, id], { prelude: "exec > /dev/null 2>&1" }),
    update: (words: readonly string[], options?: RunOptions): Promise<Outcome> =>
      call(["update", ...words, id], options),
    files: () =>
      FILES.map((name) => `${name} ${readFileSync(`/sys/fs/cgroup/${name.replace("/", `/${id}/`)}`, "utf8")}`),
  };
}

test("burst and idle are in their files, and a weight goes back when it is idle no more", async (t) => {
  const c = await running(t, FIRST);
  await updated(c, "--cpu-burst", "1000", "--cpu-idle", "1");
  expect(file(c, "cpu", "cpu.cfs_burst_us")).toBe("1000\n");
  expect(file(c, "cpu", "cpu.idle")).toBe("1\n");
  await updated(c, "--cpu-idle", "0", "--cpu-share", "300", "--cpu-burst", "0");
  expect(file(c, "cpu", "cpu.shares")).toBe("300\n");
  expect(file(c, "cpu", "cpu.cfs_burst_us")).toBe("0\n");
});

test("a limit that the kernel refuses takes back those before it, and is told by its option", async (t) => {
  const c = await running(t, FIRST);
  const kept = () => readFileSync(join(c.root, c.id, "config.json"), "utf8");
  const before = kept();
  const words = ["--memory", "128M", "--cpu-share", "500", "--cpuset-cpus", "4000", "--pids-limit", "7"];
  const { status, stderr } = await update(c, ...words);
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/cpuset\.cpus.*for --cpuset-cpus/) });
  expect(stderr).not.toContain("not taken back");
  expect(file(c, "memory", "memory.limit_in_bytes")).toBe(`${32 * MIB}\n`);
  expect(file(c, "cpu", "cpu.shares")).toBe("100\n");
  expect(file(c, "pids", "pids.max")).toBe("20\n");
  expect(kept()).toBe(before);
});

test("a limit of memory below what is in use is refused, and told with what that is", async (t) => {
  const c = await running(t, FIRST);
  const { status, stderr } = await update(c, "--memory", "4096");
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringMatching(/EBUSY.*for --memory\)\n.*uses \d+ bytes/),
  });
  expect(file(c, "memory", "memory.limit_in_bytes")).toBe(`${32 * MIB}\n`);
});

test("what is kept is what the next update goes on from", async (t) => {
  const c = await running(t, {});
  await updated(c, "--memory", "64M");
  // A limit of memory and swap together needs that of memory.
  await updated(c, "--memory-swap", "128M");
  expect(file(c, "memory", "memory.memsw.limit_in_bytes")).toBe(`${128 * MIB}\n`);
  const { linux } = JSON.parse(readFileSync(join(c.root, c.id, "config.json"), "utf8"));
  expect(linux.resources.memory).toEqual({ limit: 64 * MIB, swap: 128 * MIB });
  expect(await tsrun(["--root", c.root, "exec", c.id, "true"])).toMatchObject({ status: 0, stderr: "" });
});

test("findings about resources name the file and the place in it, all at once", async (t) => {
  const c = await running(t, {});
  const path = join(temporary(t), "limits.json");
  writeFileSync(path, '{"memory": {"limit": "much"}, "cpu": {"cpus": "x", "quota": 5}, "pids": {"limit": 9}}');
  const { status, stderr } = await update(c, "-r", path);
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(`${path}: 3 findings`) });
  for (const place of ["/memory/limit", "/cpu/cpus", "/cpu/quota"])
    expect(stderr).toMatch(new RegExp(`^ +${place} `, "m"));
  expect(file(c, "pids", "pids.max")).toBe("max\n");
  writeFileSync(path, "{");
  expect((await update(c, "-r", path)).stderr).toMatch(/limits\.json.*\n.*not JSON: line 1/);
  expect((await update(c, "-r", "/no/file")).stderr).toMatch(/\/no\/file: cannot be read: ENOENT/);
  writeFileSync(path, '{"pids": {"limit": 9}}');
  const ignored = await update(c, "--resources", path, "--memory", "1G");
  expect(ignored).toMatchObject({ status: 0, stderr: expect.stringContaining("--memory is ignored") });
  expect(file(c, "pids", "pids.max")).toBe("9\n");
});

test("a paused container stays paused; one that has ended is refused", async (t) => {
  const c = await running(t, {});
  await tsrun(["--root", c.root, "pause", c.id]);
  await updated(c, "--pids-limit", "9");
  expect(await c.status()).toBe("paused");
  await tsrun(["--root", c.root, "resume", c.id]);
  await c.ok("kill", [], ["KILL"]);
  await until("it has stopped", async () => (await c.status()) === "stopped");
  expect(await update(c, "--pids-limit", "9")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("is not running: it is stopped"),
  });
});

const FUSE = { type: "c", major: 10, minor: 229, access: "rw" };
const DENY_ALL = { allow: false, access: "rwm" };
const ALLOW_ALL = { allow: true, access: "rwm" };

test("rules for devices are replaced, and what both lists allow is never closed in between", async (t) => {
  requires(t, "root", "busybox", "cgroup-v1");
  if (!/^229/m.test(readFileSync("/proc/misc", "utf8"))) unmet(t, "needs /dev/fuse");
  const script =
    "mknod /fuse c 10 229; while :; do (: < /dev/zero) 2>/dev/null || echo closed; (: < /fuse) 2>/dev/null && echo fuse; done";
  const c = await running(t, { devices: [DENY_ALL] }, script);
  const rules = async (...devices: readonly object[]) => {
    const stdin = JSON.stringify({ devices });
    expect(await tsrun(["--root", c.root, "update", "-r", "-", c.id], { stdin })).toMatchObject({
      status: 0,
      stderr: "",
    });
    return c.stdout().length;
  };
  const list = () => file(c, "devices", "devices.list");
  expect(list()).not.toContain("10:229");
  await rules(DENY_ALL, { allow: true, ...FUSE });
  expect(list()).toContain("c 10:229 rw");
  await until("the device is open", () => c.stdout().includes("fuse"));
  // To a list that allows by default, and back: the container is frozen meanwhile.
  for (let round = 0; round < 5; round++) {
    await rules(ALLOW_ALL);
    expect(list()).toBe("a *:* rwm\n");
    await rules(DENY_ALL);
    expect(list()).not.toContain("10:229");
  }
  expect(c.stdout()).not.toContain("closed");
  expect(await c.status()).toBe("running");
});

test("while the default of devices changes, the container is frozen", async (t) => {
  requires(t, "strace");
  const c = await running(t, { devices: [DENY_ALL] });
  const trace = join(temporary(t), "trace");
  const command = [
    "strace",
    "-f",
    "-o",
    trace,
    "-e",
    "trace=write",
    TSRUN,
    "--root",
    c.root,
    "update",
    "-r",
    "-",
    c.id,
  ];
  expect(await run(command, { stdin: JSON.stringify({ devices: [ALLOW_ALL] }) })).toMatchObject({ status: 0 });
  const written = [...readFileSync(trace, "utf8").matchAll(/write\(\d+, "(FROZEN|THAWED|a \*:\* rwm)"/g)];
  expect(written.map(([, data]) => data)).toEqual(["FROZEN", "a *:* rwm", "THAWED"]);
});

test("cgroup v2: the program that decides about devices is replaced", async (t) => {
  requires(t, "root", "busybox");
  if (!/^229/m.test(readFileSync("/proc/misc", "utf8"))) unmet(t, "needs /dev/fuse");
  const id = freshId();
  const root = runtimeRoot(t);
  const { dir, rootfs } = bundle(t, (spec) => {
    const look = "(: < /fuse) 2>/dev/null && echo open > /told || echo shut > /told";
    shell(spec, `mknod /fuse c 10 229; while :; do (: < /dev/zero) || echo > /closed; ${look}; done`);
    spec.root.readonly = false;
    spec.linux.cgroupsPath = `/${id}`;
    spec.linux.resources = { devices: [DENY_ALL] };
  });
  const prelude = "umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup";
  const call = (words: readonly string[], options: RunOptions = {}) =>
    tsrun(["--root", root, ...words], { prelude, ...options });
  await call(["run", "--detach", "--bundle", dir, id], { prelude: `${prelude}; exec > /dev/null 2>&1` });
  const told = () => (existsSync(join(rootfs, "told")) ? readFileSync(join(rootfs, "told"), "utf8") : "");
  const rules = async (...devices: readonly object[]) => {
    const answer = await call(["update", "-r", "-", id], { stdin: JSON.stringify({ devices }) });
    expect(answer).toMatchObject({ status: 0, stderr: "" });
  };
  await until("it is shut", () => told() === "shut\n");
  await rules(DENY_ALL, { allow: true, ...FUSE });
  await until("it is open", () => told() === "open\n");
  await rules(ALLOW_ALL, { allow: false, ...FUSE });
  await until("it is shut again", () => told() === "shut\n");
  expect(existsSync(join(rootfs, "closed"))).toBe(false);
  const stats = JSON.parse((await call(["events", "--stats", id])).stdout);
  expect(stats.data.cpu.usage.total).toBeGreaterThan(0);
  await call(["delete", "--force", id]);
});

test("a list that cgroup v1 cannot keep is a finding, and changes nothing", async (t) => {
  const c = await running(t, { devices: [DENY_ALL] });
  const before = file(c, "devices", "devices.list");
  const devices = [DENY_ALL, { allow: true, type: "c", major: 10, access: "rw" }, { allow: false, ...FUSE }];
  const stdin = JSON.stringify({ devices, pids: { limit: 9 } });
  const { status, stderr } = await tsrun(["--root", c.root, "update", "-r", "-", c.id], { stdin });
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/standard input.*\n +\/devices\/2 /) });
  expect(file(c, "devices", "devices.list")).toBe(before);
  expect(file(c, "pids", "pids.max")).toBe("max\n");
});

test("an ordinary user without a cgroup is told of the controller", async (t) => {
  requires(t, "root", "rootless", "busybox", "cgroup-v1");
  const id = freshId();
  const root = runtimeRoot(t, { owner: ORDINARY });
  const edit = (spec: Spec) => {
    rootless(spec);
    shell(spec, "exec sleep 1000");
  };
  const { dir } = bundle(t, edit, { owner: ORDINARY });
  const call = (...words: readonly string[]) => tsrun(["--root", root, ...words], { as: "user" });
  // The container keeps what it gets as output.
  const quiet = { as: "user", prelude: "exec > /dev/null 2>&1" } as const;
  expect(await tsrun(["--root", root, "create", "--bundle", dir, id], quiet)).toMatchObject({ status: 0 });
  const { status, stderr } = await call("update", "--pids-limit", "9", id);
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringMatching(/--pids-limit.*"pids".*Delegate=yes/),
  });
  const events = await call("events", "--stats", id);
  expect(events).toMatchObject({ status: 1, stderr: expect.stringMatching(/has no cgroup.*Delegate=yes/) });
});

/** A container that runs, with a cgroup of its id in each hierarchy. */
async function running(t: TestContext, resources: object, script = "exec sleep 1000"): Promise<Container> {
  requires(t, "root", "busybox", "cgroup-v1");
  const id = freshId();
  const edit = (spec: Spec) => {
    shell(spec, script);
    spec.linux.cgroupsPath = `/${id}`;
    spec.linux.resources = resources;
  };
  const c = container(t, edit, { id });
  await c.ok("create");
  await c.ok("start");
  return c;
}

function update(c: Container, ...words: readonly string[]): Promise<Outcome> {
  return tsrun(["--root", c.root, "update", ...words, c.id]);
}

async function updated(c: Container, ...words: readonly string[]): Promise<void> {
  expect(await update(c, ...words)).toMatchObject({ status: 0, stderr: "" });
}

function file({ id }: Container, controller: string, name: string): string {
  return readFileSync(`/sys/fs/cgroup/${controller}/${id}/${name}`, "utf8");
}
