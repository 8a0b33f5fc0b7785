// SPDX-License-Identifier: Apache-2.0
/** `exec`: its exit status, its containers, its descriptors, and what it leaves behind. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle, temporary } from "./support/bundle.ts";
import { container, shell, until } from "./support/container.ts";
import { execIn, execLine, shellIn, sleeping } from "./support/exec.ts";
import { launch, run, runtimeRoot, TSRUN, tsrun } from "./support/run.ts";
import { ORDINARY, rootless, type Spec } from "./support/spec.ts";

test("the exit status is the process's, 128+n if signal n ended it, and 255 if there is none", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  expect(await shellIn(c, "echo out; echo err >&2; exit 7")).toMatchObject({
    status: 7,
    stdout: "out\n",
    stderr: "err\n",
  });
  expect(await shellIn(c, "kill -KILL $$")).toMatchObject({ status: 137 });
  expect(await shellIn(c, "kill -TERM $$")).toMatchObject({ status: 143 });
  expect(await execIn(c, ["/no/such"])).toMatchObject({ status: 255, stderr: expect.stringMatching(/ENOENT/) });
  expect(await execIn(c, ["/etc"])).toMatchObject({ status: 255, stderr: expect.stringMatching(/EACCES/) });
  expect(await execIn(c, [])).toMatchObject({ status: 255 });
  expect(await run([TSRUN, "--root", c.root, "exec", "nobody", "true"])).toMatchObject({ status: 255 });
});

test("a container is joined as soon as it is created, and not after its end", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => shell(spec, "exec sleep 1000"));
  await c.ok("create");
  expect(await execIn(c, ["hostname"])).toMatchObject({ status: 0, stdout: "probe\n" });
  expect(await c.status()).toBe("created");
  await c.ok("start");
  await c.ok("kill", [], ["KILL"]);
  await until("it is stopped", async () => (await c.status()) === "stopped");
  const late = await execIn(c, ["true"]);
  expect(late).toMatchObject({ status: 255, stderr: expect.stringMatching(/cannot exec in a stopped container/) });
});

test("a paused container is joined only on request, and the process waits with it", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  expect((await tsrun(["--root", c.root, "pause", c.id])).status).toBe(0);
  const refused = await execIn(c, ["true"]);
  expect(refused).toMatchObject({ status: 255, stderr: expect.stringMatching(/cannot exec in a paused container/) });
  const waits = launch(execLine(c, ["echo", "thawed"], ["--ignore-paused"]));
  await sleep(300);
  expect(waits.child.exitCode).toBe(null);
  expect((await tsrun(["--root", c.root, "resume", c.id])).status).toBe(0);
  expect(await waits.outcome).toMatchObject({ status: 0, stdout: "thawed\n" });
});

test("standard input is read to its end", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  expect(await execIn(c, ["cat"], { stdin: "one\ntwo\n" })).toMatchObject({ status: 0, stdout: "one\ntwo\n" });
  // The other end of a pipe that nobody reads any more is told so.
  expect((await run(["sh", "-c", 'yes | "$@" | head -n 1', "sh", ...execLine(c, ["cat"])])).stdout).toBe("y\n");
});

test("nothing but stdio and preserved descriptors is open, and all must be there", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  const list = "cd /proc/self/fd; for fd in *; do test -e $fd && echo $fd; done";
  const lines = async (line: readonly string[], redirects: string) =>
    (await run(["sh", "-c", `exec "$@" ${redirects}`, "sh", ...line])).stdout.trim().split("\n");
  const shellLine = (options: readonly string[]) => execLine(c, ["sh", "-c", list], options);
  expect(await lines(shellLine([]), "5</dev/null 9</dev/null")).toEqual(["0", "1", "2"]);
  expect(await lines(shellLine(["--preserve-fds", "2"]), "3</dev/null 4</dev/null 5</dev/null")).toEqual([
    "0",
    "1",
    "2",
    "3",
    "4",
  ]);
  const missing = await run([
    "sh",
    "-c",
    'exec "$@" 3</dev/null',
    "sh",
    ...execLine(c, ["true"], ["--preserve-fds", "2"]),
  ]);
  expect(missing).toMatchObject({ status: 255, stderr: expect.stringMatching(/descriptor 4 was not passed/) });
});

test("--detach returns at once, and --pid-file names the process", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  const file = join(temporary(t), "pid");
  const answer = await run([
    "sh",
    "-c",
    'exec "$@" >/dev/null 2>&1',
    "sh",
    ...execLine(c, ["sleep", "500"], ["--detach", "--pid-file", file]),
  ]);
  expect(answer.status).toBe(0);
  const pid = Number(readFileSync(file, "utf8"));
  expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toBe("sleep\x00500\x00");
  const { stdout } = await tsrun(["--root", c.root, "ps", "--format", "json", c.id]);
  expect(JSON.parse(stdout)).toContain(pid);
  await c.ok("delete", ["--force"]);
  expect(existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "").toBe(false);
});

test("signals reach the process", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  const { child, outcome } = launch(
    execLine(c, [
      "sh",
      "-c",
      'trap "echo got USR1" USR1; trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done',
    ]),
  );
  let shown = "";
  child.stdout?.on("data", (chunk: string) => {
    shown += chunk;
  });
  await until("it is ready", () => shown.includes("ready"));
  child.kill("SIGUSR1");
  await until("the first has come", () => shown.includes("got USR1"));
  child.kill("SIGTERM");
  expect((await outcome).status).toBe(9);
});

test("the environment, the home and the program are those of the container", async (t) => {
  requires(t, "root");
  const c = await sleeping(t, (spec) => {
    spec.process.env = ["PATH=/nowhere:/bin", "A=1", "A=2"];
    spec.process.user = { uid: 7, gid: 7 };
  });
  writeFileSync(join(c.rootfs, "etc/passwd"), "root:x:0:0::/root:\nseven:x:7:7::/of/seven:\n");
  const env = async (options: readonly string[]) =>
    (await execIn(c, ["env"], { options })).stdout.trim().split("\n").sort();
  expect(await env([])).toEqual(["A=2", "HOME=/of/seven", "PATH=/nowhere:/bin"]);
  expect(await env(["-e", "A=3", "-e", "B=4", "-u", "0"])).toEqual(["A=3", "B=4", "HOME=/root", "PATH=/nowhere:/bin"]);
});

test("--process is checked as config.json is, every finding at once", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  const file = join(temporary(t), "process.json");
  const ask = async (process: unknown) => {
    writeFileSync(file, typeof process === "string" ? process : JSON.stringify(process));
    return execIn(c, [], { options: ["--process", file] });
  };
  const wrong = await ask({ cwd: "relative", args: ["true"], user: { uid: -1, gid: 0 } });
  expect(wrong).toMatchObject({
    status: 255,
    stderr: expect.stringMatching(/\/cwd[\s\S]*\/user\/uid|\/user\/uid[\s\S]*\/cwd/),
  });
  expect(await ask('{"cwd": "/", "args": ["true"],}')).toMatchObject({
    status: 255,
    stderr: expect.stringMatching(/line 1/),
  });
  expect(await ask({ cwd: "/", args: ["pwd"], user: { uid: 0, gid: 0 } })).toMatchObject({ status: 0, stdout: "/\n" });
});

test("a container without a mount namespace is joined in its own root directory", async (t) => {
  requires(t, "root");
  const c = await sleeping(t, (spec) => {
    spec.linux = { namespaces: [{ type: "pid" }] };
    spec.mounts = [];
    delete spec.hostname;
  });
  writeFileSync(join(c.rootfs, "here"), "");
  expect((await execIn(c, ["ls", "/here"])).stdout).toBe("/here\n");
  expect((await execIn(c, ["ls", process.execPath])).status).not.toBe(0);
});

test("an ordinary user joins a container that runs, and is told of one that it may not join yet", async (t) => {
  requires(t, "root", "rootless");
  const edit = (spec: Spec) => {
    rootless(spec);
    shell(spec, "exec sleep 1000");
  };
  const { dir } = bundle(t, edit, { owner: ORDINARY });
  const root = runtimeRoot(t, { owner: ORDINARY });
  const call = (...words: string[]) => {
    const line = [TSRUN, "--root", root, "--cgroup-manager", "disabled", ...words];
    return run(["sh", "-c", '"$@" >out 2>err; result=$?; cat out; cat err >&2; exit $result', "sh", ...line], {
      as: "user",
      cwd: dir,
    });
  };
  expect(await call("create", "mine")).toMatchObject({ status: 0 });
  expect(await call("exec", "mine", "true")).toMatchObject({
    status: 255,
    stderr: expect.stringMatching(/start it first/),
  });
  expect(await call("start", "mine")).toMatchObject({ status: 0 });
  expect(await call("exec", "mine", "id", "-u")).toMatchObject({ status: 0, stdout: "0\n" });
});

test("a hundred one after the other, and twenty at a time, leave nothing behind", { timeout: 120_000 }, async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  const keyrings = () =>
    readFileSync("/proc/keys", "utf8")
      .split("\n")
      .filter((line) => line.includes(`_ses.${c.id}`)).length;
  const processes = async () =>
    JSON.parse((await tsrun(["--root", c.root, "ps", "-f", "json", c.id])).stdout) as number[];
  const own = {
    keyrings: keyrings(),
    processes: await processes(),
    fds: readdirSync(`/proc/${(await c.state()).pid}/fd`),
  };
  const loop = 'i=0; while [ $i -lt 40 ]; do "$@" || exit 1; i=$((i+1)); done';
  expect((await run(["sh", "-c", loop, "sh", ...execLine(c, ["true"])], { timeoutMs: 60_000 })).status).toBe(0);
  for (let round = 0; round < 3; round++) {
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, n) => shellIn(c, `exit ${n}`)));
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  }
  expect({
    keyrings: keyrings(),
    processes: await processes(),
    fds: readdirSync(`/proc/${own.processes[0]}/fd`),
  }).toEqual(own);
  expect(readdirSync(join(c.root, c.id)).sort()).toEqual(expect.arrayContaining(["config.json", "state.json"]));
});
