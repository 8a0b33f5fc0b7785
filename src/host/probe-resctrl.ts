// SPDX-License-Identifier: Apache-2.0
/** Where resctrl is mounted, and what the group is like that a config names. Kernel documentation: filesystems/resctrl. */
import { readFileSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { Facts } from "./facts.ts";

/** Null: config.json asks for nothing of it, and nothing was looked at. */
export function probeResctrl({ linux }: Config, mountinfo = "/proc/self/mountinfo"): Facts["resctrl"] {
  const { intelRdt } = linux ?? {};
  if (intelRdt === undefined) return null;
  const mountpoint = findResctrl(readFileSync(mountinfo, "utf8"));
  const { closID = "" } = intelRdt;
  if (mountpoint === null || closID === "") return { mountpoint, schemata: null };
  return { mountpoint, schemata: readSchemata(closID === "/" ? mountpoint : `${mountpoint}/${closID}`) };
}

/** The last mount of the type, which lies uppermost. proc_pid_mountinfo(5). */
export function findResctrl(mountinfo: string): string | null {
  const line = mountinfo.split("\n").findLast((each) => each.includes(" - resctrl "));
  const path = line?.split(" ", 5)[4];
  return path?.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))) ?? null;
}

function readSchemata(group: string): string | null {
  try {
    return readFileSync(`${group}/schemata`, "utf8");
  } catch {
    return null;
  }
}
