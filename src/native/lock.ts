// SPDX-License-Identifier: Apache-2.0
/** Locks on open files, freed by the kernel when the holder ends. flock(2). */
import { ERRNO } from "../kernel/errno.ts";
import { LOCK } from "../kernel/fcntl.ts";
import { libcCall, must } from "./call.ts";
import type { Fd } from "./fd.ts";

const SLOWEST_MS = 16;

const flockCall = libcCall("flock", "int", ["int", "int"]);

/** `flock(fd, operation|LOCK_NB)` → whether the lock was got; false if somebody else has it. flock(2). */
export function tryFlock(fd: Fd, operation: "LOCK_EX" | "LOCK_SH" = "LOCK_EX"): boolean {
  const result = flockCall(fd, LOCK[operation] | LOCK.LOCK_NB);
  if (result === -ERRNO.EAGAIN) return false;
  must(result, () => `flock(${fd}, ${operation}|LOCK_NB)`);
  return true;
}

/**
 * Waits for the lock without blocking the event loop.
 *
 * Asks again in growing intervals: a thread that blocks in flock(2) could starve the very call that frees the lock.
 * Gives no order among those who wait.
 */
export async function flock(fd: Fd, operation: "LOCK_EX" | "LOCK_SH" = "LOCK_EX", signal?: AbortSignal): Promise<void> {
  for (let pauseMs = 1; !tryFlock(fd, operation); pauseMs = Math.min(2 * pauseMs, SLOWEST_MS)) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    signal?.throwIfAborted();
  }
}

/** `flock(fd, LOCK_UN)`. Closing the last descriptor of the open file does the same. */
export function unlock(fd: Fd): void {
  must(flockCall(fd, LOCK.LOCK_UN), () => `flock(${fd}, LOCK_UN)`);
}
