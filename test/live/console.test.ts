// SPDX-License-Identifier: Apache-2.0
/** `exec` with a terminal, in the foreground and handed over; and what becomes of our own terminal. */
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { temporary } from "./support/bundle.ts";
import { type Container, until } from "./support/container.ts";
import { execLine, sleeping } from "./support/exec.ts";
import { type Terminal, terminal } from "./support/pty.ts";
import { TERMINAL_RECEIVER } from "./support/receiver.ts";
import { launch, run } from "./support/run.ts";

/** `exec --tty` of a shell script at a terminal of its own. */
function execAt(t: TestContext, c: Container, script: string, size = { rows: 24, columns: 80 }): Terminal {
  return terminal(t, execLine(c, ["sh", "-c", script], ["--tty"]), { cwd: "/", size });
}

/** The pid of tsrun at a terminal: setsid(1) has become it. */
function runtimeOf(at: Terminal): number {
  return at.child.pid ?? 0;
}

test("keys reach the process, lines end as they should, and its exit status comes back", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  const at = execAt(t, c, 'echo ready; read line; echo "got $line"; exit 7');
  await at.until("ready");
  at.type("hello\r");
  expect(await at.end()).toBe(7);
  expect(at.shown()).toBe("ready\r\nhello\r\ngot hello\r\n");
});

test("the process has a terminal of the container's own, controls it, and may open it again", async (t) => {
  requires(t, "root");
  const c = await sleeping(t, (spec) => {
    spec.process.user = { uid: 1000, gid: 1000 };
  });
  const at = execAt(
    t,
    c,
    "for fd in 0 1 2; do test -t $fd && echo tty $fd; done; echo here >/dev/tty; tty; echo again >$(tty)",
  );
  expect(await at.end()).toBe(0);
  const [lines, tty] = [at.shown().split("\r\n"), /\/dev\/pts\/\d+/.exec(at.shown())?.[0]];
  expect(lines).toEqual(["tty 0", "tty 1", "tty 2", "here", tty, "again", ""]);
});

test("Ctrl-C, Ctrl-Z and Ctrl-D are for the process, and not for the runtime", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  const at = execAt(
    t,
    c,
    'trap "echo interrupted" INT; trap "echo stopped" TSTP; echo ready; while :; do sleep 0.05; [ -e /go ] && break; done; cat; echo end',
  );
  await at.until("ready");
  at.type("\x03");
  await at.until("interrupted");
  at.type("\x1a");
  await at.until("stopped");
  expect((await run(execLine(c, ["touch", "/go"]))).status).toBe(0);
  await sleep(100);
  at.type("line\r\x04");
  expect(await at.end()).toBe(0);
  expect(at.shown()).toMatch(/line\r\nline\r\nend\r\n$/);
});

test("its terminal has our size from the start, and follows it", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  const script = 'stty size; trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 0.05; done';
  const at = execAt(t, c, script, { rows: 31, columns: 77 });
  await at.until(/31 77\r\nready/);
  at.resize({ rows: 40, columns: 100 });
  expect(await at.end()).toBe(0);
  expect(at.shown()).toContain("40 100");
});

test("our terminal is as it was: after the process's end, its death, its container's, and a program that is not there", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  const scripts = ["echo ready; read line", "echo ready; kill -9 $$", "echo ready; kill -9 1; read line"];
  for (const script of scripts) {
    const at = execAt(t, c, script);
    const before = at.mode();
    await at.until("ready");
    at.type("\r");
    await at.end();
    expect(at.mode()).toEqual(before);
  }
  const at = terminal(t, execLine(c, ["/no/such/program"], ["--tty"]), { cwd: "/" });
  const before = at.mode();
  expect(await at.end()).toBe(255);
  expect(at.mode()).toEqual(before);
});

test("our terminal is as it was after a signal that ends the process by way of the runtime", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  for (const [signal, status] of [
    ["SIGTERM", 143],
    ["SIGHUP", 129],
    ["SIGQUIT", 131],
  ] as const) {
    const at = execAt(t, c, "echo ready; exec sleep 100");
    const before = at.mode();
    await at.until("ready");
    process.kill(runtimeOf(at), signal);
    expect(await at.end()).toBe(status);
    expect(at.mode()).toEqual(before);
  }
});

