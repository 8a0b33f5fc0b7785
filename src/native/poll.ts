// SPDX-License-Identifier: Apache-2.0
/** Waiting until a descriptor can be read, with and without blocking the event loop. poll(2). */
import { addon } from "./addon.ts";
import { bind, libcCall, must } from "./call.ts";
import type { Fd } from "./fd.ts";

const POLLIN = 1;
const FOREVER = -1;
// How long a thread of the pool is kept at a time, where threads are needed.
const SLICE_MS = 500;

const pollCall = libcCall("poll", "int", ["void *", "ulong", "int"]);
let pollBound: ReturnType<typeof bind> | undefined;

/**
 * `poll([{fd, POLLIN}], 1, timeoutMs)` → whether the descriptor can be read, or is at its end
 *
 * Blocks this thread. -1 waits for ever, 0 does not wait. poll(2).
 */
export function waitReadableSync(fd: Fd, timeoutMs = FOREVER): boolean {
  return must(pollCall(pollfd(fd), 1, timeoutMs), () => `poll([{fd=${fd}, events=POLLIN}], 1, ${timeoutMs})`) > 0;
}

/**
 * The same, without blocking the event loop; rejects with `signal.reason` when aborted.
 *
 * The descriptor becomes non-blocking (O_NONBLOCK of its open file). It must stay open until the promise settles.
 */
export async function waitReadable(fd: Fd, timeoutMs = FOREVER, signal?: AbortSignal): Promise<boolean> {
  signal?.throwIfAborted();
  if (waitReadableSync(fd, 0)) return true;
  if (timeoutMs === 0) return false;
  // Bun has no libuv: its uv_poll_init ends the process.
  if (process.versions.bun === undefined) await watch(fd, timeoutMs, signal);
  else await waitOnThread(fd, timeoutMs, signal);
  signal?.throwIfAborted();
  return waitReadableSync(fd, 0);
}

/** Lets libuv's epoll watch the descriptor: no thread, however many there are. */
function watch(fd: Fd, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const handle = addon().node.poll(fd, { readable: true }, done);
    if (timeoutMs >= 0) timer = setTimeout(done, timeoutMs);
    signal?.addEventListener("abort", done, { once: true });

    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      handle.stop();
      handle.close();
      resolve();
    }
  });
}

/** Polls on a thread of the pool, in slices, so that many waiters share the few threads. */
async function waitOnThread(fd: Fd, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
  const end = timeoutMs < 0 ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
  while (!signal?.aborted) {
    const slice = Math.min(SLICE_MS, Math.ceil(end - performance.now()));
    if (slice <= 0 || (await pollOnThread(fd, slice))) return;
  }
}

function pollOnThread(fd: Fd, timeoutMs: number): Promise<boolean> {
  pollBound ??= bind("poll", "int", ["void *", "ulong", "int"]);
  const poll = pollBound;
  return new Promise((resolve, reject) => {
    const bytes = pollfd(fd);
    poll.async(bytes, 1, timeoutMs, (error, result) => {
      // -1 is an interruption: the caller asks again. Naming the bytes here keeps them alive until then.
      if (error !== null) reject(error);
      else resolve(Number(result) > 0 && bytes.length > 0);
    });
  });
}

/** struct pollfd, 8 bytes: fd 0-3, events 4-5, revents 6-7. */
function pollfd(fd: Fd): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeInt32LE(fd, 0);
  bytes.writeInt16LE(POLLIN, 4);
  return bytes;
}
