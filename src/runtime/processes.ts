// SPDX-License-Identifier: Apache-2.0
/** The processes of a container, as the host numbers them. */
import { readdirSync, readlinkSync } from "node:fs";
import { processesIn } from "../cgroup/processes.ts";
import { HostError } from "../errors/errors.ts";
import { deriveStatus } from "../state/status.ts";
import { readRecord } from "./record.ts";

/**
 * Those of its cgroup; without a cgroup, those of its own pid namespace, its children's included.
 * HostError: it has neither.
 */
export function processesOf(root: string, id: string): readonly number[] {
  const record = readRecord(root, id);
  if (record.cgroups.length > 0) return processesIn(record.cgroups).toSorted((one, other) => one - other);
  if (deriveStatus(root, record) === "stopped") return [];
  if (record.ownPids) return inPidNamespace(record.pid);
  throw new HostError(
    `container ${JSON.stringify(id)} has neither a cgroup nor a pid namespace of its own: nothing tells its processes from others`,
  );
}

function inPidNamespace(init: number): readonly number[] {
  const wanted = namespaceOf(init);
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((pid) => wanted !== undefined && namespaceOf(pid) === wanted);
}

/** Undefined: it has ended, or is not ours to look at. */
function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}
