// SPDX-License-Identifier: Apache-2.0
/** The options of `update`. */
import { HELP, type OptionSpec } from "./options.ts";

const text = <Name extends string>(name: Name, value: string, describe: string) =>
  ({ name, type: "string", value, describe }) as const;

export const UPDATE_OPTIONS = [
  {
    name: "resources",
    alias: "r",
    type: "string",
    value: "FILE",
    describe: "a linux.resources object of config.json, as JSON; -: standard input. Other limits are ignored then",
  },
  text("memory", "BYTES", "limit of memory: 536870912, 512M, 1.5g; -1: none"),
  text("memory-reservation", "BYTES", "what is left to the container when memory is short"),
  text("memory-swap", "BYTES", "limit of memory and swap together; -1: none"),
  text("pids-limit", "N", "number of processes; -1: no limit"),
  text("cpu-share", "N", "weight of the container's share of the CPUs"),
  text("cpu-quota", "MICROSECONDS", "CPU time in a period; -1: no limit"),
  text("cpu-period", "MICROSECONDS", "the period of the quota"),
  text("cpu-burst", "MICROSECONDS", "unused time that may be used on top of the quota"),
  text("cpu-rt-runtime", "MICROSECONDS", "CPU time for real-time processes in a period"),
  text("cpu-rt-period", "MICROSECONDS", "the period of it"),
  text("cpu-idle", "0|1", "1: the container runs when nobody else wants to"),
  text("cpuset-cpus", "LIST", "CPUs to run on, as in 0-3,7"),
  text("cpuset-mems", "LIST", "memory nodes to use"),
  text("blkio-weight", "N", "weight of the container's share of the disks, 10 to 1000"),
  text("l3-cache-schema", "LINE", "share of the L3 cache, as resctrl has it"),
  text("mem-bw-schema", "LINE", "share of memory bandwidth, as resctrl has it"),
  text("kernel-memory", "BYTES", "has no effect: no kernel limits it"),
  text("kernel-memory-tcp", "BYTES", "limit of TCP buffers, on cgroup v1"),
  HELP,
] as const satisfies readonly OptionSpec[];
