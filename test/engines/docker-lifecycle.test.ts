// SPDX-License-Identifier: Apache-2.0
/** The life of a container in docker's hands, from run -d to rm: tsrun as runc. */
import { expect, test } from "vitest";
import { type Docker, dockerHost, IMAGE } from "./support/docker.ts";

const engine = dockerHost();
const SLEEP = ["sleep", "600"];
/** Ends with 3 at SIGTERM, with 9 at SIGUSR1. */
const POLITE = ["sh", "-c", "trap 'exit 3' TERM; trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done"];

async function detached(docker: Docker, command: readonly string[], ...options: readonly string[]): Promise<string> {
  const name = docker.named("c");
  await docker.ok(...docker.run("--detach", "--name", name, ...options), IMAGE, ...command);
  if (command === POLITE) await until(async () => (await docker.ok("logs", name)).endsWith("ready"));
  return name;
}

async function stateOf(docker: Docker, name: string): Promise<Record<string, unknown>> {
  const [{ State, RestartCount }] = JSON.parse(await docker.ok("inspect", name));
  const { Status, Running, Paused, OOMKilled, Dead, ExitCode, Error: text, Pid } = State;
  return { Status, Running, Paused, OOMKilled, Dead, ExitCode, Error: text, hasPid: Pid > 0, RestartCount };
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const late = Date.now() + 30_000;
  while (!(await done())) {
    if (Date.now() > late) throw new Error("it did not happen in 30 s");
  }
}

test("stop sends TERM, and the container starts again", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (docker) => {
    const name = await detached(docker, POLITE);
    const running = await stateOf(docker, name);
    await docker.ok("stop", name);
    const stopped = await stateOf(docker, name);
    await docker.ok("start", name);
    const again = await stateOf(docker, name);
    await docker.ok("restart", "--time", "0", name);
    const restarted = await stateOf(docker, name);
    const kept = await docker("rm", name);
    await docker.ok("rm", "--force", name);
    const left = await docker.ok("ps", "--all", "--quiet", "--filter", `name=${name}`);
    return { running, stopped, again, restarted, kept: kept.status, left };
  });
  expect(told.running).toMatchObject({ Status: "running", Running: true, hasPid: true });
  expect(told.stopped).toMatchObject({ Status: "exited", ExitCode: 3, Error: "", hasPid: false });
  expect(told.again).toEqual(told.running);
  expect(told.restarted).toEqual(told.running);
  expect(told).toMatchObject({ kept: 1, left: "" });
});

test("stop kills what does not end in time; kill sends any signal; wait gives the status", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (docker) => {
    const deaf = await detached(docker, SLEEP);
    await docker.ok("stop", "--time", "1", deaf);
    const stopped = await stateOf(docker, deaf);
    await docker.ok("rm", deaf);
    const name = await detached(docker, POLITE);
    const waited = docker.ok("wait", name);
    await docker.ok("kill", "--signal", "USR1", name);
    const status = await waited;
    const again = await docker("kill", name);
    const killed = await stateOf(docker, name);
    await docker.ok("rm", name);
    return { stopped, status, again: again.status, killed };
  });
  expect(told).toMatchObject({ status: "9", again: 1, stopped: { ExitCode: 137 }, killed: { ExitCode: 9 } });
});

test("pause stops, unpause goes on", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (docker) => {
    const name = await detached(docker, SLEEP);
    await docker.ok("pause", name);
    const paused = await stateOf(docker, name);
    const exec = await docker("exec", name, "true");
    await docker.ok("unpause", name);
    const running = await stateOf(docker, name);
    const after = await docker("exec", name, "true");
    await docker.ok("rm", "--force", name);
    return { paused, exec: exec.status, running, after: after.status };
  });
  expect(told).toMatchObject({ paused: { Status: "paused", Paused: true }, exec: 1, after: 0 });
});

test("stats, top and events tell of it", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (docker) => {
    const name = await detached(docker, SLEEP, "--memory", "64m");
    const stats = JSON.parse(await docker.ok("stats", "--no-stream", "--format", "{{json .}}", name));
    const top = (await docker.ok("top", name, "-o", "pid,comm")).split("\n").map((line) => line.split(/\s+/)[1]);
    await docker.ok("exec", name, "true");
    await docker.ok("rm", "--force", name);
    const now = String(Math.ceil(Date.now() / 1000) + 1);
    const format = ["--format", "{{.Action}} {{.Actor.Attributes.exitCode}}"];
    const range = ["--since", "0", "--until", now];
    const seen = await docker.ok("events", ...range, ...format, "--filter", `container=${name}`);
    return { limit: stats.MemUsage.split(" / ")[1], pids: stats.PIDs, top, seen: seen.split("\n") };
  });
  expect(told).toMatchObject({ limit: "64MiB", pids: "1", top: ["COMMAND", "sleep"] });
  expect(told.seen).toEqual(expect.arrayContaining([expect.stringMatching(/^start /), "die 137", "exec_die 0"]));
});

test("update changes the limits", async (t) => {
  const { both } = await engine(t);
  const files = ["memory/memory.limit_in_bytes", "cpu/cpu.cfs_quota_us", "cpu/cpu.shares", "pids/pids.max"];
  const told = await both(async (docker) => {
    const name = await detached(docker, SLEEP, "--memory", "64m", "--memory-swap", "64m");
    const limits = ["--memory", "32m", "--memory-swap", "32m", "--cpus", "0.5", "--cpu-shares", "300"];
    await docker.ok("update", ...limits, "--pids-limit", "17", name);
    const seen = await docker.ok("exec", name, "cat", ...files.map((file) => `/sys/fs/cgroup/${file}`));
    await docker.ok("rm", "--force", name);
    return seen;
  });
  expect(told).toBe("33554432\n50000\n300\n17");
});

test("a container that runs out of memory is told so", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (docker) => {
    const name = docker.named("c");
    const greedy = "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done";
    const limits = ["--memory", "16m", "--memory-swap", "16m"];
    const { status } = await docker(...docker.run("--name", name, ...limits), IMAGE, "sh", "-c", greedy);
    await until(async () => (await stateOf(docker, name)).OOMKilled === true);
    const state = await stateOf(docker, name);
    await docker.ok("rm", name);
    return { status, state };
  });
  expect(told).toMatchObject({ status: 137, state: { OOMKilled: true, ExitCode: 137 } });
});

test("a container that fails is started again, as often as is asked for", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (docker) => {
    const name = await detached(docker, ["sh", "-c", "echo run; exit 3"], "--restart", "on-failure:2");
    const over = async () => {
      const { Status, RestartCount } = await stateOf(docker, name);
      return Status === "exited" && RestartCount === 2;
    };
    await until(over);
    const logs = await docker.ok("logs", name);
    const state = await stateOf(docker, name);
    await docker.ok("rm", name);
    return { logs, state };
  });
  expect(told).toMatchObject({ logs: "run\nrun\nrun", state: { ExitCode: 3, RestartCount: 2 } });
});
