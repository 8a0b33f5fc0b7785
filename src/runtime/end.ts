// SPDX-License-Identifier: Apache-2.0
/** `kill` and `delete`: runtime.md#kill, runtime.md#delete. */
import { isFrozen, killAll, processesIn, thaw } from "../cgroup/processes.ts";
import { removeCgroup } from "../cgroup/remove.ts";
import { HostError, StateError } from "../errors/errors.ts";
import { SIG } from "../kernel/signal.ts";
import { close, type Fd } from "../native/fd.ts";
import { pidfd_open, pidfd_send_signal } from "../native/process.ts";
import { waitPidfd } from "../native/wait.ts";
import { type Held, hold, release } from "../state/hold.ts";
import { deriveStatus, isAlive } from "../state/status.ts";
import { removeState } from "../state/store.ts";
import { type ContainerRecord, findRecord, readRecord } from "./record.ts";

/** StateError ETSRUN_NOT_RUNNING: neither created nor running. */
export async function killContainer(root: string, id: string, signal: number, all: boolean): Promise<void> {
  const record = readRecord(root, id);
  const status = deriveStatus(root, record);
  // What a stopped init has left behind without a pid namespace is still reached by --all.
  if (all || (signal === SIG.SIGKILL && !record.ownPids && status !== "stopped")) await killAll(record.cgroups, signal);
  const sent = withInit(record, (pidfd) => pidfd_send_signal(pidfd, signal));
  if (sent !== true && !all) throw notRunning(id, status);
  // The dead shall not wait for `resume`.
  if (signal === SIG.SIGKILL && isFrozen(record.cgroups)) thaw(record.cgroups);
}

function notRunning(id: string, status: string): StateError {
  const now = status === "creating" ? "stopped" : status;
  return new StateError("ETSRUN_NOT_RUNNING", id, `container ${JSON.stringify(id)} is not running: it is ${now}`, now);
}

/** Does something to the init through a handle that no later process with its pid can get. Undefined: it is gone. */
function withInit<T>(record: ContainerRecord, work: (pidfd: Fd) => T): T | undefined {
  if (!isAlive(record)) return undefined;
  const pidfd = pidfd_open(record.pid);
  if (pidfd === undefined) return undefined;
  try {
    // The handle may be that of a later process, if the init has ended just now.
    return isAlive(record) ? work(pidfd) : undefined;
  } finally {
    close(pidfd);
  }
}

const END_MS = 10_000;

/**
 * Removes a container and everything that create made. A created one is ended first, as runc and crun do and engines
 * rely on, although runtime.md#delete asks for an error.
 * StateError ETSRUN_NOT_STOPPED: it runs, and `force` does not say to end it. ETSRUN_NOT_FOUND.
 */
export async function deleteContainer(root: string, id: string, how: Deletion): Promise<void> {
  const held = await holdExisting(root, id, how.force);
  if (held === undefined) return;
  let record: ContainerRecord | undefined;
  try {
    record = await deleteHeld(held, how.force);
  } catch (error) {
    release(held);
    throw error;
  }
  // Without a pid, its create was killed before it came to any hooks.
  if (record?.hooks?.poststop === undefined || record.pid === 0) return;
  const { poststop } = await import("./hooks.ts");
  await poststop(record, how.warn);
}

export interface Deletion {
  readonly force: boolean;
  /** Told of poststop hooks that fail. */
  readonly warn: (warning: string) => void;
}

async function holdExisting(root: string, id: string, force: boolean): Promise<Held | undefined> {
  try {
    return await hold(root, id);
  } catch (error) {
    if (force && error instanceof StateError && error.code === "ETSRUN_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Returns the record of what was deleted, and lets go of it. */
async function deleteHeld(held: Held, force: boolean): Promise<ContainerRecord | undefined> {
  const { root, id } = held;
  const record = force ? findRecord(root, id) : readRecord(root, id);
  if (record !== undefined) {
    const status = deriveStatus(root, record);
    if (status === "running" && !force) {
      const message = `container ${JSON.stringify(id)} is not stopped: it is ${status}; kill it first, or use --force`;
      throw new StateError("ETSRUN_NOT_STOPPED", id, message, status);
    }
    if (status !== "stopped") await endInit(record);
    // Whatever is left in the container's cgroup is no container's any more.
    if (processesIn(record.cgroups).length > 0) await killAll(record.cgroups, SIG.SIGKILL);
    if (record.systemd !== undefined) {
      const { endUnit } = await import("../cgroup/systemd.ts");
      await endUnit(record.systemd, record.cgroup.paths);
    }
    await removeCgroup(record.cgroups);
    if (record.resctrl !== undefined) (await import("./intel-rdt.ts")).removeGroups(record.resctrl.ends);
  }
  removeState(held);
  return record;
}

async function endInit(record: ContainerRecord): Promise<void> {
  const pidfd = record.pid > 0 ? pidfd_open(record.pid) : undefined;
  if (pidfd === undefined) return;
  try {
    if (!isAlive(record)) return;
    pidfd_send_signal(pidfd, SIG.SIGKILL);
    if (isFrozen(record.cgroups)) thaw(record.cgroups);
    if (await waitPidfd(pidfd, END_MS)) return;
    throw new HostError(
      `process ${record.pid} of container ${JSON.stringify(record.id)} does not end: the kernel does not let it`,
    );
  } finally {
    close(pidfd);
  }
}
