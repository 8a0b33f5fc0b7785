// SPDX-License-Identifier: Apache-2.0
/** `pause` and `resume`: every process of a container stops, and goes on. cgroups(7), the freezer. */
import { isFrozen, pauseAll, thaw } from "../cgroup/processes.ts";
import { HostError, StateError } from "../errors/errors.ts";
import { withHeld } from "../state/hold.ts";
import { deriveStatus } from "../state/status.ts";
import { type ContainerRecord, readRecord } from "./record.ts";

/** StateError ETSRUN_NOT_RUNNING. HostError: it has no freezer, or does not come to a stop, and goes on. */
export async function pauseContainer(root: string, id: string): Promise<void> {
  await withHeld(root, id, async () => {
    const record = readRunning(root, id);
    const outcome = await pauseAll(record.cgroups);
    if (outcome === "no freezer")
      throw new HostError(`container ${JSON.stringify(id)} has no cgroup that can be frozen`);
    if (outcome === "goes on") {
      throw new HostError(
        `container ${JSON.stringify(id)} does not come to a stop: one of its processes waits in the kernel`,
      );
    }
  });
}

/** StateError ETSRUN_NOT_PAUSED. */
export async function resumeContainer(root: string, id: string): Promise<void> {
  await withHeld(root, id, () => {
    const record = readRunning(root, id);
    if (!isFrozen(record.cgroups)) {
      throw new StateError("ETSRUN_NOT_PAUSED", id, `container ${JSON.stringify(id)} is not paused`, "running");
    }
    thaw(record.cgroups);
  });
}

/** StateError ETSRUN_NOT_RUNNING. */
export function readRunning(root: string, id: string): ContainerRecord {
  const record = readRecord(root, id);
  const status = deriveStatus(root, record);
  if (status === "running" || status === "created") return record;
  throw new StateError(
    "ETSRUN_NOT_RUNNING",
    id,
    `container ${JSON.stringify(id)} is not running: it is ${status}`,
    status,
  );
}
