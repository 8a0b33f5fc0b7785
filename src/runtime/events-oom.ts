// SPDX-License-Identifier: Apache-2.0
/** News that a container is out of memory. The kernel's cgroup-v1/memory (eventfd), cgroup-v2 (memory.events). */
import { closeSync, existsSync, type FSWatcher, openSync, watch } from "node:fs";
import { writeThere } from "../cgroup/files.ts";
import type { CgroupDir } from "../cgroup/place.ts";
import { pairsIn } from "../cgroup/stats-file.ts";
import { eventfd, readEvents } from "../native/eventfd.ts";
import { close } from "../native/fd.ts";
import { waitReadable } from "../native/poll.ts";

export interface OomWatch {
  /** Looks once more, then ends. */
  close(): void;
}

export interface OomListener {
  tell(): void;
  fail(error: unknown): void;
}

/** Undefined: the container has no cgroup of the memory controller. Errors are those of the files' calls. */
export function watchOom(cgroups: readonly CgroupDir[], listener: OomListener): OomWatch | undefined {
  const dir = cgroups.find(({ controllers }) => controllers.includes("memory"));
  if (dir === undefined) return undefined;
  return dir.version === 1 ? watchLegacy(dir.path, listener) : watchUnified(dir.path, listener);
}

/** v1 adds to an eventfd for each time, and once more when the cgroup is removed. */
function watchLegacy(path: string, { tell, fail }: OomListener): OomWatch {
  const counter = eventfd();
  const ended = new AbortController();
  const look = () => {
    if (readEvents(counter) > 0n && existsSync(path)) tell();
  };
  const listen = async () => {
    while (!ended.signal.aborted) {
      await waitReadable(counter, -1, ended.signal);
      look();
    }
  };
  try {
    register(path, counter);
  } catch (error) {
    close(counter);
    throw error;
  }
  // The descriptor is in use until the wait has ended.
  void listen()
    .catch((error) => {
      if (!ended.signal.aborted) fail(error);
    })
    .finally(() => close(counter));
  return {
    close() {
      look();
      ended.abort();
    },
  };
}

/** The kernel keeps what it needs of both descriptors. */
function register(path: string, counter: number): void {
  const control = openSync(`${path}/memory.oom_control`, "r");
  try {
    writeThere(`${path}/cgroup.event_control`, `${counter} ${control}`);
  } finally {
    closeSync(control);
  }
}

/** v2 wakes who watches memory.events, for other reasons as well: the count of kills tells. */
function watchUnified(path: string, { tell, fail }: OomListener): OomWatch {
  const file = `${path}/memory.events`;
  const kills = () => pairsIn(file).oom_kill;
  let last = kills() ?? 0;
  const look = () => {
    const count = kills() ?? last;
    if (count > last) tell();
    last = count;
  };
  const guarded = () => {
    try {
      look();
    } catch (error) {
      fail(error);
    }
  };
  const watcher: FSWatcher = watch(file, { persistent: false }, guarded);
  // The file goes with its cgroup, when the container has ended.
  watcher.on("error", () => watcher.close());
  return {
    close() {
      watcher.close();
      look();
    },
  };
}
