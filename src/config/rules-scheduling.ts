// SPDX-License-Identifier: Apache-2.0
/** Rules about the turns of the process at CPUs, disks and memory nodes. sched(7), ioprio_set(2), set_mempolicy(2). */
import { quote } from "../kernel/quote.ts";
import type { Scheduler } from "./config.ts";
import { parseNumberList } from "./number-list.ts";
import { pointer } from "./pointer.ts";
import { type Fault, linuxOf, processOf, type Rule } from "./rule.ts";

const SCHEDULER = "config.md#linux-process";
const MEMORY = "config-linux.md#memory-policy";
/** Kernels can be built for 8192 CPUs and for 1024 memory nodes: CONFIG_NR_CPUS, CONFIG_NODES_SHIFT. */
export const CPU_MAX = 8191;
export const NODE_MAX = 1023;
/** Nanoseconds; a shorter turn is no turn, and the kernel counts in 63 bits. sched_setattr(2). */
const RUNTIME_MIN = 1024;
const TIME_MAX = 2n ** 63n - 1n;

export const SCHEDULING_RULES: readonly Rule[] = [
  schedulerRule("the scheduling policy is one that Linux has", function* ({ policy }) {
    if (policy !== "SCHED_ISO") return;
    yield { pointer: "/process/scheduler/policy", message: "SCHED_ISO is reserved, but no version of Linux has it" };
  }),
  schedulerRule("a nice value is for the policies that share", function* ({ policy, nice = 0 }) {
    const at = "/process/scheduler/nice";
    if (nice < -20 || nice > 19) yield { pointer: at, message: `expected -20 to 19, found ${nice}` };
    else if (nice !== 0 && policy !== "SCHED_OTHER" && policy !== "SCHED_BATCH") {
      yield { pointer: at, message: `has no effect with ${policy}: it is for SCHED_OTHER and SCHED_BATCH` };
    }
  }),
  schedulerRule("a static priority is for the real-time policies", function* ({ policy, priority, flags = [] }) {
    const at = priority === undefined ? "/process/scheduler" : "/process/scheduler/priority";
    const realTime = policy === "SCHED_FIFO" || policy === "SCHED_RR";
    if (flags.includes("SCHED_FLAG_KEEP_POLICY") || flags.includes("SCHED_FLAG_KEEP_PARAMS")) return;
    if (realTime && (priority === undefined || priority < 1 || priority > 99)) {
      const found = priority === undefined ? "it is missing" : `found ${priority}`;
      yield { pointer: at, message: `${policy} needs a priority of 1 to 99, ${found}` };
    }
    if (!realTime && (priority ?? 0) !== 0)
      yield { pointer: at, message: `must be 0 with ${policy}, found ${priority}` };
  }),
  schedulerRule("the times of a deadline fit into each other", deadlineFaults),
  {
    name: "lists of CPUs are lists of numbers",
    spec: SCHEDULER,
    reads: ["/process/execCPUAffinity"],
    level: "error",
    *check(config): Iterable<Fault> {
      for (const [name, list] of Object.entries(processOf(config).execCPUAffinity ?? {})) {
        if ((name !== "initial" && name !== "final") || parseNumberList(list, CPU_MAX) !== undefined) continue;
        const message = `expected CPUs of 0 to ${CPU_MAX} as in 0-3,7, found ${quote(list)}`;
        yield { pointer: pointer("process", "execCPUAffinity", name), message };
      }
    },
  },
  {
    name: "memory nodes are given to the modes that have some",
    spec: MEMORY,
    reads: ["/linux/memoryPolicy"],
    level: "error",
    *check(config): Iterable<Fault> {
      const { mode = "", nodes = "" } = linuxOf(config).memoryPolicy ?? {};
      const at = "/linux/memoryPolicy/nodes";
      const list = parseNumberList(nodes, NODE_MAX);
      if (list === undefined) {
        yield { pointer: at, message: `expected nodes of 0 to ${NODE_MAX} as in 0-3,7, found ${quote(nodes)}` };
      } else if (list.length > 0 && (mode === "MPOL_DEFAULT" || mode === "MPOL_LOCAL")) {
        yield { pointer: at, message: `must be empty with ${mode}` };
      } else if (list.length === 0 && MODES_OF_NODES.has(mode)) {
        yield { pointer: "/linux/memoryPolicy", message: `${mode} needs at least one node in "nodes"` };
      }
    },
  },
  {
    name: "flags of a memory policy agree",
    spec: MEMORY,
    reads: ["/linux/memoryPolicy"],
    level: "error",
    *check(config): Iterable<Fault> {
      const { mode = "", nodes = "", flags = [] } = linuxOf(config).memoryPolicy ?? {};
      const at = "/linux/memoryPolicy/flags";
      const [fixed, relative] = ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"].map((flag) => flags.includes(flag));
      if (fixed && relative) yield { pointer: at, message: "nodes are either static or relative" };
      if ((fixed || relative) && nodes.trim() === "") yield { pointer: at, message: `${mode} has no nodes here` };
      if (flags.includes("MPOL_F_NUMA_BALANCING") && mode !== "MPOL_BIND" && mode !== "MPOL_PREFERRED_MANY") {
        yield { pointer: at, message: `MPOL_F_NUMA_BALANCING is for MPOL_BIND and MPOL_PREFERRED_MANY, not ${mode}` };
      }
    },
  },
];

/** MPOL_PREFERRED without nodes prefers the local one. */
const MODES_OF_NODES: ReadonlySet<string> = new Set([
  "MPOL_BIND",
  "MPOL_INTERLEAVE",
  "MPOL_WEIGHTED_INTERLEAVE",
  "MPOL_PREFERRED_MANY",
]);

function schedulerRule(name: string, faults: (scheduler: Scheduler) => Iterable<Fault>): Rule {
  return {
    name,
    spec: SCHEDULER,
    reads: ["/process/scheduler"],
    level: "error",
    *check(config): Iterable<Fault> {
      const { scheduler } = processOf(config);
      if (scheduler !== undefined) yield* faults(scheduler);
    },
  };
}

/** A period of 0 is as long as the deadline. */
function* deadlineFaults({ policy, runtime = 0, deadline = 0, period = 0, flags = [] }: Scheduler): Iterable<Fault> {
  const times = { runtime, deadline, period };
  for (const [name, value] of Object.entries(times)) {
    const at = pointer("process", "scheduler", name);
    if (value > TIME_MAX) yield { pointer: at, message: `expected at most ${TIME_MAX}, found ${value}` };
    else if (policy !== "SCHED_DEADLINE" && value > 0) {
      yield { pointer: at, message: `has no effect with ${policy}: it is for SCHED_DEADLINE` };
    }
  }
  if (policy !== "SCHED_DEADLINE" || flags.includes("SCHED_FLAG_KEEP_PARAMS")) return;
  if (runtime < RUNTIME_MIN) {
    yield { pointer: "/process/scheduler", message: `SCHED_DEADLINE needs a runtime of ${RUNTIME_MIN} ns or more` };
  }
  if (runtime > deadline) {
    yield {
      pointer: "/process/scheduler",
      message: `the deadline, ${deadline}, is shorter than the runtime, ${runtime}`,
    };
  }
  if (period > 0 && deadline > period) {
    yield {
      pointer: "/process/scheduler",
      message: `the period, ${period}, is shorter than the deadline, ${deadline}`,
    };
  }
}
