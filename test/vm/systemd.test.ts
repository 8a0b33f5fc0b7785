// SPDX-License-Identifier: Apache-2.0
/** Cgroups through systemd, and what it makes of them. systemd.scope(5), systemd.resource-control(5). */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { bundle } from "../live/support/bundle.ts";
import { type Container, container, freshId, shell, until } from "../live/support/container.ts";
import { run, runc, runtimeRoot, TSRUN } from "../live/support/run.ts";
import { rootless, type Spec } from "../live/support/spec.ts";
import { requires } from "../requires.ts";

const SYSTEMD = ["--systemd-cgroup"];
/** Where the units of these tests are. */
const SLICE = "/tsruntest.slice/tsruntest-a.slice";
/** The account of the machine that is no root. */
const USER = 1000;

test("the container is a scope in its slice, and is gone with it", async (t) => {
  const { c, unit } = scoped(t);
  await c.ok("create", SYSTEMD);
  const { pid } = await c.state();
  const cgroup = `${SLICE}/${unit}`;
  expect(readFileSync(`/proc/${pid}/cgroup`, "utf8")).toBe(`0::${cgroup}\n`);
  expect(show(unit, "ActiveState", "Slice", "ControlGroup", "Delegate")).toEqual({
    ActiveState: "active",
    Slice: "tsruntest-a.slice",
    ControlGroup: cgroup,
    Delegate: "yes",
  });
  await c.ok("start");
  await c.ok("kill", [], ["KILL"]);
  await until("it has ended", async () => (await c.status()) === "stopped");
  await c.ok("delete");
  expect(existsSync(`/sys/fs/cgroup${cgroup}`)).toBe(false);
  expect(show(unit, "LoadState")).toEqual({ LoadState: "not-found" });
});

test("without a cgroupsPath it is a scope of the system's slice", async (t) => {
  requires(t, "root", "busybox", "cgroup-v2");
  const c = container(t, (spec) => shell(spec, "cat /proc/self/cgroup"));
  const { stdout } = await c.ok("run", SYSTEMD);
  expect(stdout).toBe(`0::/system.slice/tsrun-${c.id}.scope\n`);
});

test("limits are known to systemd and in force, and stay so when it reloads", async (t) => {
  const { c, unit } = scoped(t, (spec) => {
    spec.linux.resources = {
      memory: { limit: 64 << 20, reservation: 32 << 20, swap: 96 << 20 },
      cpu: { shares: 2048, quota: 12_345, period: 50_000, cpus: "0", mems: "0" },
      pids: { limit: 77 },
    };
  });
  await c.ok("create", SYSTEMD);
  const files = ["memory.max", "memory.low", "memory.swap.max", "cpu.max", "cpu.weight", "cpuset.cpus", "pids.max"];
  const read = () => files.map((file) => readFileSync(`/sys/fs/cgroup${SLICE}/${unit}/${file}`, "utf8").trim());
  const before = read();
  expect(before.slice(0, 4)).toEqual([`${64 << 20}`, `${32 << 20}`, `${32 << 20}`, "12345 50000"]);
  expect(before.slice(5)).toEqual(["0", "77"]);
  expect(
    show(unit, "MemoryMax", "MemoryLow", "MemorySwapMax", "TasksMax", "AllowedCPUs", "CPUQuotaPerSecUSec"),
  ).toEqual({
    MemoryMax: `${64 << 20}`,
    MemoryLow: `${32 << 20}`,
    MemorySwapMax: `${32 << 20}`,
    TasksMax: "77",
    AllowedCPUs: "0",
    CPUQuotaPerSecUSec: "250ms",
  });
  execFileSync("systemctl", ["daemon-reload"]);
  const after = read();
  // systemd counts whole percents of a CPU.
  expect([...after.slice(0, 3), ...after.slice(4)]).toEqual([...before.slice(0, 3), ...before.slice(4)]);
  expect(after[3]).toBe("12500 50000");
});

