// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { close } from "../../src/native/fd.ts";
import { sealedMemfd } from "../../src/native/memfd.ts";
import { kill, processStat } from "../../src/native/process.ts";
import { spawn } from "../../src/native/spawn.ts";
import { waitpid } from "../../src/native/wait.ts";
import type { ContainerState } from "../../src/state/container-state.ts";
import { deriveStatus, IMAGE_NAME, isAlive } from "../../src/state/status.ts";
import { startSocket } from "../../src/state/store.ts";

const root = mkdtempSync(join(tmpdir(), "tsrun-status-"));
mkdirSync(join(root, "c"));
afterAll(() => rmSync(root, { recursive: true }));

const children: number[] = [];
afterEach(() => {
  for (const pid of children.splice(0)) {
    kill(pid, 9);
    waitpid(pid);
  }
});

/** sleep(1), from a file or as the image would run: from a memfd of its name. */
function sleeper(asImage: boolean): number {
  const program = { argv: ["sleep", "60"], env: [], fds: [] };
  const file = asImage ? sealedMemfd(IMAGE_NAME, readFileSync("/bin/sleep")) : "/bin/sleep";
  const pid = spawn({ file, ...program });
  if (typeof file === "number") close(file);
  children.push(pid);
  return pid;
}

function stateOf(pid: number, status: ContainerState["status"] = "created"): ContainerState {
  const startTime = processStat(pid)?.startTime ?? 0;
  const rest = { ociVersion: "1.3.0", bundle: "/", rootfs: "/", created: "", owner: 0, cgroup: { paths: [] } };
  return { id: "c", status, pid, startTime, ...rest };
}

function withSocket<T>(present: boolean, use: () => T): T {
  if (present) writeFileSync(startSocket(root, "c"), "");
  else rmSync(startSocket(root, "c"), { force: true });
  return use();
}

test("the image that waits at its socket is a created container", () => {
  const state = stateOf(sleeper(true));
  expect(withSocket(true, () => deriveStatus(root, state))).toBe("created");
  expect(withSocket(true, () => deriveStatus(root, { ...state, status: "creating" }))).toBe("creating");
  expect(withSocket(false, () => deriveStatus(root, state))).toBe("running");
});

test("after execve it runs, even if `start` was killed before it removed the socket", () => {
  const state = stateOf(sleeper(false));
  expect(withSocket(true, () => deriveStatus(root, state))).toBe("running");
  expect(withSocket(false, () => deriveStatus(root, state))).toBe("running");
});

test("another process with the container's pid is not the container", () => {
  const state = stateOf(sleeper(true));
  expect(isAlive(state)).toBe(true);
  const recycled = { ...state, startTime: state.startTime - 1 };
  expect(isAlive(recycled)).toBe(false);
  expect(withSocket(true, () => deriveStatus(root, recycled))).toBe("stopped");
});

test.each(["creating", "created"] as const)(
  "a zombie, and a process that is gone, have stopped: %s",
  async (status) => {
    const pid = sleeper(true);
    const state = stateOf(pid, status);
    kill(pid, 9);
    while (processStat(pid)?.state !== "Z") await new Promise((next) => setTimeout(next, 1));
    expect(deriveStatus(root, state)).toBe("stopped");
    waitpid(children.pop() ?? 0);
    expect(deriveStatus(root, state)).toBe("stopped");
  },
);

test("before there is a pid, nothing is alive", () => {
  expect(isAlive({ pid: 0, startTime: 0 })).toBe(false);
});
