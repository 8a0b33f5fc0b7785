// SPDX-License-Identifier: Apache-2.0
/** What callers of runc see of the command line: arguments, exit codes, output, logs, signals. */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle, temporary } from "./support/bundle.ts";
import { container, shell, until } from "./support/container.ts";
import { launch, run, runtimeRoot, TSRUN } from "./support/run.ts";
import type { Spec } from "./support/spec.ts";

// Cgroups go by the id: one that no other test on this machine has.
const ID = `cli-${process.pid}`;
const here = (t: TestContext, edit?: (spec: Spec) => void) => container(t, edit, { id: ID });

const SLEEP = "touch /started; exec sleep 1000";

test.for([
  ["exit 0", 0],
  ["exit 7", 7],
  ["exit 255", 255],
] as const)("run of '%s' ends with %i", async ([script, status], t) => {
  requires(t, "root");
  expect(await here(t, (spec) => shell(spec, script)).call("run")).toEqual({ status, stdout: "", stderr: "" });
});

test.for(["KILL", "9", "SIGKILL", "kill"])("kill %s ends a run in the foreground with 137", async (signal, t) => {
  requires(t, "root");
  const c = here(t, (spec) => shell(spec, SLEEP));
  const running = c.call("run");
  await until("it runs", () => existsSync(join(c.rootfs, "started")));
  await c.ok("kill", [], [signal]);
  expect((await running).status).toBe(137);
});

test("kill sends SIGTERM unless told, and refuses what is no signal", async (t) => {
  requires(t, "root");
  const c = here(t, (spec) => shell(spec, "trap 'exit 3' TERM; touch /started; while :; do sleep 0.05; done"));
  const running = c.call("run");
  await until("it runs", () => existsSync(join(c.rootfs, "started")));
  const refused = await c.call("kill", [], ["FOO"]);
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining("unknown signal") });
  await c.ok("kill");
  expect((await running).status).toBe(3);
});

test("signals to a run in the foreground reach the container's init", async (t) => {
  requires(t, "root");
  const script = "trap 'echo usr1' USR1; trap 'echo term; exit 4' TERM; echo ready; while :; do sleep 0.05; done";
  const root = runtimeRoot(t);
  const { dir } = bundle(t, (spec) => shell(spec, script));
  const { child, outcome } = launch([TSRUN, "--root", root, "run", ID], { cwd: dir });
  let seen = "";
  child.stdout?.on("data", (chunk: string) => {
    seen += chunk;
  });
  await until("it is ready", () => seen.includes("ready"));
  child.kill("SIGUSR1");
  await until("the first signal is there", () => seen.includes("usr1"));
  child.kill("SIGTERM");
  expect(await outcome).toMatchObject({ status: 4, stdout: "ready\nusr1\nterm\n" });
});

test("a signal that comes before the container runs waits for it", async (t) => {
  requires(t, "root");
  const root = runtimeRoot(t);
  const { dir } = bundle(t, (spec) => {
    shell(spec, "exec sleep 1000");
    // The init of a pid namespace would ignore the signal.
    spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== "pid");
  });
  const { child, outcome } = launch([TSRUN, "--root", root, "run", ID], { cwd: dir });
  const catches = () => /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? "0";
  // The last that is taken over; Node itself catches SIGTERM before it runs anything.
  const SIGSYS = 1n << 30n;
  await until("signals are caught", () => (BigInt(`0x${catches()}`) & SIGSYS) !== 0n);
  child.kill("SIGTERM");
  expect(await outcome).toMatchObject({ status: 143, stderr: "" });
});

test("bundle and pid file are relative to the caller's directory", async (t) => {
  requires(t, "root");
  const root = runtimeRoot(t);
  const { dir } = bundle(t, (spec) => shell(spec, SLEEP));
  const cwd = temporary(t);
  const options = ["--bundle", relative(cwd, dir), "--pid-file", "pid"];
  expect(
    await run([TSRUN, "--root", root, "create", ...options, ID], { cwd, fds: [], prelude: "exec > /dev/null 2>&1" }),
  ).toMatchObject({ status: 0 });
  const state = JSON.parse((await run([TSRUN, "--root", root, "state", ID])).stdout) as {
    pid: number;
    bundle: string;
  };
  expect(readFileSync(join(cwd, "pid"), "utf8")).toBe(String(state.pid));
  expect(state.bundle).toBe(dir);
});

