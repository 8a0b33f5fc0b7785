// SPDX-License-Identifier: Apache-2.0
/** Options that say where things are, and which containers are meant. */
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";
import { requires } from "../requires.ts";
import { bundle, temporary } from "./support/bundle.ts";
import { container, freshId, shell, tsrunAnswer, until } from "./support/container.ts";
import { PIDFD_RECEIVER } from "./support/receiver.ts";
import { launch, run, runtimeRoot, TSRUN } from "./support/run.ts";
import { ORDINARY, rootless } from "./support/spec.ts";

test("--config is read in place of the bundle's config.json", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => shell(spec, "echo other"));
  const other = join(temporary(t), "other.json");
  renameSync(join(c.dir, "config.json"), other);
  expect((await c.call("run")).status).toBe(1);
  expect(await c.ok("run", ["--config", other])).toMatchObject({ stdout: "other\n" });
});

test("spec --file writes there, and nothing that is there already", async (t) => {
  requires(t, "dist");
  const dir = temporary(t);
  const file = join(dir, "other.json");
  expect((await run([TSRUN, "spec", "--file", file], { cwd: dir })).status).toBe(0);
  expect(parseConfig(readFileSync(file, "utf8"), file).process?.cwd).toBe("/");
  expect(existsSync(join(dir, "config.json"))).toBe(false);
  const again = await run([TSRUN, "spec", "-f", file], { cwd: dir });
  expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining("exists") });
});

test("kill and delete with --regex mean every container that matches, and no other", async (t) => {
  requires(t, "root");
  const sleep = (name: string, root?: string) =>
    container(t, (spec) => shell(spec, "exec sleep 1000"), { id: `${name}-${freshId()}`, ...(root && { root }) });
  const first = sleep("web-1");
  const others = [sleep("web-2", first.root), sleep("db", first.root)];
  const all = [first, ...others];
  for (const c of all) await c.ok("run", ["--detach"]);
  const call = (...words: string[]) => tsrunAnswer(["--root", first.root, ...words], temporary(t));
  expect((await call("kill", "--regex", "^web-", "KILL")).status).toBe(0);
  await until("two are stopped", async () => (await others[0]?.status()) === "stopped");
  expect(await Promise.all(all.map((c) => c.status()))).toEqual(["stopped", "stopped", "running"]);
  expect((await call("delete", "--regex", "^web-")).status).toBe(0);
  expect((await call("list", "--quiet")).stdout).toBe(`${all[2]?.id}\n`);
  expect((await call("delete", "--force", "--regex", ".")).status).toBe(0);
  expect((await call("delete", "--regex", "(")).stderr).toContain("--regex (");
});

test("--rootless says whether a container may go without the cgroup that it may not have", async (t) => {
  requires(t, "rootless");
  const { dir } = bundle(t, (spec) => rootless(spec), { owner: ORDINARY });
  const root = runtimeRoot(t, { owner: ORDINARY });
  const attempt = (...words: string[]) =>
    run([TSRUN, "--root", root, ...words, "run", "--bundle", dir, freshId()], { as: "user" });
  expect((await attempt()).status).toBe(0);
  expect((await attempt("--rootless", "true")).status).toBe(0);
  const refused = await attempt("--rootless=false");
  expect(refused).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/mkdir\(.*cgroup.* = -1 E(ACCES|PERM|ROFS)/),
  });
});

test("--no-subreaper: an orphan is left to the caller's reaper, as it is without", async (t) => {
  requires(t, "root", "python3");
  const c = container(t, (spec) => {
    // Without a pid namespace of its own, an orphan goes to a reaper of the host.
    spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== "pid");
    shell(spec, "(sh -c 'sleep 0.3; grep PPid /proc/self/status >/orphan' &) ; sleep 1");
  });
  const subreaper = [
    "import ctypes, os, subprocess, sys",
    "ctypes.CDLL(None).prctl(36, 1)",
    "print(os.getpid(), flush=True)",
    "subprocess.run(sys.argv[1:])",
  ].join("\n");
  const words = ["--root", c.root, "run", "--no-subreaper", "--bundle", c.dir, c.id];
  const { status, stdout } = await run(["python3", "-c", subreaper, TSRUN, ...words]);
  expect(status).toBe(0);
  const parent = /PPid:\s+(\d+)/.exec(readFileSync(join(c.rootfs, "orphan"), "utf8"))?.[1];
  expect(parent).toBe(stdout.split("\n")[0]);
});

test.for(["create", "run", "exec"] as const)(
  "%s sends a pidfd of the process to --pidfd-socket",
  async (command, t) => {
    requires(t, "root", "python3");
    const c = container(t, (spec) => shell(spec, "exec sleep 1000"));
    const path = join(temporary(t), "pidfd.sock");
    const { child, outcome } = launch(["python3", "-c", PIDFD_RECEIVER, path]);
    let shown = "";
    child.stdout?.on("data", (chunk: string) => {
      shown += chunk;
    });
    await until("somebody listens", () => shown.includes("listening"));
    const pidFile = join(temporary(t), "pid");
    const options = ["--pidfd-socket", path, "--pid-file", pidFile];
    if (command === "exec") {
      await c.ok("run", ["--detach"]);
      const words = ["--root", c.root, "exec", "--detach", ...options, c.id, "sleep", "1000"];
      expect((await tsrunAnswer(words, temporary(t))).status).toBe(0);
    } else await c.ok(command, command === "run" ? ["--detach", ...options] : options);
    expect((await outcome).stdout).toBe(`listening\n${readFileSync(pidFile, "utf8")}\n`);
    await tsrunAnswer(["--root", c.root, "delete", "--force", c.id], temporary(t));
  },
);

