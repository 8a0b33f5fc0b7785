// SPDX-License-Identifier: Apache-2.0
/** The CPUs of a process that joins a container. config.md#linux-process, `execCPUAffinity`; sched_setaffinity(2). */
import { bitMask, parseNumberList } from "../config/number-list.ts";
import { CPU_MAX } from "../config/rules-scheduling.ts";
import { bytes, int } from "../plan/operands.ts";
import { at, type Chapter } from "./scope.ts";

/** `initial`: before the container's cgroup is joined. `final`: after it; the cgroup's CPUs bound it. */
export function affinity(when: "initial" | "final"): Chapter {
  return ({ config }) => {
    const cpus = parseNumberList(config.process?.execCPUAffinity?.[when] ?? "", CPU_MAX) ?? [];
    if (cpus.length === 0) return [];
    const mask = bitMask(cpus);
    const make = at("bootstrap", `/process/execCPUAffinity/${when}`);
    return [make("sched_setaffinity", [int(0), int(mask.length), bytes(mask)])];
  };
}
