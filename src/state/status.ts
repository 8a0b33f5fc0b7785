// SPDX-License-Identifier: Apache-2.0
/** What a container does now, told from facts. runtime.md#state, proc_pid_exe(5). */
import { lstatSync, readlinkSync } from "node:fs";
import { processStat } from "../native/process.ts";
import type { ContainerState, Status } from "./container-state.ts";
import { startSocket } from "./store.ts";

/** The name of the image's memfd, by which a process that still is the image is known. */
export const IMAGE_NAME = "tsrun";

/**
 * The status of a container below `root`.
 *
 * Stopped: its process is gone or a zombie, or the pid is another process's now. Created: it still is the image and its
 * start socket is there, so a `start` that was killed half-way does not matter. The link of /proc/PID/exe is not for
 * everyone to read (the image is not dumpable); then the socket alone decides.
 */
export function deriveStatus(root: string, state: ContainerState): Status {
  if (!isAlive(state)) return "stopped";
  if (state.status === "creating") return "creating";
  const waits = lstatSync(startSocket(root, state.id), { throwIfNoEntry: false }) !== undefined;
  return waits && isImage(state.pid) !== false ? "created" : "running";
}

/** Whether the container's first process still runs: the very one, not a later one with its pid. */
export function isAlive({ pid, startTime }: Pick<ContainerState, "pid" | "startTime">): boolean {
  if (pid <= 0) return false;
  const stat = processStat(pid);
  return stat !== undefined && stat.startTime === startTime && stat.state !== "Z" && stat.state !== "X";
}

/** Undefined: the kernel does not tell us. */
function isImage(pid: number): boolean | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`) === `/memfd:${IMAGE_NAME} (deleted)`;
  } catch {
    return undefined;
  }
}
