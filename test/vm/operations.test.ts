// SPDX-License-Identifier: Apache-2.0
/** exec, pause, resume, ps, update and events on cgroup v2. cgroups(7), the kernel's admin-guide/cgroup-v2. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, type TestContext, test } from "vitest";
import { type Container, container, freshId, shell, until } from "../live/support/container.ts";
import { launch, type Outcome, run, runtimeRoot, TSRUN } from "../live/support/run.ts";
import type { Spec } from "../live/support/spec.ts";
import { requires } from "../requires.ts";
import { PROFILE_NAME, withProfile } from "./support/apparmor.ts";

const MIB = 2 ** 20;

test("exec joins the container's cgroup, and its limits", async (t) => {
  const { c, path } = await running(t, "exec sleep 1000", { pids: { limit: 3 } });
  expect(await on(c, "exec", ["sh", "-c", "cat /proc/self/cgroup"])).toMatchObject({ status: 0, stdout: "0::/\n" });
  const { stderr } = await on(c, "exec", ["sh", "-c", "sleep 1 & sleep 1 & sleep 1 & wait"]);
  expect(stderr).toContain("can't fork");
  expect(readFileSync(`${path}/pids.max`, "utf8")).toBe("3\n");
});

/** systemd in a container does so: the kernel then lets no process into the cgroup itself. */
const MOVES = `cd /sys/fs/cgroup; mkdir init; echo 0 > init/cgroup.procs
echo +pids > cgroup.subtree_control && echo moved; exec sleep 1000`;

test("exec joins the init where that has moved to", async (t) => {
  const { c, path } = await running(t, MOVES, { pids: { limit: 20 } });
  await until("the init has moved", () => c.stdout().includes("moved"));
  const script = "cat /proc/self/cgroup; echo inside";
  expect(await on(c, "exec", ["sh", "-c", script])).toMatchObject({ status: 0, stdout: "0::/init\ninside\n" });
  expect(readFileSync(`${path}/cgroup.procs`, "utf8")).toBe("");
});

test("exec joins the cgroup below the container's that --cgroup names", async (t) => {
  const { c } = await running(t, `${MOVES.replace("exec sleep", "mkdir other; echo made; exec sleep")}`, {});
  await until("it is made", () => c.stdout().includes("made"));
  const cat = ["cat", "/proc/self/cgroup"];
  expect(await on(c, "exec", cat, ["--cgroup", "other"])).toMatchObject({ status: 0, stdout: "0::/other\n" });
  expect((await on(c, "exec", cat, ["--cgroup", "none"])).status).not.toBe(0);
  expect((await on(c, "exec", cat, ["--cgroup", "../none"])).status).not.toBe(0);
});

test("exec runs under the profile that it is given, and else under the container's", async (t) => {
  requires(t, "apparmor");
  withProfile(t);
  const { c } = await running(t, "exec sleep 1000", {}, (spec) => {
    spec.process.apparmorProfile = PROFILE_NAME;
  });
  const script = "cat /proc/self/attr/current; cat /etc/hostname";
  const own = await on(c, "exec", ["sh", "-c", script]);
  expect(own.stdout).toBe(`${PROFILE_NAME} (enforce)\n`);
  expect(own.stderr).toContain("Permission denied");
  const other = await running(t, "exec sleep 1000", {});
  const given = await on(other.c, "exec", ["sh", "-c", script], ["--apparmor", PROFILE_NAME]);
  expect(given.stdout).toBe(`${PROFILE_NAME} (enforce)\n`);
  expect(given.stderr).toContain("Permission denied");
});

test("a paused container stands still until it is resumed, and state tells so", async (t) => {
  const { c, path } = await running(t, "while :; do echo tick; sleep 0.1; done", {});
  await until("it ticks", () => c.stdout() !== "");
  expect(await on(c, "pause")).toMatchObject({ status: 0, stderr: "" });
  expect(readFileSync(`${path}/cgroup.events`, "utf8")).toContain("frozen 1");
  expect(await c.status()).toBe("paused");
  const before = c.stdout();
  await sleep(1000);
  expect(c.stdout()).toBe(before);
  expect((await on(c, "exec", ["true"])).status).not.toBe(0);
  expect(await on(c, "resume")).toMatchObject({ status: 0, stderr: "" });
  await until("it ticks again", () => c.stdout() !== before);
  expect(await c.status()).toBe("running");
});

test("kill ends a paused container", async (t) => {
  const { c } = await running(t, "exec sleep 1000", {});
  await on(c, "pause");
  await c.ok("kill", [], ["KILL"]);
  await until("it has stopped", async () => (await c.status()) === "stopped");
});