test("a runtime that is killed takes its process's terminal along: the process is hung up", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  const at = execAt(t, c, 'trap "echo hung up >/told; exit" HUP; echo ready; while :; do sleep 0.05; done');
  await at.until("ready");
  process.kill(runtimeOf(at), "SIGKILL");
  await until("it has heard", async () => (await run(execLine(c, ["cat", "/told"]))).stdout === "hung up\n");
  // Nobody is left who could give our terminal back, so what it can is as with any program: `stty sane`.
  await at.end();
});

test("without a terminal of our own the bytes are relayed, and the end of a pipe is told", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  const outcome = await run(execLine(c, ["sh", "-c", "stty -echo; cat; echo done"], ["--tty"]), {
    stdin: "one\ntwo\n",
  });
  expect(outcome).toMatchObject({ status: 0, stderr: "" });
  expect(outcome.stdout.split("\n")).toEqual(expect.arrayContaining(["one", "two", "done"]));
  expect(outcome.stdout).not.toContain("\r");
});

test("a terminal is not detached from without a socket, and a socket is for a terminal", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  for (const [options, said] of [
    [["--tty", "--detach"], /cannot allocate tty if \S+ will detach without setting console socket/],
    [["--detach", "--console-socket", "/none"], /cannot use console socket if \S+ will not detach or allocate tty/],
    [["--tty", "--console-socket", "/none"], /cannot use console socket if \S+ will not detach or allocate tty/],
  ] as const) {
    expect(await run(execLine(c, ["true"], options))).toMatchObject({
      status: 255,
      stderr: expect.stringMatching(said),
    });
  }
});

test("the terminal of a detached process goes to the console socket, of the size that its process asks for", async (t) => {
  requires(t, "root", "python3");
  const c = await sleeping(t);
  const dir = temporary(t);
  const [path, file] = [`${dir}/console.sock`, `${dir}/process.json`];
  const { child, outcome } = launch(["python3", "-c", TERMINAL_RECEIVER, path, "hello\n"]);
  let shown = "";
  child.stdout?.on("data", (chunk: string) => {
    shown += chunk;
  });
  await until("somebody listens", () => shown.includes("listening"));
  const script = 'stty size; read line; echo "got $line"';
  const process = { terminal: true, consoleSize: { height: 33, width: 99 }, user: { uid: 0, gid: 0 }, cwd: "/" };
  writeFileSync(file, JSON.stringify({ ...process, args: ["sh", "-c", script], env: ["PATH=/bin"] }));
  const options = ["--detach", "--process", file, "--console-socket", path, "--pid-file", `${dir}/pid`];
  expect(await run(execLine(c, [], options))).toMatchObject({ status: 0, stdout: "", stderr: "" });
  expect(Number(readFileSync(`${dir}/pid`, "utf8"))).toBeGreaterThan(1);
  const { stdout } = await outcome;
  expect(stdout).toContain("33 99");
  expect(stdout).toContain("got hello");
});

test("a hostile /dev/ptmx gets no terminal: a FIFO, a file, another device", async (t) => {
  requires(t, "root");
  const c = await sleeping(t, (spec) => {
    // Whatever is at /dev/ptmx is taken where config.json mounts no devpts.
    spec.mounts = spec.mounts.filter(({ destination }) => destination !== "/dev/pts");
  });
  for (const make of [
    "mkfifo /dev/ptmx",
    "echo >/dev/ptmx",
    "mknod /dev/ptmx c 1 3",
    "ln -s /proc/1/root/dev/null /dev/ptmx",
  ]) {
    expect((await run(execLine(c, ["sh", "-c", `rm -f /dev/ptmx; ${make}`]))).status).toBe(0);
    expect((await run(execLine(c, ["true"], ["--tty"]), { timeoutMs: 8_000 })).status, make).toBe(255);
  }
});
