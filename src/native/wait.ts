// SPDX-License-Identifier: Apache-2.0
/** The end of processes. waitpid(2), pidfd_open(2). */
import { ERRNO } from "../kernel/errno.ts";
import { W } from "../kernel/wait.ts";
import { failure, libcCall, must } from "./call.ts";
import { close, type Fd } from "./fd.ts";
import { waitReadable } from "./poll.ts";
import { pidfd_open } from "./process.ts";

/** How a process ended: with an exit code, or by a signal. */
export type ExitStatus = { readonly exited: number } | { readonly signaled: number };

const waitpidCall = libcCall("waitpid", "int", ["int", "void *", "int"]);

/**
 * `waitpid(pid, &status, options|__WALL)` → how the child ended; undefined while it runs (WNOHANG)
 *
 * Without WNOHANG it blocks this thread. __WALL: a child counts, whatever signal its cloner chose for its end.
 * ECHILD: not our child, or collected already. waitpid(2).
 */
export function waitpid(pid: number, options: keyof typeof W | 0 = 0): ExitStatus | undefined {
  const status = Buffer.alloc(4);
  const flags = W.__WALL | (options === 0 ? 0 : W[options]);
  const line = () => `waitpid(${pid}, [], ${options === 0 ? "" : `${options}|`}__WALL)`;
  const ended = must(waitpidCall(pid, status, flags), line);
  return ended === 0 ? undefined : decodeStatus(status.readInt32LE());
}

/** The status word of wait4(2): the low 7 bits are a signal, else the next 8 are the code. */
export function decodeStatus(word: number): ExitStatus {
  const signal = word & 0x7f;
  return signal === 0 ? { exited: (word >> 8) & 0xff } : { signaled: signal };
}

// One wait a process: the status can be collected only once.
const waits = new Map<number, Promise<ExitStatus | undefined>>();

/**
 * Waits for the end of a process without blocking the event loop, and collects it if it is our child.
 *
 * Uses a pidfd, so neither a thread nor SIGCHLD is taken from anyone. Undefined: the process has ended, but it was
 * somebody else's child, who alone is told how. A process that is no more counts as ended.
 */
export function waitExit(pid: number): Promise<ExitStatus | undefined> {
  let wait = waits.get(pid);
  if (wait === undefined) {
    wait = waitOnce(pid).finally(() => waits.delete(pid));
    waits.set(pid, wait);
  }
  return wait;
}

async function waitOnce(pid: number): Promise<ExitStatus | undefined> {
  const pidfd = pidfd_open(pid);
  if (pidfd === undefined) return collect(pid);
  try {
    await waitReadable(pidfd);
    return collect(pid);
  } finally {
    close(pidfd);
  }
}

function collect(pid: number): ExitStatus | undefined {
  const status = Buffer.alloc(4);
  const result = waitpidCall(pid, status, W.WNOHANG | W.__WALL);
  if (result === -ERRNO.ECHILD || result === 0) return undefined;
  if (result < 0) throw failure(result, `waitpid(${pid}, [], WNOHANG|__WALL)`);
  return decodeStatus(status.readInt32LE());
}

/** Waits until the process behind a pidfd has ended; false after `timeoutMs`. Collects nothing. */
export function waitPidfd(pidfd: Fd, timeoutMs?: number): Promise<boolean> {
  return waitReadable(pidfd, timeoutMs);
}
