// SPDX-License-Identifier: Apache-2.0
/** What a container uses, as `runc events` has it. */
import { readStats } from "../cgroup/stats.ts";
import type { CgroupStats } from "../cgroup/stats-shape.ts";
import { HostError } from "../errors/errors.ts";
import { readRunning } from "./pause.ts";
import type { ContainerRecord } from "./record.ts";
import { type RdtStats, rdtStats } from "./stats-rdt.ts";

export interface ContainerStats extends CgroupStats {
  readonly intel_rdt: RdtStats;
  /** Whoever made the network knows its devices; runc has nothing here, either. */
  readonly network_interfaces: null;
}

/** StateError ETSRUN_NOT_RUNNING. HostError: the container has no cgroup. */
export function containerStats(root: string, id: string, warn: (warning: string) => void): ContainerStats {
  return statsOf(root, readRunning(root, id), warn);
}

/** `warn` is told of what nothing counts. */
export function statsOf(root: string, record: ContainerRecord, warn?: (warning: string) => void): ContainerStats {
  const { id, cgroups } = record;
  if (cgroups.length === 0) {
    throw new HostError(
      `container ${JSON.stringify(id)} has no cgroup, so nothing counts what it uses: run it as root or in a delegated cgroup (systemd: Delegate=yes), and without --cgroup-manager disabled`,
    );
  }
  const { stats, missing } = readStats(cgroups);
  if (missing.length > 0) {
    const names = missing.map((name) => JSON.stringify(name)).join(", ");
    warn?.(`container ${JSON.stringify(id)}: not counted, for it has no cgroup of the controllers: ${names}`);
  }
  return { ...stats, intel_rdt: rdtStats(root, record), network_interfaces: null };
}