test("ps lists the processes of the cgroups below, too", async (t) => {
  const { c } = await running(t, MOVES, {});
  await until("the init has moved", () => c.stdout().includes("moved"));
  const { pid } = await c.state();
  expect(JSON.parse((await on(c, "ps", [], ["--format", "json"])).stdout)).toEqual([pid]);
  expect((await on(c, "ps")).stdout).toMatch(new RegExp(`^\\S+ +${pid} .*sleep`, "m"));
});

test("update lets a program live that the limit killed before, and says what runc says", async (t) => {
  requires(t, "runc");
  const limits = { memory: { limit: 16 * MIB, swap: 16 * MIB }, pids: { limit: 20 } };
  const { c, path } = await running(t, "exec sleep 1000", limits);
  const hog = ["sh", "-c", "dd if=/dev/zero of=/dev/null bs=64M count=1 2> /dev/null; echo $?"];
  expect((await on(c, "exec", hog)).stdout).toBe("137\n");
  const options = [
    "--memory",
    `${128 * MIB}`,
    "--memory-swap",
    `${160 * MIB}`,
    "--cpu-share",
    "512",
    "--pids-limit",
    "9",
  ];
  expect(await on(c, "update", [], options)).toMatchObject({ status: 0, stderr: "" });
  expect((await on(c, "exec", hog)).stdout).toBe("0\n");
  const theirs = updatedByRunc(t, c, options);
  const files = ["memory.max", "memory.swap.max", "pids.max"];
  expect(files.map((file) => read(path, file))).toEqual(files.map((file) => read(theirs, file)));
});

test("an update that the kernel refuses takes back what came before", async (t) => {
  const { c, path } = await running(t, "exec sleep 1000", { pids: { limit: 20 } });
  const { status, stderr } = await on(c, "update", [], ["--pids-limit", "9", "--cpuset-cpus", "4000"]);
  expect(status).not.toBe(0);
  expect(stderr).toContain("cpuset.cpus");
  expect(read(path, "pids.max")).toBe("20");
});

test("events tells of the use, and of each kill for want of memory", async (t) => {
  const { c } = await running(t, "exec sleep 1000", { memory: { limit: 24 * MIB, swap: 24 * MIB } });
  const { data } = JSON.parse((await on(c, "events", [], ["--stats"])).stdout);
  expect(data.pids.current).toBe(1);
  expect(data.memory.usage.limit).toBe(24 * MIB);
  const { child, outcome } = launch([TSRUN, "--root", c.root, "events", "--interval", "500ms", c.id], {
    timeoutMs: 60_000,
  });
  let text = "";
  child.stdout?.on("data", (chunk: string) => {
    text += chunk;
  });
  await until("it watches", () => text !== "", 20_000);
  await on(c, "exec", ["sh", "-c", "dd if=/dev/zero of=/dev/null bs=64M count=1"]);
  await until("it has told", () => text.includes('"oom"'), 20_000);
  await c.ok("kill", [], ["KILL"]);
  expect((await outcome).status).toBe(0);
});

/** A container that runs the script, with a cgroup mount that it may write to. */
async function running(t: TestContext, script: string, resources: object, edit: (spec: Spec) => void = () => {}) {
  requires(t, "root", "busybox", "cgroup-v2");
  const cgroupsPath = `/operations/${freshId()}`;
  const c = container(t, (spec) => {
    shell(spec, script);
    spec.linux.namespaces.push({ type: "cgroup" });
    spec.mounts.push({ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw", "nosuid"] });
    spec.linux.cgroupsPath = cgroupsPath;
    spec.linux.resources = resources;
    edit(spec);
  });
  await c.ok("create");
  await c.ok("start");
  return { c, path: `/sys/fs/cgroup${cgroupsPath}` };
}

/** `tsrun COMMAND OPTIONS ID ARGS`. */
function on(
  c: Container,
  command: string,
  args: readonly string[] = [],
  options: readonly string[] = [],
): Promise<Outcome> {
  return run([TSRUN, "--root", c.root, command, ...options, c.id, ...args]);
}

/** The cgroup of a container of runc's that had the same limits, after the same update. */
function updatedByRunc(t: TestContext, c: Container, options: readonly string[]): string {
  const root = runtimeRoot(t, { bin: "runc" });
  const id = freshId();
  // The container keeps what it has open.
  const call = (...words: readonly string[]) =>
    expect(spawnSync("runc", ["--root", root, ...words], { cwd: c.dir, stdio: "ignore" }).status).toBe(0);
  call("create", id);
  call("update", ...options, id);
  return `/sys/fs/cgroup${c.spec.linux.cgroupsPath}`;
}

function read(dir: string, file: string): string {
  return readFileSync(`${dir}/${file}`, "utf8").trim();
}