test("a device that is denied stays so when systemd reloads", async (t) => {
  const { c } = scoped(t, (spec) => {
    // kmsg, which nothing but the rules keeps from whoever has the node.
    spec.linux.devices = [{ path: "/dev/denied", type: "c", major: 1, minor: 11 }];
    spec.linux.resources = { devices: [{ allow: false, access: "rwm" }] };
    shell(
      spec,
      "exec 2>&1; true < /dev/denied; while [ ! -e /tmp/on ]; do sleep 1; done; true < /dev/denied; true < /dev/null && echo null",
    );
  });
  await c.ok("create", SYSTEMD);
  await c.ok("start");
  const refusals = () => c.stdout().match(/denied: Operation not permitted/g)?.length ?? 0;
  await until("it is refused", () => refusals() === 1, 60_000);
  execFileSync("systemctl", ["daemon-reload"]);
  mkdirSync(join(c.rootfs, "tmp/on"), { recursive: true });
  await until("it has ended", async () => (await c.status()) === "stopped", 60_000);
  expect(refusals()).toBe(2);
  expect(c.stdout()).toMatch(/null\n$/);
});

test("a limit of one process leaves room for the start, and bites then", async (t) => {
  const { c, unit } = scoped(t, (spec) => {
    shell(spec, "exec 2>&1; sleep 0; echo forked");
    spec.linux.resources = { pids: { limit: 1 } };
  });
  await c.ok("create", SYSTEMD);
  expect(show(unit, "TasksMax")).toEqual({ TasksMax: "1" });
  await c.ok("start");
  await until("it has ended", async () => (await c.status()) === "stopped", 60_000);
  expect(c.stdout()).toMatch(/can't fork/);
});

test("annotations set properties of the unit", async (t) => {
  const { c, unit } = scoped(t, (spec) => {
    spec.annotations = {
      "org.systemd.property.TimeoutStopSec": "123",
      "org.systemd.property.CollectMode": "'inactive-or-failed'",
    };
  });
  await c.ok("create", SYSTEMD);
  expect(show(unit, "TimeoutStopUSec", "CollectMode")).toEqual({
    TimeoutStopUSec: "2min 3s",
    CollectMode: "inactive-or-failed",
  });
});

test("one that systemd does not know ends the start, and nothing is left", async (t) => {
  const { c, unit } = scoped(t, (spec) => {
    spec.annotations = { "org.systemd.property.NoSuchThing": "true" };
  });
  const { status, stderr } = await c.call("create", SYSTEMD);
  expect(status).not.toBe(0);
  expect(stderr).toContain("NoSuchThing");
  expect(show(unit, "LoadState")).toEqual({ LoadState: "not-found" });
});

test("a start that fails in the container leaves no unit", async (t) => {
  const { c, unit } = scoped(t, (spec) => {
    spec.process.args = ["/no/such/program"];
  });
  expect((await c.call("run", SYSTEMD)).status).not.toBe(0);
  expect(show(unit, "LoadState")).toEqual({ LoadState: "not-found" });
});

test("a unit that failed, as after want of memory, goes with the container", async (t) => {
  const { c, unit } = scoped(t, (spec) => {
    shell(spec, "dd if=/dev/zero of=/dev/null bs=64M count=1");
    spec.linux.resources = { memory: { limit: 16 << 20, swap: 16 << 20 } };
  });
  await c.ok("create", SYSTEMD);
  await c.ok("start");
  await until("it has ended", async () => (await c.status()) === "stopped", 60_000);
  await c.ok("delete");
  expect(show(unit, "LoadState")).toEqual({ LoadState: "not-found" });
});

test("a unit of that name that somebody else has is left alone", async (t) => {
  const { c, unit } = scoped(t);
  const other = spawn("systemd-run", ["--scope", `--unit=${unit}`, "sleep", "1000"], { stdio: "ignore" });
  t.onTestFinished(() => void spawnSync("systemctl", ["stop", unit]));
  await until("it is there", () => show(unit, "ActiveState").ActiveState === "active", 60_000);
  const { status, stderr } = await c.call("create", SYSTEMD);
  expect(status).not.toBe(0);
  expect(stderr).toContain(unit);
  expect(show(unit, "ActiveState")).toEqual({ ActiveState: "active" });
  expect(other.exitCode).toBeNull();
});

test("delete --force ends a running container and its unit", async (t) => {
  const { c, unit } = scoped(t, (spec) => shell(spec, "sleep 1000 & sleep 1000"));
  await c.ok("create", SYSTEMD);
  await c.ok("start");
  await c.ok("delete", ["--force"]);
  expect(show(unit, "LoadState")).toEqual({ LoadState: "not-found" });
});

test("many at once", async (t) => {
  requires(t, "root", "busybox", "cgroup-v2");
  const all = Array.from({ length: 8 }, () => scoped(t, (spec) => shell(spec, "cat /proc/self/cgroup")));
  const answers = await Promise.all(
    all.map(({ c }) => run([TSRUN, ...SYSTEMD, "--root", c.root, "run", c.id], { cwd: c.dir, timeoutMs: 150_000 })),
  );
  const wanted = all.map(({ unit }) => ({ status: 0, stdout: `0::${SLICE}/${unit}\n`, stderr: "" }));
  expect(answers).toMatchObject(wanted);
  for (const { unit } of all) expect(show(unit, "LoadState")).toEqual({ LoadState: "not-found" });
});

test("it lies where runc would have put it", async (t) => {
  requires(t, "root", "busybox", "cgroup-v2", "runc");
  const id = freshId();
  const { dir } = bundle(t, (spec) => {
    shell(spec, "cat /proc/self/cgroup");
    spec.linux.cgroupsPath = `tsruntest-b.slice:some:${id}`;
  });
  const root = runtimeRoot(t, { bin: "runc" });
  const theirs = await runc([...SYSTEMD, "--root", root, "run", id], { cwd: dir, timeoutMs: 120_000 });
  const ours = await run([TSRUN, ...SYSTEMD, "--root", runtimeRoot(t), "run", id], { cwd: dir, timeoutMs: 120_000 });
  expect(theirs.stdout).toContain(id);
  expect(ours).toMatchObject({ status: 0, stdout: theirs.stdout, stderr: "" });
});

test("a user's container is a scope of the user's own systemd, with the limits that it was given", async (t) => {
  requires(t, "root", "busybox", "cgroup-v2");
  execFileSync("systemctl", ["start", `user@${USER}.service`]);
  t.onTestFinished(() => void spawnSync("systemctl", ["stop", `user@${USER}.service`]));
  const { dir } = bundle(
    t,
    (spec) => {
      rootless(spec, USER);
      shell(spec, "cat /proc/self/cgroup");
      spec.linux.resources = { memory: { limit: 64 << 20 }, pids: { limit: 50 } };
    },
    { owner: USER },
  );
  const root = runtimeRoot(t, { owner: USER });
  const id = freshId();
  const tsrun = (env: NodeJS.ProcessEnv, ...args: readonly string[]) =>
    spawnSync("setpriv", [`--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", TSRUN, "--root", root, ...args], {
      cwd: dir,
      env: { PATH: process.env.PATH, ...env },
      // The container keeps what it has open.
      stdio: "ignore",
      timeout: 120_000,
    });
  const env = { XDG_RUNTIME_DIR: `/run/user/${USER}` };
  const cgroup = `/sys/fs/cgroup/user.slice/user-${USER}.slice/user@${USER}.service/user.slice/tsrun-${id}.scope`;
  expect(tsrun(env, ...SYSTEMD, "create", id)).toMatchObject({ status: 0 });
  expect(readFileSync(`${cgroup}/memory.max`, "utf8").trim()).toBe(`${64 << 20}`);
  expect(readFileSync(`${cgroup}/pids.max`, "utf8").trim()).toBe("50");
  // What the environment says by then does not matter.
  expect(tsrun({}, "delete", id)).toMatchObject({ status: 0 });
  expect(existsSync(cgroup)).toBe(false);
}, 300_000);

/** A container with a unit of its own; by default it sleeps. */
function scoped(
  t: TestContext,
  edit: (spec: Spec) => void = () => {},
): { readonly c: Container; readonly unit: string } {
  requires(t, "root", "busybox", "cgroup-v2");
  const name = freshId();
  const c = container(t, (spec) => {
    shell(spec, "exec sleep 1000");
    spec.linux.cgroupsPath = `tsruntest-a.slice:p:${name}`;
    edit(spec);
  });
  return { c, unit: `p-${name}.scope` };
}

function show(unit: string, ...properties: readonly string[]): Record<string, string> {
  const out = execFileSync("systemctl", ["show", unit, `--property=${properties.join(",")}`], { encoding: "utf8" });
  const lines = out.trim().split("\n");
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}
