// SPDX-License-Identifier: Apache-2.0
/** A listener reaches its agent, whatever system call the filter tells of. config-linux.md#seccomp. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { CALLS, type CallName } from "../../src/kernel/calls.ts";
import { requires } from "../requires.ts";
import { bundle, temporary } from "./support/bundle.ts";
import { container, freshId, shell, until } from "./support/container.ts";
import { run, runc, runtimeRoot, TSRUN } from "./support/run.ts";
import { ORDINARY, rootless, type Spec } from "./support/spec.ts";

const AGENT = new URL("../fixtures/seccomp-agent.py", import.meta.url).pathname;
const EACCES = 13;
const ARCH = process.arch === "arm64" ? "arm64" : "x64";

interface Agent {
  readonly socket: string;
  /** What it was sent: the text, how many descriptors, in how many pieces of the stream. */
  state(): { readonly text: string; readonly fds: number; readonly pieces: number };
  stop(): Promise<void>;
  /** The numbers of the calls that it was told of. */
  calls(): readonly number[];
}

interface AgentOptions {
  /** Where it listens; a place of its own unless told. */
  readonly at?: string;
  /** The call that ends with EACCES. */
  readonly refuses?: CallName;
}

/** Starts an agent, which lets calls go on; it ends with the test. */
async function agent(t: TestContext, { at, refuses }: AgentOptions = {}): Promise<Agent> {
  requires(t, "root", "dist", "python3");
  const dir = temporary(t);
  const [socket, log] = [at ?? join(dir, "socket"), join(dir, "log")];
  const refusals = refuses === undefined ? [] : [`${CALLS[refuses][ARCH]}=${EACCES}`];
  const child = spawn("python3", [AGENT, socket, log, ...refusals], { stdio: ["ignore", "ignore", "inherit"] });
  const stop = () => stopped(child);
  t.onTestFinished(stop);
  await until("the agent listens", () => existsSync(socket));
  const lines = () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);
  return {
    socket,
    stop,
    state: () => JSON.parse(lines()[0] ?? ""),
    calls: () =>
      lines()
        .slice(1)
        .map((line) => JSON.parse(line).nr),
  };
}

function stopped(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.on("exit", () => resolve()).kill("SIGKILL");
  });
}

interface Profile {
  readonly defaultAction: string;
  readonly syscalls?: readonly { readonly names: readonly string[]; readonly action: string }[];
}

function listening(spec: Spec, socket: string, profile: Profile, script = "echo up"): void {
  shell(spec, script);
  spec.linux.seccomp = { ...profile, listenerPath: socket, listenerMetadata: "what the agent is told: ä" };
  spec.annotations = { "org.test": "listener" };
}

function notify(...names: readonly string[]): Profile {
  return { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names, action: "SCMP_ACT_NOTIFY" }] };
}

test("the agent is told of a call, and its answer is what the call returns", async (t) => {
  const { socket, calls } = await agent(t, { refuses: "chdir" });
  const c = container(t, (spec) => listening(spec, socket, notify("chdir"), "cd /bin || echo refused; pwd"));
  const { stdout } = await c.ok("run");
  expect(stdout).toContain("refused\n/\n");
  expect(calls()).toEqual([CALLS.chdir[ARCH]]);
});

/** Each has calls that the image itself would make to hand the listener on, or to go on. */
test.for<[string, Profile]>([
  ["write", notify("write")],
  ["what sends", notify("sendmsg", "sendto", "sendmmsg", "write", "writev")],
  ["read, by which the image waits", notify("read")],
  ["what reads, sends and closes", notify("read", "recvfrom", "recvmsg", "write", "sendmsg", "sendto", "close")],
  ["execve", notify("execve")],
  ["every call", { defaultAction: "SCMP_ACT_NOTIFY" }],
])("a filter may tell of %s", async ([, profile], t) => {
  const { socket, state, calls } = await agent(t);
  const c = container(t, (spec) => listening(spec, socket, profile, "echo up; cat /dev/null"));
  expect((await c.ok("run")).stdout).toBe("up\n");
  expect(state()).toMatchObject({ fds: 1, pieces: 1 });
  expect(calls().length).toBeGreaterThan(0);
});

test("a filter that lets nothing of the image through may tell of something else", async (t) => {
  const { socket, calls } = await agent(t);
  const names = ["execve", "exit_group", "brk", "mmap", "mprotect", "arch_prctl", "munmap", "getuid", "prlimit64"];
  const more = [
    "set_tid_address",
    "set_robust_list",
    "rseq",
    "readlink",
    "getrandom",
    "uname",
    "rt_sigaction",
    "write",
  ];
  const c = container(t, (spec) => {
    listening(spec, socket, {
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [
        { names: [...names, ...more], action: "SCMP_ACT_ALLOW" },
        { names: ["chdir", "getcwd"], action: "SCMP_ACT_NOTIFY" },
      ],
    });
    spec.process.args = ["/bin/pwd"];
  });
  expect((await c.ok("run")).stdout).toBe("/\n");
  expect(calls()).toEqual([CALLS.getcwd[ARCH]]);
});

test("the process has neither the listener nor another thread", async (t) => {
  const { socket } = await agent(t);
  const c = container(t, (spec) => listening(spec, socket, notify("mkdir"), "ls /proc/1/task; ls /proc/1/fd; true"));
  expect((await c.ok("run")).stdout).toBe("1\n0\n1\n2\n");
});

