// SPDX-License-Identifier: Apache-2.0
import { spawn as spawnByNode } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { close, type Fd } from "../../src/native/fd.ts";
import { kill, pidfd_open, pidfd_send_signal, prctl, processStat } from "../../src/native/process.ts";
import { spawn } from "../../src/native/spawn.ts";
import { decodeStatus, waitExit, waitPidfd, waitpid } from "../../src/native/wait.ts";

function sh(script: string): number {
  return spawn({ file: "/bin/sh", argv: ["sh", "-c", script], env: ["PATH=/usr/bin:/bin"], fds: [] });
}

test("the status word of wait4 is decoded", () => {
  expect(decodeStatus(0x0700)).toEqual({ exited: 7 });
  expect(decodeStatus(9)).toEqual({ signaled: 9 });
  expect(decodeStatus(0x80 | 6)).toEqual({ signaled: 6 });
});

test("waitpid tells a code, a signal, that the child still runs, and that there is none", () => {
  expect(waitpid(sh("exit 3"))).toEqual({ exited: 3 });
  expect(waitpid(sh("kill -15 $$"))).toEqual({ signaled: 15 });
  const sleeper = sh("exec sleep 60");
  expect(waitpid(sleeper, "WNOHANG")).toBeUndefined();
  expect(kill(sleeper, 9)).toBe(true);
  expect(waitpid(sleeper)).toEqual({ signaled: 9 });
  expect(() => waitpid(sleeper)).toThrow(expect.objectContaining({ errno: "ECHILD" }));
});

test("waitExit collects many children at once, each its own status", async () => {
  const pids = Array.from({ length: 20 }, (_, index) => sh(`sleep 0.0${index % 5}; exit ${index}`));
  const ends = await Promise.all(pids.map((pid) => waitExit(pid)));
  expect(ends).toEqual(pids.map((_, index) => ({ exited: index })));
  for (const pid of pids) expect(processStat(pid)).toBeUndefined();
});

test("waitExit of a child that has ended already, and twice at once", async () => {
  const pid = sh("exit 5");
  while (processStat(pid)?.state !== "Z") await new Promise((next) => setTimeout(next, 2));
  expect(await Promise.all([waitExit(pid), waitExit(pid)])).toEqual([{ exited: 5 }, { exited: 5 }]);
  expect(await waitExit(pid)).toBeUndefined();
});

test("waitExit leaves the children of node:child_process alone", async () => {
  const child = spawnByNode("/bin/sh", ["-c", "exit 4"]);
  const pid = sh("sleep 0.02; exit 6");
  const [[code], mine] = await Promise.all([once(child, "exit"), waitExit(pid)]);
  expect([code, mine]).toEqual([4, { exited: 6 }]);
});

test("waitExit tells the end of somebody else's child, but not how", async () => {
  const parent = spawnByNode("/bin/sh", ["-c", "sleep 0.1 & echo $!; wait; exit 0"]);
  const [line] = await once(parent.stdout, "data");
  const pid = Number(String(line));
  expect(processStat(pid)?.parent).toBe(parent.pid);
  expect(await waitExit(pid)).toBeUndefined();
  expect(processStat(pid)?.state ?? "Z").toMatch(/[ZX]/);
});

test("a pidfd signals its process, and only as long as there is one", async () => {
  const pid = sh("exec sleep 60");
  const pidfd = pidfd_open(pid) as Fd;
  expect(await waitPidfd(pidfd, 5)).toBe(false);
  expect(pidfd_send_signal(pidfd, 0)).toBe(true);
  expect(pidfd_send_signal(pidfd, 15)).toBe(true);
  expect(await waitPidfd(pidfd)).toBe(true);
  expect(waitpid(pid)).toEqual({ signaled: 15 });
  expect(pidfd_send_signal(pidfd, 15)).toBe(false);
  expect(kill(pid, 0)).toBe(false);
  expect(pidfd_open(pid)).toBeUndefined();
  expect(() => pidfd_open(-1)).toThrow(expect.objectContaining({ errno: "EINVAL", call: "pidfd_open(-1, 0)" }));
  close(pidfd);
});

test("processStat reads past a name with parentheses; the start time is that of proc", () => {
  const before = prctl("PR_GET_DUMPABLE");
  expect(before).toBe(1);
  const stat = processStat(process.pid);
  const text = readFileSync("/proc/self/stat", "latin1");
  expect(stat?.parent).toBe(process.ppid);
  expect(stat?.startTime).toBe(Number(text.slice(text.lastIndexOf(")")).split(" ")[20]));
  expect(stat?.state).toBe("R");
});
