// SPDX-License-Identifier: Apache-2.0
/** What the sources of bind mounts are, and the flags of the mounts that they lie on. config.md#mounts, statfs(2). */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Config, Mount } from "../config/config.ts";
import { MS } from "../kernel/mount.ts";
import { ST } from "../kernel/statfs.ts";
import { statfs } from "../native/statfs.ts";
import type { SourceFacts } from "./facts.ts";

/** By absolute path; a source that does not exist is left out. */
export function probeSources(config: Config, bundle: string): Record<string, SourceFacts> {
  const facts: Record<string, SourceFacts> = {};
  for (const mount of config.mounts ?? []) {
    if (mount.source === undefined || !isBind(mount)) continue;
    const path = resolve(bundle, mount.source);
    const source = facts[path] ?? probeSource(path);
    if (source !== undefined) facts[path] = source;
  }
  return facts;
}

/** Whether mount(2) will bind: by its type, as callers write it, or by its options. */
export function isBind({ type, options = [] }: Mount): boolean {
  return type === "bind" || options.includes("bind") || options.includes("rbind");
}

function probeSource(path: string): SourceFacts | undefined {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    return { kind: stat.isDirectory() ? "directory" : "file", mountFlags: mountFlags(statfs(path).flags) };
  } catch {
    // Out of reach (EACCES, ELOOP): the start will say so with the very call.
    return undefined;
  }
}

const MS_OF_ST: readonly (readonly [st: number, ms: number])[] = [
  [ST.ST_RDONLY, MS.MS_RDONLY],
  [ST.ST_NOSUID, MS.MS_NOSUID],
  [ST.ST_NODEV, MS.MS_NODEV],
  [ST.ST_NOEXEC, MS.MS_NOEXEC],
  [ST.ST_NOATIME, MS.MS_NOATIME],
  [ST.ST_NODIRATIME, MS.MS_NODIRATIME],
  [ST.ST_RELATIME, MS.MS_RELATIME],
  [ST.ST_NOSYMFOLLOW, MS.MS_NOSYMFOLLOW],
];

/** MS_ flags of mount(2) for the ST_ flags of statfs(2), which are numbered otherwise. */
export function mountFlags(statfsFlags: number): number {
  return MS_OF_ST.reduce((flags, [st, ms]) => ((statfsFlags & st) === 0 ? flags : flags | ms), 0);
}
