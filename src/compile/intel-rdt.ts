// SPDX-License-Identifier: Apache-2.0
/** The container's share of caches and memory bandwidth: a group of the resctrl filesystem. config-linux.md#intelrdt. */
import type { IntelRdt } from "../config/config.ts";
import { quote } from "../kernel/quote.ts";
import type { Act } from "../plan/step.ts";
import type { Scope } from "./scope.ts";
import { turn } from "./turn.ts";

/** The bootstrap is assigned while it is the container's only process: what it clones inherits the group. */
export const intelRdt = turn("bootstrap", "join", acts);

/** Directories of resctrl that belong to a container: the group, and with monitoring one inside of it. */
export interface ResctrlPlaces {
  readonly group: string;
  readonly monitor: string | undefined;
}

/** Without a closID, the group is called like the container; "/" is the root of the filesystem. */
export function resctrlPlaces(
  { closID = "", enableMonitoring }: IntelRdt,
  mountpoint: string,
  id: string,
): ResctrlPlaces {
  const group = closID === "/" ? mountpoint : `${mountpoint}/${closID === "" ? id : closID}`;
  return { group, monitor: enableMonitoring === true ? `${group}/mon_groups/${id}` : undefined };
}

/** Whether the group is the container's own, and ends with it. */
export function isOwnGroup({ closID = "" }: IntelRdt): boolean {
  return closID === "";
}

function acts(scope: Scope): readonly Act[] {
  const rdt = scope.config.linux?.intelRdt;
  if (rdt === undefined) return [];
  const { resctrl, uid } = scope.facts;
  if (uid !== 0)
    return fault(scope, "", "needs root: groups of resctrl are not for ordinary users to make or to enter");
  if (resctrl === null || resctrl.mountpoint === null) return fault(scope, "", NOT_MOUNTED);
  const lines = schemata(rdt);
  const { group, monitor } = resctrlPlaces(rdt, resctrl.mountpoint, scope.options.id ?? "container");
  const exists = resctrl.schemata !== null;
  if (exists) return [...mismatches(scope, lines, resctrl.schemata ?? ""), ...enter(group, monitor)];
  if (!isOwnGroup(rdt) && lines.length === 0) {
    return fault(scope, "/closID", `there is no ${quote(group)}, and nothing to make it with (schemata)`);
  }
  const text = lines.map((line) => `${line}\n`).join("");
  return [
    act("", "mkdir", group),
    ...(text === "" ? [] : [{ ...ORIGIN, act: "resctrl", does: "schemata", path: group, data: text } as const]),
    ...enter(group, monitor),
  ];
}

const NOT_MOUNTED =
  "needs the resctrl filesystem: mount -t resctrl resctrl /sys/fs/resctrl, with a CPU that has Resource Director Technology and a kernel that has CONFIG_X86_CPU_RESCTRL";

function enter(group: string, monitor: string | undefined): Act[] {
  const assigned = act("", "tasks", group);
  if (monitor === undefined) return [assigned];
  return [assigned, act("/enableMonitoring", "mkdir", monitor), act("/enableMonitoring", "tasks", monitor)];
}

const ORIGIN = { stage: "runtime", from: "/linux/intelRdt" } as const;

function act(below: string, does: "mkdir" | "tasks", path: string): Act {
  return { ...ORIGIN, from: `${ORIGIN.from}${below}`, act: "resctrl", does, path };
}

function fault(scope: Scope, below: string, message: string): [] {
  scope.findings.push({ pointer: `/linux/intelRdt${below}`, message, spec: "config-linux.md#intelrdt" });
  return [];
}

/** In the order in which they are written. */
function schemata({ l3CacheSchema = "", memBwSchema = "", schemata = [] }: IntelRdt): string[] {
  return [l3CacheSchema, memBwSchema, ...schemata].filter((line) => line !== "");
}

/** A group that is there is others' as well: it is taken as it is, if it is what config.json asks for. */
function mismatches(scope: Scope, lines: readonly string[], text: string): [] {
  const there = readSchemata(text.split("\n"));
  for (const [resource, domains] of readSchemata(lines)) {
    for (const [domain, value] of domains) {
      const found = there.get(resource)?.get(domain);
      if (found === value) continue;
      const message = `the group exists, and has ${found ?? "nothing"} for ${resource}:${domain}, not ${value}`;
      fault(scope, "/closID", message);
    }
  }
  return [];
}

/** `L3:0=7f0;1=1f` → resource, domain, value; masks without leading zeroes. The last word on a domain counts. */
function readSchemata(lines: readonly string[]): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const all = new Map<string, Map<string, string>>();
  for (const line of lines) {
    const [resource = "", list = ""] = line.split(":").map((part) => part.trim());
    if (resource === "") continue;
    const domains = all.get(resource) ?? new Map<string, string>();
    all.set(resource, domains);
    for (const entry of list.split(";")) {
      const [domain = "", value = ""] = entry.split("=").map((part) => part.trim());
      if (domain !== "") domains.set(String(Number(domain)), value.toLowerCase().replace(/^(?:0x)?0*(?=.)/, ""));
    }
  }
  return all;
}
