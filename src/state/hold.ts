// SPDX-License-Identifier: Apache-2.0
/** The lock of one container: an flock(2) on its directory, freed by the kernel when the holder ends. */
import { constants, fstatSync, lstatSync, openSync } from "node:fs";
import { join } from "node:path";
import { StateError } from "../errors/errors.ts";
import { close, type Fd } from "../native/fd.ts";
import { flock, tryFlock } from "../native/lock.ts";
import { checkId } from "./id.ts";
import { hasRoot } from "./root.ts";

/** A container's directory, held by this command alone until `release`. */
export interface Held {
  readonly root: string;
  readonly id: string;
  /** The directory. */
  readonly path: string;
  readonly lock: Fd;
}

const WAIT_MS = 60_000;

/**
 * Waits for the lock of a container, without blocking the event loop. Other containers are not waited for.
 *
 * StateError ETSRUN_NOT_FOUND: there is no such container, or it was deleted meanwhile.
 * ETSRUN_BUSY: another command held it for `timeoutMs`.
 */
export async function hold(root: string, id: string, timeoutMs = WAIT_MS): Promise<Held> {
  const path = containerPath(root, id);
  if (!hasRoot(root)) throw notFound(id);
  const end = now() + timeoutMs;
  for (;;) {
    const lock = open(id, path);
    try {
      if (!tryFlock(lock)) await waitFor(lock, id, end);
      if (isStill(path, lock)) return { root, id, path, lock };
    } catch (error) {
      close(lock);
      throw error;
    }
    // It was deleted while we waited: the next try finds no container, or a new one.
    close(lock);
  }
}

async function waitFor(lock: Fd, id: string, end: number): Promise<void> {
  const deadline = AbortSignal.timeout(Math.max(0, Math.ceil(end - now())));
  try {
    await flock(lock, "LOCK_EX", deadline);
  } catch (error) {
    if (!deadline.aborted) throw error;
    throw new StateError("ETSRUN_BUSY", id, `container ${JSON.stringify(id)} is being worked on by another command`);
  }
}

export function release({ lock }: Held): void {
  close(lock);
}

/** Runs `work` while the container is held. */
export async function withHeld<T>(root: string, id: string, work: (held: Held) => Promise<T> | T): Promise<T> {
  const held = await hold(root, id);
  try {
    return await work(held);
  } finally {
    release(held);
  }
}

/** StateError ETSRUN_INVALID_ID. */
export function containerPath(root: string, id: string): string {
  return join(root, checkId(id));
}

export function notFound(id: string): StateError {
  return new StateError("ETSRUN_NOT_FOUND", id, `container ${JSON.stringify(id)} does not exist`);
}

function open(id: string, path: string): Fd {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW) as Fd;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw notFound(id);
    throw error;
  }
}

/** Whether the directory that was locked is the one that still has the name. */
function isStill(path: string, lock: Fd): boolean {
  const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  const locked = fstatSync(lock, { bigint: true });
  return now?.ino === locked.ino && now.dev === locked.dev;
}

/** Milliseconds of a clock that nobody sets. Node loads a module of its own for `performance`. */
function now(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
