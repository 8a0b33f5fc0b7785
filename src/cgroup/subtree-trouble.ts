// SPDX-License-Identifier: Apache-2.0
/** Who keeps a cgroup of v2 from handing a controller down. Asked after the failure. cgroups(7), the kernel's cgroup-v2. */
import { readFileSync } from "node:fs";
import { dirname } from "node:path/posix";
import type { ErrnoName } from "../kernel/errno.ts";
import { SCHED } from "../kernel/sched.ts";
import { read, within } from "./files.ts";
import { processesBelow } from "./processes.ts";

const REAL_TIME = [SCHED.SCHED_FIFO, SCHED.SCHED_RR, SCHED.SCHED_DEADLINE];

/** In words; `path` is the `cgroup.subtree_control` that could not be written. Undefined: nobody is to be seen. */
export function subtreeTrouble(path: string, errno: ErrnoName): string | undefined {
  const cgroup = dirname(path);
  if (errno === "EBUSY") return listed("in it", pidsOf(read(within(cgroup, "cgroup.procs"))));
  if (errno === "EINVAL") return listed("real-time below it", processesBelow(cgroup).filter(isRealTime));
  return errno === "EOPNOTSUPP" ? threadedTrouble(cgroup) : undefined;
}

function threadedTrouble(cgroup: string): string | undefined {
  for (let path = cgroup; path !== dirname(path); path = dirname(path)) {
    const type = read(within(path, "cgroup.type"))?.trim();
    if (type?.includes("threaded") === true) return `${path} is of the type "${type}"`;
  }
  return undefined;
}

function listed(where: string, pids: readonly number[]): string | undefined {
  if (pids.length === 0) return undefined;
  const named = pids.slice(0, 5).map((pid) => `${pid} (${textOf(pid, "comm").trim()})`);
  return `${where}: ${named.join(", ")}${pids.length > 5 ? `, and ${pids.length - 5} more` : ""}`;
}

/** The 41st field, counted from behind the name, which may hold anything. proc_pid_stat(5). */
function isRealTime(pid: number): boolean {
  const stat = textOf(pid, "stat");
  const policy = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[38]);
  return REAL_TIME.some((one) => one === policy);
}

function pidsOf(text = ""): readonly number[] {
  return text
    .split("\n")
    .map(Number)
    .filter((pid) => pid > 0);
}

function textOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    // It has ended meanwhile.
    return "";
  }
}