test("the state that the agent is sent is that of the container, as runc sends it", async (t) => {
  requires(t, "runc");
  const ours = await agent(t);
  const theirs = await agent(t);
  const c = container(t, (spec) => listening(spec, ours.socket, notify("mkdir")));
  await c.ok("create");
  const { pid, bundle: place } = await c.state();
  await c.ok("start");
  expect(ours.state()).toMatchObject({ fds: 1, pieces: 1 });
  const sent = JSON.parse(ours.state().text);
  const { ociVersion } = c.spec;
  expect(sent).toEqual({
    ociVersion,
    fds: ["seccompFd"],
    pid,
    metadata: "what the agent is told: ä",
    state: { ociVersion, id: c.id, status: "created", pid, bundle: place, annotations: { "org.test": "listener" } },
  });
  const other = bundle(t, (spec) => listening(spec, theirs.socket, notify("mkdir")));
  const id = freshId();
  expect(await runc(["--root", runtimeRoot(t), "run", "--bundle", other.dir, id])).toMatchObject({ status: 0 });
  const said = JSON.parse(theirs.state().text);
  expect(Object.keys(sent).sort()).toEqual(Object.keys(said).sort());
  expect(Object.keys(sent.state).sort()).toEqual(Object.keys(said.state).sort());
  expect(said).toMatchObject({
    fds: sent.fds,
    metadata: sent.metadata,
    state: { annotations: sent.state.annotations },
  });
});

test("a process that joins the container is under the filter, and its listener reaches an agent, too", async (t) => {
  const first = await agent(t);
  const c = container(t, (spec) => listening(spec, first.socket, notify("chdir"), "exec sleep 1000"));
  await c.ok("create");
  await c.ok("start");
  rmSync(first.socket);
  const second = await agent(t, { at: first.socket, refuses: "chdir" });
  const exec = await run([TSRUN, "--root", c.root, "exec", c.id, "sh", "-c", "cd /bin || echo refused; pwd"]);
  expect(exec).toMatchObject({ status: 0, stdout: "refused\n/\n" });
  expect(second.calls()).toEqual([CALLS.chdir[ARCH]]);
  const sent = JSON.parse(second.state().text);
  const { pid } = await c.state();
  expect(sent).toMatchObject({ fds: ["seccompFd"], state: { id: c.id, status: "running", pid } });
  expect(sent.pid).not.toBe(pid);
  await c.ok("delete", ["--force"]);
});

test("an ordinary user's container has a listener", async (t) => {
  const { socket, calls } = await agent(t);
  requires(t, "rootless");
  const root = runtimeRoot(t, { owner: ORDINARY });
  const edit = (spec: Spec) => {
    rootless(spec);
    listening(spec, socket, notify("read", "write", "sendmsg"));
  };
  const { dir } = bundle(t, edit, { owner: ORDINARY });
  chmodSync(socket, 0o777);
  const outcome = await run([TSRUN, "--root", root, "run", "--bundle", dir, freshId()], { as: "user" });
  expect(outcome).toMatchObject({ status: 0, stdout: "up\n" });
  expect(calls()).toContain(CALLS.write[ARCH]);
});

test("without a socket nothing is created", async (t) => {
  requires(t, "root", "dist");
  const c = container(t, (spec) => listening(spec, "/nowhere/agent", notify("mkdir")));
  const { status, stderr } = await c.call("create");
  expect(status).toBe(1);
  expect(stderr).toContain("/linux/seccomp/listenerPath");
  expect((await c.call("state")).status).toBe(1);
});

test("without an agent nothing is started, and it can be tried again", async (t) => {
  const gone = await agent(t);
  const c = container(t, (spec) => listening(spec, gone.socket, notify("mkdir"), "exec sleep 1000"));
  await c.ok("create");
  await gone.stop();
  const { status, stderr } = await c.call("start");
  expect(status).toBe(1);
  expect(stderr).toContain("ECONNREFUSED");
  expect(await c.status()).toBe("created");
  rmSync(gone.socket);
  await agent(t, { at: gone.socket });
  await c.ok("start");
  expect(await c.status()).toBe("running");
  await c.ok("delete", ["--force"]);
});

test("a listener that cannot be handed over is an error, and the end of the process", async (t) => {
  requires(t, "root", "dist");
  const socket = join(temporary(t), "socket");
  const server = createServer((connection) => connection.destroy());
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.onTestFinished(() => void server.close());
  const c = container(t, (spec) => listening(spec, socket, notify("read")));
  await c.ok("create");
  const { status, stderr } = await c.call("start");
  expect(status).toBe(1);
  expect(stderr).toMatch(/EPIPE|ECONNRESET/);
  await until("it has ended", async () => (await c.status()) === "stopped");
  await c.ok("delete");
});

test("a profile that notifies needs a listenerPath", async (t) => {
  requires(t, "root", "dist");
  const c = container(t, (spec) => {
    listening(spec, "", notify("mkdir"));
    spec.linux.seccomp = { ...notify("mkdir") };
  });
  const { status, stderr } = await c.call("create");
  expect(status).toBe(1);
  expect(stderr).toContain("/linux/seccomp/listenerPath");
});
