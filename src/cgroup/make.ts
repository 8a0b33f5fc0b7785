// SPDX-License-Identifier: Apache-2.0
/** Makes the cgroup of a container. config-linux.md#cgroups-path: "The cgroups will be created if they don't exist." */
import { existsSync } from "node:fs";
import { dirname } from "node:path/posix";
import { HostError, SyscallError } from "../errors/errors.ts";
import { errnoText } from "../kernel/errno.ts";
import { quote } from "../kernel/quote.ts";
import { driverOf } from "./drivers.ts";
import { demandWritable, mayMakeIn, mkdir, rmdir, subtree } from "./files.ts";
import type { CgroupDir, CgroupPlace } from "./place.ts";
import { isFrozen, processesBelow } from "./processes.ts";

/** A directory of the container's cgroup, and what was there before the container. Plain data, kept in state.json. */
export interface SurveyedDir extends CgroupDir {
  /** The cgroup itself and those below it, if they existed: they are not the container's to remove. */
  readonly before: readonly string[];
}

export interface MadeCgroup {
  /** Those that exist and can be joined: the place's, but for those that an ordinary user may not make. */
  readonly dirs: readonly SurveyedDir[];
  /** All directories that were made, parents first. */
  readonly created: readonly string[];
  readonly warning?: string;
}

/**
 * The place without the directories that an ordinary user may not make, so that the plan shows only what will be
 * joined. The kernel may still refuse more (EPERM): `makeCgroup` tells.
 */
export function possiblePlace(place: CgroupPlace): CgroupPlace {
  if (!place.optional) return place;
  const denied = place.dirs.filter((dir) => !existsSync(dir.path) && !mayMakeIn(nearest(dirname(dir.path))));
  if (denied.length === 0) return place;
  const refused = denied.map(({ path }) => `mkdir(${quote(path)}, 0755) = -1 EACCES (${errnoText("EACCES")})`);
  return { ...place, dirs: place.dirs.filter((dir) => !denied.includes(dir)), warning: withoutCgroup(refused) };
}

/** The directory itself, or the closest one above it that is there. */
function nearest(path: string): string {
  return path === "/" || existsSync(path) ? path : nearest(dirname(path));
}

/**
 * Looks at what is at the place, and changes nothing. Written to state.json before `makeCgroup`, it lets a later
 * `delete --force` clean up after a runtime that was killed in between.
 * Throws HostError when there are processes already.
 */
export function surveyCgroup(place: CgroupPlace): readonly SurveyedDir[] {
  return place.dirs.map((dir) => {
    const before = subtree(dir.path).map(String);
    const pids = before.length === 0 ? [] : processesBelow(dir.path);
    if (pids.length > 0) {
      throw new HostError(`cgroup ${dir.path}: it is not empty, it holds ${counted(pids)}`);
    }
    return { ...dir, before };
  });
}

/**
 * Makes the directories, with their parents, mode 0755. An empty cgroup that exists is used.
 *
 * Throws SyscallError for what the kernel refuses, HostError for a cgroup that no process can enter or that is frozen;
 * nothing that was made stays then. An ordinary user who may not (EACCES, EPERM, EROFS) gets a warning in the result,
 * and does without that directory.
 */
export function makeCgroup(place: CgroupPlace, surveyed: readonly SurveyedDir[] = surveyCgroup(place)): MadeCgroup {
  const dirs: SurveyedDir[] = [];
  const created: string[] = [];
  const refused: string[] = [];
  try {
    for (const dir of surveyed) {
      const mine = created.length;
      try {
        makeDirs(dir.path, dir.mountpoint, created);
        if (dir.before.length > 0) demandWritable(dir.procs);
        driverOf(dir).prepare(dir);
        dirs.push(dir);
      } catch (error) {
        if (!(place.optional && isDenial(error))) throw error;
        undoCgroup(created.splice(mine));
        refused.push(error.message);
      }
    }
    if (isFrozen(dirs))
      throw new HostError(`cgroup ${dirs[0]?.path}: it is frozen, and a process in it would never run`);
  } catch (error) {
    undoCgroup(created);
    throw error;
  }
  const warning = refused.length > 0 ? withoutCgroup(refused) : place.warning;
  return { dirs, created, ...(warning === undefined ? {} : { warning }) };
}

/** Removes what `makeCgroup` made, after a create that failed; what others use by now stays. */
export function undoCgroup(created: readonly string[]): void {
  for (const path of [...created].reverse()) rmdir(path);
}

/** mkdir -p below the mount point. */
function makeDirs(path: string, mountpoint: string, created: string[]): void {
  if (path === mountpoint) return;
  try {
    if (mkdir(path)) created.push(path);
  } catch (error) {
    if (!(error instanceof SyscallError && error.errno === "ENOENT")) throw error;
    makeDirs(dirname(path), mountpoint, created);
    if (mkdir(path)) created.push(path);
  }
}

function isDenial(error: unknown): error is SyscallError {
  return error instanceof SyscallError && ["EACCES", "EPERM", "EROFS"].includes(error.errno);
}

function withoutCgroup(refused: readonly string[]): string {
  const more = refused.length > 1 ? `, and ${refused.length - 1} more` : "";
  return `the container stays in the caller's cgroup: ${refused[0]}${more}`;
}

function counted(pids: readonly number[]): string {
  return pids.length === 1 ? `process ${pids[0]}` : `${pids.length} processes (${pids.slice(0, 5).join(", ")})`;
}
