// SPDX-License-Identifier: Apache-2.0
/** `run` in the foreground with a terminal: what a person at a keyboard sees. */
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle } from "./support/bundle.ts";
import { until } from "./support/container.ts";
import { type Terminal, terminal } from "./support/pty.ts";
import { TERMINAL_RECEIVER } from "./support/receiver.ts";
import { launch, run, runtimeRoot, TSRUN } from "./support/run.ts";
import type { Spec } from "./support/spec.ts";

// Cgroups go by the id: one that no other test on this machine has.
const ID = `terminal-${process.pid}`;

/** `run` of a shell script at a terminal of its own. */
function runAt(t: TestContext, script: string, options: { size?: { rows: number; columns: number } } = {}): Terminal {
  requires(t, "root");
  const root = runtimeRoot(t);
  const { dir } = bundle(t, withTerminal(script));
  return terminal(t, [TSRUN, "--root", root, "run", ID], { cwd: dir, ...options });
}

function withTerminal(script: string): (spec: Spec) => void {
  return (spec) => {
    spec.process.terminal = true;
    spec.process.args = ["/bin/sh", "-c", script];
  };
}

test("keys reach the container, and its exit status comes back", async (t) => {
  const at = runAt(t, 'echo ready; read line; echo "got $line"; exit 7');
  await at.until("ready");
  at.type("hello\r");
  expect(await at.end()).toBe(7);
  expect(at.shown()).toBe("ready\r\nhello\r\ngot hello\r\n");
});

test("the container has a terminal at stdin, stdout and stderr, and controls it", async (t) => {
  const at = runAt(t, "for fd in 0 1 2; do test -t $fd && echo tty $fd; done; echo here > /dev/tty; tty");
  expect(await at.end()).toBe(0);
  expect(at.shown().split("\r\n")).toEqual([
    "tty 0",
    "tty 1",
    "tty 2",
    "here",
    expect.stringMatching(/^\/dev\/(pts\/\d+|console)$/),
    "",
  ]);
});

test("Ctrl-C is a signal inside, not the end of the runtime", async (t) => {
  const at = runAt(t, 'trap "echo interrupted; exit 5" INT; echo ready; while :; do sleep 0.1; done');
  await at.until("ready");
  at.type("\x03");
  expect(await at.end()).toBe(5);
  expect(at.shown()).toContain("interrupted");
});

test("the container's terminal has our size from the start, and follows it", async (t) => {
  const at = runAt(t, 'stty size; trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 0.1; done', {
    size: { rows: 31, columns: 77 },
  });
  await at.until(/31 77\r\nready/);
  at.resize({ rows: 40, columns: 100 });
  expect(await at.end()).toBe(0);
  expect(at.shown()).toContain("40 100");
});

test("our terminal is raw while the container runs, and afterwards as it was", async (t) => {
  const at = runAt(t, "echo ready; read line");
  const before = at.mode();
  await at.until("ready");
  expect(at.mode()).not.toEqual(before);
  at.type("\r");
  expect(await at.end()).toBe(0);
  expect(at.mode()).toEqual(before);
});

test("our terminal is as it was after a start that failed", async (t) => {
  requires(t, "root");
  const root = runtimeRoot(t);
  const { dir } = bundle(t, (spec) => {
    spec.process.terminal = true;
    spec.process.args = ["/no/such/program"];
  });
  const at = terminal(t, [TSRUN, "--root", root, "run", ID], { cwd: dir });
  const before = at.mode();
  expect(await at.end()).toBe(1);
  expect(at.mode()).toEqual(before);
  expect(at.shown()).toMatch(/no\/such\/program/);
});

test("nothing of a long output is lost at the end", async (t) => {
  const at = runAt(t, "seq 1 100000");
  expect(await at.end()).toBe(0);
  const lines = at.shown().split("\r\n");
  expect([lines.length, lines[0], lines.at(-2), lines.at(-1)]).toEqual([100_001, "1", "100000", ""]);
});

test("a signal to the runtime reaches the container", async (t) => {
  const at = runAt(t, 'trap "echo terminated; exit 9" TERM; echo ready; while :; do sleep 0.1; done');
  await at.until("ready");
  // setsid(1) has become tsrun.
  process.kill(at.child.pid ?? 0, "SIGTERM");
  expect(await at.end()).toBe(9);
  expect(at.shown()).toContain("terminated");
});

test("without a terminal of our own the bytes are relayed, and lines end as the program wrote them", async (t) => {
  requires(t, "root");
  const root = runtimeRoot(t);
  const { dir } = bundle(t, withTerminal("stty -echo; echo ready; cat; echo done"));
  const outcome = await run([TSRUN, "--root", root, "run", ID], { cwd: dir, stdin: "one\ntwo\n" });
  expect(outcome).toMatchObject({ status: 0, stderr: "" });
  expect(outcome.stdout.split("\n")).toEqual(expect.arrayContaining(["ready", "one", "two", "done"]));
  expect(outcome.stdout).not.toContain("\r");
});

test("a terminal cannot be had with --detach unless there is a socket to send it to", async (t) => {
  requires(t, "root");
  const root = runtimeRoot(t);
  const { dir } = bundle(t, withTerminal("true"));
  for (const command of [["run", "--detach"], ["create"]]) {
    const outcome = await run([TSRUN, "--root", root, ...command, ID], { cwd: dir });
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/cannot allocate tty if \S+ will detach without setting console socket/);
  }
});

test("a console socket is for a terminal that is detached from", async (t) => {
  requires(t, "root");
  const root = runtimeRoot(t);
  const plain = bundle(t);
  const tty = bundle(t, withTerminal("true"));
  for (const [command, { dir }] of [
    [["run"], tty],
    [["run", "--detach"], plain],
    [["create"], plain],
  ] as const) {
    const outcome = await run([TSRUN, "--root", root, ...command, "--console-socket", `${dir}/none.sock`, ID], {
      cwd: dir,
    });
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/cannot use console socket if \S+ will not detach or allocate tty/);
  }
});

test.for(["create", "run"])(
  "%s sends the terminal, of the size that config.json asks for, to the console socket",
  async (command, t) => {
    requires(t, "root", "python3");
    const root = runtimeRoot(t);
    const { dir } = bundle(t, (spec) => {
      withTerminal('stty size; read line; echo "got $line"')(spec);
      spec.process.consoleSize = { height: 33, width: 99 };
    });
    const path = `${dir}/console.sock`;
    const { child, outcome } = launch(["python3", "-c", TERMINAL_RECEIVER, path, "hello\n"]);
    let shown = "";
    child.stdout?.on("data", (chunk: string) => {
      shown += chunk;
    });
    await until("somebody listens", () => shown.includes("listening"));
    const words = command === "run" ? ["run", "--detach"] : ["create"];
    const options = ["--root", root, ...words, "--console-socket", path, ID];
    expect(await run([TSRUN, ...options], { cwd: dir })).toMatchObject({ status: 0, stderr: "" });
    await until("the terminal is there", () => shown.includes("received 1"));
    if (command === "create") expect((await run([TSRUN, "--root", root, "start", ID])).status).toBe(0);
    const { stdout } = await outcome;
    expect(stdout).toContain("33 99");
    expect(stdout).toContain("got hello");
  },
);
