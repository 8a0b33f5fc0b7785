// SPDX-License-Identifier: Apache-2.0
/** Rules about classes of service. config-linux.md#intelrdt. */
import { quote } from "../kernel/quote.ts";
import { type Fault, linuxOf, type Rule } from "./rule.ts";

export const INTEL_RDT_RULES: readonly Rule[] = [
  {
    name: "a class of service has a name that can be a directory's",
    spec: "config-linux.md#intelrdt",
    reads: ["/linux/intelRdt"],
    level: "error",
    *check(config): Iterable<Fault> {
      const { closID = "" } = linuxOf(config).intelRdt ?? {};
      if (closID === "" || closID === "/") return;
      if (!/[/\n]/.test(closID) && ![".", "..", ...TAKEN].includes(closID)) return;
      const message = `expected the name of a directory below resctrl, or "/", found ${quote(closID)}`;
      yield { pointer: "/linux/intelRdt/closID", message };
    },
  },
  {
    name: "a schema for the L3 cache is one line that says so",
    spec: "config-linux.md#intelrdt",
    reads: ["/linux/intelRdt"],
    level: "warning",
    *check(config): Iterable<Fault> {
      const { l3CacheSchema = "" } = linuxOf(config).intelRdt ?? {};
      if (l3CacheSchema === "" || /^L3:[^\n]*$/.test(l3CacheSchema)) return;
      const message = `expected one line that begins with "L3:", found ${quote(l3CacheSchema)}`;
      yield { pointer: "/linux/intelRdt/l3CacheSchema", message };
    },
  },
];

/** What the kernel has in the root of resctrl itself. */
const TAKEN = ["info", "mon_groups", "mon_data", "tasks", "schemata", "cpus", "cpus_list", "mode", "size"];
