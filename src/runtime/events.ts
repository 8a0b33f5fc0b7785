// SPDX-License-Identifier: Apache-2.0
/** `events`: what a container uses, from time to time, and each time that it is out of memory, until it ends. */
import { close } from "../native/fd.ts";
import { waitReadable } from "../native/poll.ts";
import { pidfd_open } from "../native/process.ts";
import { isAlive } from "../state/status.ts";
import { type OomListener, type OomWatch, watchOom } from "./events-oom.ts";
import { readRunning } from "./pause.ts";
import type { ContainerRecord } from "./record.ts";
import { type ContainerStats, statsOf } from "./stats.ts";

export type ContainerEvent =
  | { readonly type: "stats"; readonly id: string; readonly data: ContainerStats }
  | { readonly type: "oom"; readonly id: string };

export interface EventOptions {
  /** How often the use is told. */
  readonly intervalMs: number;
  readonly tell: (event: ContainerEvent) => void;
  readonly warn: (warning: string) => void;
}

/** Resolves when the container's process has ended; rejects with what `tell` throws. StateError ETSRUN_NOT_RUNNING. */
export async function tellEvents(root: string, id: string, options: EventOptions): Promise<void> {
  const record = readRunning(root, id);
  const init = pidfd_open(record.pid);
  if (init === undefined) return;
  const stop = new AbortController();
  // Until here its pid could have become another's.
  const end = isAlive(record) ? waitReadable(init, FOREVER, stop.signal) : Promise.resolve(true);
  try {
    await tellUntil(end, { root, record, ...options });
  } finally {
    stop.abort();
    await end.catch(() => {});
    close(init);
  }
}

interface Telling extends EventOptions {
  readonly root: string;
  readonly record: ContainerRecord;
}

async function tellUntil(end: Promise<unknown>, { root, record, intervalMs, tell, warn }: Telling): Promise<void> {
  const { id } = record;
  let timer: NodeJS.Timeout | undefined;
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
  const tellStats = async (): Promise<never> => {
    for (;;) {
      for (let leftMs = intervalMs; leftMs > 0; leftMs -= LONGEST_MS) await pause(Math.min(leftMs, LONGEST_MS));
      try {
        const data = statsOf(root, record);
        // A cgroup that was removed while it was read has told nothing.
        if (isAlive(record)) tell({ type: "stats", id, data });
      } catch (error) {
        if (isAlive(record)) throw error;
      }
    }
  };
  await new Promise<void>((resolve, reject) => {
    const oom = listen(record, { tell: () => tell({ type: "oom", id }), fail: reject }, warn);
    const done = () => oom?.close();
    Promise.race([end, tellStats()])
      .finally(done)
      .then(() => resolve(), reject);
  }).finally(() => clearTimeout(timer));
}

/** Where nothing tells of it, the rest is told all the same. */
function listen(record: ContainerRecord, listener: OomListener, warn: (warning: string) => void): OomWatch | undefined {
  const oom = watchOom(record.cgroups, listener);
  if (oom === undefined) {
    const reason = 'needs the cgroup controller "memory", in which the container has no cgroup';
    warn(`container ${JSON.stringify(record.id)}: not told when it is out of memory: ${reason}`);
  }
  return oom;
}

const FOREVER = -1;
/** The most that a timer of Node's can wait. */
const LONGEST_MS = 2 ** 31 - 1;