test("list and state have the keys of runc", async (t) => {
  requires(t, "root", "runc");
  const c = here(t, (spec) => {
    shell(spec, SLEEP);
    spec.annotations = { "org.example.key": "value" };
  });
  const theirs = temporary(t);
  t.onTestFinished(async () => {
    await run(["runc", "--root", theirs, "delete", "--force", `theirs-${ID}`]);
  });
  await c.ok("create");
  await run(["runc", "--root", theirs, "create", "--bundle", c.dir, `theirs-${ID}`], {
    prelude: "exec > /dev/null 2>&1",
  });
  for (const command of [["list", "--format", "json"], ["state"]]) {
    const ask = async (bin: string, root: string, id: string) => {
      const words = command[0] === "state" ? [...command, id] : command;
      return JSON.parse((await run([bin, "--root", root, ...words])).stdout) as object | object[];
    };
    const [ours, other] = [await ask(TSRUN, c.root, ID), await ask("runc", theirs, `theirs-${ID}`)];
    const keys = (value: object | object[]) => Object.keys(Array.isArray(value) ? (value[0] ?? {}) : value);
    expect(keys(ours)).toEqual(keys(other));
  }
  expect((await run([TSRUN, "--root", c.root, "list", "--quiet"])).stdout).toBe(`${ID}\n`);
  const table = (await run([TSRUN, "--root", c.root, "list"])).stdout.split("\n");
  expect(table[0]?.split(/ +/)).toEqual(["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]);
  expect(table[1]?.split(/ +/)).toEqual([
    ID,
    expect.stringMatching(/^\d+$/),
    "created",
    c.dir,
    expect.any(String),
    "root",
  ]);
});

test("without a root directory there are no containers", async (t) => {
  requires(t, "dist");
  const root = join(temporary(t), "none");
  expect(await run([TSRUN, "--root", root, "list", "-q"])).toMatchObject({ status: 0, stdout: "" });
  expect((await run([TSRUN, "--root", root, "list", "-f", "json"])).stdout.trim()).toMatch(/^(\[\]|null)$/);
});

test("a failure is an error in the log, and told on stderr", async (t) => {
  requires(t, "root");
  const c = here(t, (spec) => {
    spec.process.args = ["/no/such/program"];
  });
  const log = join(temporary(t), "log.json");
  const options = ["--root", c.root, "--log", log, "--log-format", "json"];
  const outcome = await run([TSRUN, ...options, "run", "--bundle", c.dir, ID]);
  expect(outcome.status).toBe(1);
  expect(outcome.stderr).toContain("/no/such/program");
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  const last = JSON.parse(lines.at(-1) ?? "") as { level: string; msg: string; time: string };
  expect(last).toEqual({
    level: "error",
    msg: expect.stringMatching(/no such file or directory/i),
    time: expect.any(String),
  });
  expect(Number.isNaN(Date.parse(last.time))).toBe(false);
});

test("delete of a container that does not exist fails, by force it is fine", async (t) => {
  requires(t, "root");
  const c = here(t);
  expect((await c.call("delete")).status).toBe(1);
  expect(await c.call("delete", ["--force"])).toMatchObject({ status: 0, stderr: "" });
});

test("run --keep leaves a stopped container, run without it leaves none", async (t) => {
  requires(t, "root");
  const c = here(t);
  expect((await c.call("run", ["--keep"])).status).toBe(0);
  expect(await c.status()).toBe("stopped");
  await c.ok("delete");
  expect((await c.call("run")).status).toBe(0);
  expect((await c.call("state")).status).toBe(1);
});

test("run --detach returns when the process runs", async (t) => {
  requires(t, "root");
  const c = here(t, (spec) => shell(spec, SLEEP));
  expect((await c.call("run", ["--detach"])).status).toBe(0);
  expect(await c.status()).toBe("running");
});

test("a command line that is not understood changes nothing", async (t) => {
  requires(t, "root");
  const c = here(t);
  for (const options of [["--nope"], ["--preserve-fds", "x"], ["--no-pivot=perhaps"]]) {
    expect((await c.call("create", options)).status).toBe(1);
  }
  expect((await c.call("state")).status).toBe(1);
});

test("a reader that goes away early is no error of ours to talk about", async (t) => {
  requires(t, "dist");
  const outcome = await run(["sh", "-c", '"$1" features | head -c 1', "sh", TSRUN]);
  expect(outcome).toMatchObject({ status: 0, stdout: "{", stderr: "" });
});
