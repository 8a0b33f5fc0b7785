// SPDX-License-Identifier: Apache-2.0
/** The processes of a cgroup: who they are, whether they are frozen, and a signal to all. */
import { SyscallError } from "../errors/errors.ts";
import { type ErrnoName, errnoText } from "../kernel/errno.ts";
import { SIG } from "../kernel/signal.ts";
import { driverOf } from "./drivers.ts";
import { type Path, read, subtree, wait, within } from "./files.ts";
import type { CgroupDir } from "./place.ts";

/** How long everything in a cgroup may take to freeze; a task in an uninterruptible wait of the kernel may never. */
const FREEZE_MS = 1_000;

/** How often new processes are looked for; who forks faster than this many rounds needs SIGKILL and a freezer. */
const ROUNDS = 1_000;

/** The pids of all processes in the container's cgroup and below. One hierarchy answers for all. */
export function processesIn(dirs: readonly CgroupDir[]): readonly number[] {
  const dir = tellingDir(dirs);
  return dir === undefined ? [] : processesBelow(dir.path);
}

/** The pids in a cgroup and below. Those outside of the caller's pid namespace, which the kernel lists as 0, are left out. */
export function processesBelow(path: Path): readonly number[] {
  const pids = subtree(path).flatMap((cgroup) => (read(within(cgroup, "cgroup.procs")) ?? "").split("\n").map(Number));
  return [...new Set(pids.filter((pid) => pid > 0))];
}

/** Whether one of the cgroups is frozen, or is about to be. */
export function isFrozen(dirs: readonly CgroupDir[]): boolean {
  return dirs.some((dir) => driverOf(dir).freezes(dir) && driverOf(dir).frozen(dir.path));
}

/**
 * Sends a signal to every process of the cgroup, those that are forked meanwhile included.
 *
 * They are frozen while it happens, so that none forks and no pid changes hands; a cgroup that was frozen before stays
 * so, unless the signal is SIGKILL: the dead shall not wait. The calling process is never signalled, and a cgroup in
 * which it is itself is not frozen. Throws SyscallError for a process that may not be signalled.
 */
export async function killAll(dirs: readonly CgroupDir[], signal: number): Promise<void> {
  const dir = tellingDir(dirs);
  if (dir === undefined) return;
  if (signal === SIG.SIGKILL && !holdsCaller(dir) && driverOf(dir).kill(dir.path)) return thaw(dirs);
  const before = isFrozen(dirs);
  if (!before) await freeze(dirs);
  try {
    await signalEach(dir, signal);
  } finally {
    if (!before || signal === SIG.SIGKILL) thaw(dirs);
  }
}

/** The hierarchy to ask: v2, or else one that the processes of a container cannot be missing from. */
function tellingDir(dirs: readonly CgroupDir[]): CgroupDir | undefined {
  const known = ["pids", "memory", "freezer", "devices"];
  return (
    dirs.find((dir) => dir.version === 2) ??
    dirs.find((dir) => dir.controllers.some((controller) => known.includes(controller))) ??
    dirs[0]
  );
}

function holdsCaller(dir: CgroupDir): boolean {
  return processesBelow(dir.path).includes(process.pid);
}

async function signalEach(dir: CgroupDir, signal: number): Promise<void> {
  const seen = new Set([process.pid]);
  for (let round = 0; round < ROUNDS; round++) {
    const fresh = processesBelow(dir.path).filter((pid) => !seen.has(pid));
    if (fresh.length === 0) return;
    for (const pid of fresh) {
      seen.add(pid);
      send(pid, signal);
    }
    // Lets the event loop breathe, and what was just being forked appear.
    await wait(1);
  }
}

function send(pid: number, signal: number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code as ErrnoName;
    if (errno === "ESRCH") return;
    throw new SyscallError(`kill(${pid}, ${signal})`, errno, { text: errnoText(errno), cause: error });
  }
}

/** Freezes by the first freezer there is; when it does not come to a stop in time, it goes on unfrozen. */
async function freeze(dirs: readonly CgroupDir[]): Promise<void> {
  const dir = freezerOf(dirs);
  if (dir !== undefined && !holdsCaller(dir)) await freezeDir(dir);
}

function freezerOf(dirs: readonly CgroupDir[]): CgroupDir | undefined {
  return dirs.find((dir) => driverOf(dir).freezes(dir));
}

/** Stops all processes of the cgroup, until they are thawed. */
export async function pauseAll(dirs: readonly CgroupDir[]): Promise<"stopped" | "no freezer" | "goes on"> {
  const dir = freezerOf(dirs);
  if (dir === undefined) return "no freezer";
  return (await freezeDir(dir)) ? "stopped" : "goes on";
}

/** Whether everything in it has come to a stop. */
async function freezeDir(dir: CgroupDir): Promise<boolean> {
  const driver = driverOf(dir);
  const deadline = Date.now() + FREEZE_MS;
  for (let pauseMs = 1; Date.now() < deadline; pauseMs = Math.min(pauseMs * 2, 20)) {
    // v1 wants to be asked again: a task that was just forking is missed by the first request.
    if (!driver.setFrozen(dir.path, true)) return false;
    if (driver.stopped(dir.path)) return true;
    await wait(pauseMs);
  }
  driver.setFrozen(dir.path, false);
  return false;
}

/** Thaws the cgroups and those below, which the container may have frozen itself. */
export function thaw(dirs: readonly CgroupDir[]): void {
  for (const dir of dirs) {
    const driver = driverOf(dir);
    if (!driver.freezes(dir)) continue;
    for (const path of subtree(dir.path)) if (driver.frozen(path)) driver.setFrozen(path, false);
  }
}