test("kill --all reaches every process of the container, and kill the first alone", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => {
    // With a pid namespace of its own, the end of the first would be that of all.
    spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== "pid");
    shell(spec, "sh -c 'trap \"touch /term\" TERM; touch /up; while :; do sleep 0.05; done' & exec sleep 1000");
  });
  await c.ok("run", ["--detach"]);
  await until("both run", () => existsSync(join(c.rootfs, "up")));
  await c.ok("kill", [], ["TERM"]);
  await until("the first has ended", async () => (await c.status()) === "stopped");
  expect(existsSync(join(c.rootfs, "term"))).toBe(false);
  await c.ok("kill", ["--all"], ["TERM"]);
  await until("the other has its signal", () => existsSync(join(c.rootfs, "term")));
  await c.ok("delete", ["--force"]);
});

test("--debug has the log tell what was done, and how long it took", async (t) => {
  requires(t, "root");
  const log = join(temporary(t), "log");
  const root = runtimeRoot(t);
  for (const words of [[], ["--debug"]]) {
    const globals = ["--root", root, "--log", log, "--log-format", "json", ...words];
    expect(await run([TSRUN, ...globals, "list"])).toMatchObject({ status: 0, stderr: "" });
    const lines = existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(Boolean) : [];
    const said = lines.map((line) => JSON.parse(line) as { level: string; msg: string });
    expect(said.map(({ level }) => level)).toEqual(words.length === 0 ? [] : ["debug", "debug"]);
    if (words.length > 0) expect(said[1]?.msg).toMatch(/^list: done after \d+\.\d ms, exit code 0$/);
  }
});

test("--version has a line each for name, commit and specification", async (t) => {
  requires(t, "dist");
  for (const flag of ["--version", "-v"]) {
    const { status, stdout } = await run([TSRUN, flag]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^tsrun version \d+\.\d+\.\d+\S*\n(commit: \S+\n)?spec: 1\.3\.\d+\nnode: \S+\n$/);
  }
});

test("--cgroup-manager disabled leaves the container in the caller's cgroup", async (t) => {
  requires(t, "root");
  const { dir } = bundle(t, (spec) => {
    spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== "cgroup");
    shell(spec, "cat /proc/self/cgroup");
  });
  const own = readFileSync("/proc/self/cgroup", "utf8");
  const of = async (manager: string) => {
    const words = ["--root", runtimeRoot(t), "--cgroup-manager", manager, "run", "--bundle", dir, freshId()];
    return (await run([TSRUN, ...words])).stdout;
  };
  expect(await of("disabled")).toBe(own);
  expect(await of("cgroupfs")).not.toBe(own);
});

test("update sets weights, real time and the kernel's own memory where this kernel has them", async (t) => {
  requires(t, "root", "cgroup-v1");
  const c = container(t, (spec) => shell(spec, "exec sleep 1000"));
  await c.ok("run", ["--detach"]);
  const { pid } = await c.state();
  const file = (controller: string, name: string) => {
    const own = readFileSync(`/proc/${pid}/cgroup`, "utf8").split("\n");
    const path = own.map((line) => line.split(":")).find(([, names]) => names?.split(",").includes(controller))?.[2];
    return join("/sys/fs/cgroup", controller, path ?? "", name);
  };
  for (const [flag, value, controller, ...names] of [
    ["--cpu-rt-period", "500000", "cpu", "cpu.rt_period_us"],
    ["--cpu-rt-runtime", "10000", "cpu", "cpu.rt_runtime_us"],
    ["--blkio-weight", "300", "blkio", "blkio.bfq.weight", "blkio.weight"],
    ["--kernel-memory-tcp", "52428800", "memory", "memory.kmem.tcp.limit_in_bytes"],
  ] as const) {
    const path = names.map((name) => file(controller, name)).find((each) => existsSync(each));
    const { status, stderr } = await tsrunAnswer(["--root", c.root, "update", flag, value, c.id], temporary(t));
    if (path === undefined) expect([status, stderr]).toEqual([1, expect.stringContaining(flag)]);
    else expect([flag, status, readFileSync(path, "utf8").trim()]).toEqual([flag, 0, value]);
  }
  const told = await tsrunAnswer(["--root", c.root, "update", "--kernel-memory", "50M", c.id], temporary(t));
  expect(told).toMatchObject({ status: 0, stderr: expect.stringContaining("--kernel-memory has no effect") });
  await c.ok("delete", ["--force"]);
});

test("exec refuses a profile or label of a security module that the kernel does not have", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => shell(spec, "exec sleep 1000"));
  await c.ok("run", ["--detach"]);
  for (const [flag, pointer, module] of [
    ["--apparmor", "/process/apparmorProfile", "/sys/module/apparmor"],
    ["--process-label", "/process/selinuxLabel", "/sys/fs/selinux/enforce"],
  ] as const) {
    if (existsSync(module)) continue;
    const { status, stderr } = await tsrunAnswer(["--root", c.root, "exec", flag, "x", c.id, "true"], temporary(t));
    expect([status, stderr]).toEqual([255, expect.stringContaining(pointer)]);
  }
  await c.ok("delete", ["--force"]);
});
