// SPDX-License-Identifier: Apache-2.0
/** What a container's group of resctrl says, as `runc events` has it. Kernel documentation: filesystems/resctrl. */
import { readdirSync, readFileSync } from "node:fs";
import { numberIn, sparse } from "../cgroup/stats-file.ts";
import { resctrlPlaces } from "../compile/intel-rdt.ts";
import type { Config, IntelRdt, U64 } from "../config/config.ts";
import { parseJson } from "../config/json.ts";
import { findResctrl } from "../host/probe-resctrl.ts";
import { readConfigOf } from "../state/store.ts";
import type { ContainerRecord } from "./record.ts";

export interface RdtStats {
  readonly l3_cache_info?: { readonly cbm_mask?: string; readonly min_cbm_bits?: U64; readonly num_closids?: U64 };
  readonly l3_cache_schema_root?: string;
  readonly l3_cache_schema?: string;
  readonly mem_bw_info?: Readonly<Record<string, U64>>;
  readonly mem_bw_schema_root?: string;
  readonly mem_bw_schema?: string;
  /** One for each L3 cache. */
  readonly mbm_stats?: readonly { readonly mbm_total_bytes: U64; readonly mbm_local_bytes: U64 }[];
  readonly cmt_stats?: readonly { readonly llc_occupancy: U64 }[];
}

/** Nothing for a container without a group. */
export function rdtStats(root: string, { id }: ContainerRecord): RdtStats {
  const { linux } = parseJson(readConfigOf(root, id)) as Config;
  if (linux?.intelRdt === undefined) return {};
  const mountpoint = findResctrl(readFileSync("/proc/self/mountinfo", "utf8"));
  return mountpoint === null ? {} : groupStats(linux.intelRdt, mountpoint, id);
}

export function groupStats(rdt: IntelRdt, mountpoint: string, id: string): RdtStats {
  const { group, monitor = group } = resctrlPlaces(rdt, mountpoint, id);
  const [root, own] = [mountpoint, group].map((path) => text(`${path}/schemata`) ?? "");
  const l3 = `${mountpoint}/info/L3`;
  const mb = `${mountpoint}/info/MB`;
  const mask = text(`${l3}/cbm_mask`);
  const granularity = numberIn(`${mb}/bandwidth_gran`);
  return {
    ...(mask !== undefined && {
      l3_cache_info: sparse({
        cbm_mask: mask,
        min_cbm_bits: numberIn(`${l3}/min_cbm_bits`),
        num_closids: numberIn(`${l3}/num_closids`),
      }),
      ...sparse({ l3_cache_schema_root: lineOf(root, "L3"), l3_cache_schema: lineOf(own, "L3") }),
    }),
    ...(granularity !== undefined && {
      mem_bw_info: sparse({
        bandwidth_gran: granularity,
        delay_linear: numberIn(`${mb}/delay_linear`),
        min_bandwidth: numberIn(`${mb}/min_bandwidth`),
        num_closids: numberIn(`${mb}/num_closids`),
      }) as Record<string, U64>,
      ...sparse({ mem_bw_schema_root: lineOf(root, "MB"), mem_bw_schema: lineOf(own, "MB") }),
    }),
    ...monitored(`${monitor}/mon_data`),
  };
}

/** A counter that says "Unavailable" or "Error" is 0. */
function monitored(directory: string): Pick<RdtStats, "mbm_stats" | "cmt_stats"> {
  const caches = names(directory).filter((name) => name.startsWith("mon_L3_"));
  const has = (file: string) => caches.some((cache) => text(`${directory}/${cache}/${file}`) !== undefined);
  const count = (cache: string, file: string) => numberIn(`${directory}/${cache}/${file}`) ?? 0;
  return {
    ...(has("mbm_total_bytes") && {
      mbm_stats: caches.map((cache) => ({
        mbm_total_bytes: count(cache, "mbm_total_bytes"),
        mbm_local_bytes: count(cache, "mbm_local_bytes"),
      })),
    }),
    ...(has("llc_occupancy") && {
      cmt_stats: caches.map((cache) => ({ llc_occupancy: count(cache, "llc_occupancy") })),
    }),
  };
}

/** `    L3:0=fffff;1=fffff` of a group's schemata. */
function lineOf(schemata: string | undefined, resource: string): string | undefined {
  return (schemata ?? "")
    .split("\n")
    .map((line) => line.trim())
    .find((line) => line.startsWith(`${resource}:`));
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    // This CPU has no such thing, or the group has ended.
    return undefined;
  }
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}
