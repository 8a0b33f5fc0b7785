// SPDX-License-Identifier: Apache-2.0
/** The turns of the process at CPUs, disks and memory nodes. config.md#linux-process, config-linux.md#memory-policy. */
import type { Scheduler } from "../config/config.ts";
import { bitMask, parseNumberList } from "../config/number-list.ts";
import { NODE_MAX } from "../config/rules-scheduling.ts";
import type { FlagTable } from "../kernel/flags.ts";
import { IOPRIO_CLASS, IOPRIO_CLASS_SHIFT, IOPRIO_WHO } from "../kernel/ioprio.ts";
import { LAYOUTS } from "../kernel/layouts.ts";
import { MPOL, MPOL_F } from "../kernel/mempolicy.ts";
import { SCHED, SCHED_FLAG } from "../kernel/sched.ts";
import { bytes, flags, int, NULL, struct } from "../plan/operands.ts";
import type { Call, Step } from "../plan/step.ts";
import { at, namespaceOf, type Scope } from "./scope.ts";

/** Before the user namespace: real-time policies and classes ask for CAP_SYS_NICE of the host. sched(7), ioprio_set(2). */
export function schedulingOfHost(scope: Scope): readonly Step[] {
  if (namespaceOf(scope, "user") === "inherited") return [];
  return [...(isInherited(scope) ? scheduler(scope, "bootstrap") : []), ...ioPriority(scope, "bootstrap")];
}

/** Otherwise as late as can be, for the process and not for what makes the container; but before it loses CAP_SYS_NICE. */
export function scheduling(scope: Scope): readonly Step[] {
  if (namespaceOf(scope, "user") === "inherited") {
    return [...scheduler(scope, "process"), ...ioPriority(scope, "process"), ...memoryPolicy(scope)];
  }
  return [...(isInherited(scope) ? [] : scheduler(scope, "process")), ...memoryPolicy(scope)];
}

/** Whether clone(2) keeps it: a process with a deadline cannot be cloned, and one may ask to be reset. sched(7). */
function isInherited({ config }: Scope): boolean {
  const { policy, flags: names = [] } = config.process?.scheduler ?? {};
  return policy !== "SCHED_DEADLINE" && !names.includes("SCHED_FLAG_RESET_ON_FORK");
}

function scheduler(scope: Scope, stage: "bootstrap" | "process"): Call[] {
  const wanted = scope.config.process?.scheduler;
  if (wanted === undefined) return [];
  if (!isInherited(scope) && namespaceOf(scope, "user") !== "inherited" && isRealTime(wanted)) {
    const message = `${wanted.policy} needs CAP_SYS_NICE on the host, which the init of a user namespace does not have`;
    scope.findings.push({ pointer: "/process/scheduler", message, spec: "config.md#linux-process" });
  }
  const attributes = struct("sched_attr", {
    size: int(LAYOUTS.sched_attr.size),
    sched_policy: flags(SCHED, numberOf(SCHED, wanted.policy)),
    sched_flags: flags(SCHED_FLAG, sum(SCHED_FLAG, wanted.flags)),
    sched_nice: int(wanted.nice ?? 0),
    sched_priority: int(wanted.priority ?? 0),
    sched_runtime: int(wanted.runtime ?? 0),
    sched_deadline: int(wanted.deadline ?? 0),
    sched_period: int(wanted.period ?? 0),
  });
  return [at(stage, "/process/scheduler")("sched_setattr", [int(0), attributes, int(0)])];
}

function isRealTime({ policy }: Scheduler): boolean {
  return policy === "SCHED_DEADLINE" || policy === "SCHED_FIFO" || policy === "SCHED_RR";
}

/** The init is alone in its process group, and its children inherit. */
function ioPriority({ config }: Scope, stage: "bootstrap" | "process"): Call[] {
  const wanted = config.process?.ioPriority;
  if (wanted === undefined) return [];
  const value = (IOPRIO_CLASS[wanted.class] << IOPRIO_CLASS_SHIFT) | wanted.priority;
  const who = flags(IOPRIO_WHO, IOPRIO_WHO.IOPRIO_WHO_PROCESS);
  return [at(stage, "/process/ioPriority")("ioprio_set", [who, int(0), int(value)])];
}

/** In the container's cgroup, whose cpuset says which nodes there are. */
function memoryPolicy(scope: Scope): Call[] {
  const wanted = scope.config.linux?.memoryPolicy;
  if (wanted === undefined) return [];
  checkMode(scope, wanted.mode);
  const make = at("process", "/linux/memoryPolicy");
  const how = flags({ ...MPOL, ...MPOL_F }, numberOf(MPOL, wanted.mode) | sum(MPOL_F, wanted.flags));
  const nodes = parseNumberList(wanted.nodes ?? "", NODE_MAX) ?? [];
  if (nodes.length === 0) return [make("set_mempolicy", [how, NULL, int(0)])];
  const mask = bitMask(nodes);
  // The kernel looks at one bit less than it is told.
  return [make("set_mempolicy", [how, bytes(mask), int(8 * mask.length + 1)])];
}

/** Mode -> the first kernel that has it. */
const SINCE: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  MPOL_PREFERRED_MANY: [5, 15],
  MPOL_WEIGHTED_INTERLEAVE: [6, 9],
};

function checkMode({ facts: { kernel }, findings }: Scope, mode: string): void {
  const [major, minor] = SINCE[mode] ?? [0, 0];
  if (kernel.major > major || (kernel.major === major && kernel.minor >= minor)) return;
  const message = `${mode} needs Linux ${major}.${minor}, this is ${kernel.release}`;
  findings.push({ pointer: "/linux/memoryPolicy/mode", message, spec: "config-linux.md#memory-policy" });
}

function numberOf(table: FlagTable, name: string): number {
  return Number(table[name] ?? 0);
}

function sum(table: FlagTable, names: readonly string[] = []): number {
  return names.reduce((all, name) => all | numberOf(table, name), 0);
}
