// SPDX-License-Identifier: Apache-2.0
/** Another share of caches and memory bandwidth for a container that is there. config-linux.md#intelrdt, kernel: resctrl. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isOwnGroup, resctrlPlaces } from "../compile/intel-rdt.ts";
import type { Config, IntelRdt } from "../config/config.ts";
import { type Finding, SyscallError } from "../errors/errors.ts";
import { findResctrl } from "../host/probe-resctrl.ts";
import type { Held } from "../state/hold.ts";
import { writeState } from "../state/store.ts";
import { performResctrl, removeGroups } from "./intel-rdt.ts";
import { processesOf } from "./processes.ts";
import type { ContainerRecord } from "./record.ts";
import type { Change } from "./update-changes.ts";
import { type ResourceSource, refuse } from "./update-check.ts";

export type RdtLines = Pick<IntelRdt, "l3CacheSchema" | "memBwSchema">;

export interface RdtWish {
  readonly held: Held;
  readonly record: ContainerRecord;
  readonly config: Config;
  readonly lines: RdtLines;
  readonly source: ResourceSource;
  /** Where resctrl is mounted, if not where the kernel says. */
  readonly mountpoint?: string | null;
}

export interface RdtUpdate {
  readonly changes: readonly Change[];
  /** What is kept of it. */
  readonly intelRdt?: IntelRdt;
}

/** What a line needs of the CPU: the directory of its resource below info/. */
const RESOURCES = [
  ["l3CacheSchema", "L3", "allocation of L3 cache"],
  ["memBwSchema", "MB", "allocation of memory bandwidth"],
] as const;

/** ConfigError: this host has no such thing, or the group is the host's own. */
export function rdtUpdate(wish: RdtWish): RdtUpdate {
  const { held, record, config, source } = wish;
  const lines = RESOURCES.flatMap(([name]) => wish.lines[name] || []);
  if (lines.length === 0) return { changes: [] };
  const mountpoint = wish.mountpoint === undefined ? mounted() : wish.mountpoint;
  const rdt = config.linux?.intelRdt ?? {};
  refuse(faults(wish.lines, rdt, mountpoint), source);
  const { group } = resctrlPlaces(rdt, mountpoint ?? "", record.id);
  const makes = config.linux?.intelRdt === undefined ? [groupChange(group, held, record)] : [];
  const given = Object.fromEntries(Object.entries(wish.lines).filter(([, line]) => line));
  return { changes: [...makes, schemataChange(group, lines)], intelRdt: { ...rdt, ...given } };
}

function mounted(): string | null {
  return findResctrl(readFileSync("/proc/self/mountinfo", "utf8"));
}

function faults(lines: RdtLines, rdt: IntelRdt, mountpoint: string | null): readonly Finding[] {
  return RESOURCES.flatMap(([name, directory, what]) => {
    const at = (message: string) => [{ pointer: `/intelRdt/${name}`, message, spec: "config-linux.md#intelrdt" }];
    if (!lines[name]) return [];
    if (mountpoint === null) return at("needs the resctrl filesystem: mount -t resctrl resctrl /sys/fs/resctrl");
    if (!existsSync(`${mountpoint}/info/${directory}`)) return at(`this CPU, or this kernel, has no ${what}`);
    const isRoot = !isOwnGroup(rdt) && rdt.closID === "/";
    return isRoot ? at("the container is in the host's own group (closID), which is not for it to change") : [];
  });
}

const ORIGIN = { stage: "runtime", act: "resctrl", from: "/linux/intelRdt" } as const;

function schemataChange(path: string, lines: readonly string[]): Change {
  let before = "";
  const write = (data: string) => performResctrl({ ...ORIGIN, does: "schemata", path, data }, 0);
  return {
    make() {
      before = readFileSync(`${path}/schemata`, "utf8");
      try {
        write(lines.map((line) => `${line}\n`).join(""));
      } catch (error) {
        // Lines before the one that was refused hold already.
        write(before);
        throw error;
      }
    },
    takeBack: () => write(before),
  };
}

/** A container that was made without a group gets one, with all of its threads; it ends with the container. */
function groupChange(group: string, held: Held, record: ContainerRecord): Change {
  const undo = () => removeGroups([group]);
  return {
    make() {
      performResctrl({ ...ORIGIN, does: "mkdir", path: group }, 0);
      try {
        enter(group, held, record);
        writeState(held, { ...record, resctrl: { made: [group], ends: [group] } } as ContainerRecord);
      } catch (error) {
        undo();
        throw error;
      }
    },
    takeBack() {
      undo();
      writeState(held, record);
    },
  };
}

/** What is forked is in its parent's group: nobody is left out once a look finds nobody new. */
function enter(group: string, { root, id }: Held, record: ContainerRecord): void {
  const seen = new Set<number>();
  for (;;) {
    const fresh = [...new Set([record.pid, ...processesOf(root, id)])]
      .flatMap(threadsOf)
      .filter((tid) => !seen.has(tid));
    if (fresh.length === 0) return;
    for (const tid of fresh) {
      seen.add(tid);
      assign(group, tid);
    }
  }
}

/** A thread may have ended since. */
function assign(path: string, tid: number): void {
  try {
    performResctrl({ ...ORIGIN, does: "tasks", path }, tid);
  } catch (error) {
    if (!(error instanceof SyscallError && error.errno === "ESRCH")) throw error;
  }
}

/** None of a process that has ended. */
function threadsOf(pid: number): readonly number[] {
  const tasks = `/proc/${pid}/task`;
  return existsSync(tasks) ? readdirSync(tasks).map(Number) : [];
}
