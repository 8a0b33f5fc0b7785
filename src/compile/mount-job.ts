// SPDX-License-Identifier: Apache-2.0
/** One entry of `mounts` on its way to its place. config.md#mounts, move_mount(2). */
import type { Mount } from "../config/config.ts";
import { MOVE_MOUNT } from "../kernel/mount.ts";
import { AT, RESOLVE } from "../kernel/open.ts";
import { flags, ref, string } from "../plan/operands.ts";
import type { Call } from "../plan/step.ts";
import { type ParsedOptions, parseMountOptions } from "./mount-options.ts";
import { openTarget, resolveInRoot } from "./paths.ts";
import { at, close, type Make, type Scope } from "./scope.ts";

/** One entry of `mounts`, with everything that the ways of mounting need to know of it. */
export interface MountJob {
  readonly scope: Scope;
  readonly make: Make;
  readonly mount: Mount;
  readonly options: ParsedOptions;
  readonly index: number;
  /** Where it goes: components inside the root, symlinks resolved. */
  readonly path: readonly string[];
  /** `$dev` is the filesystem that an earlier entry has put on /dev. */
  readonly devIsOpen?: boolean;
}

/** `bind` or `rbind` makes a bind mount; so does the type `bind`, which engines write. */
export function isBind({ mount, options }: Pick<MountJob, "mount" | "options">): boolean {
  return options.bind !== null || mount.type === "bind";
}

const jobsOf = new WeakMap<Scope, readonly MountJob[]>();

/** The entries of `mounts`, each with its place in the rootfs as the earlier ones leave it. */
export function mountJobs(scope: Scope): readonly MountJob[] {
  const known = jobsOf.get(scope);
  if (known !== undefined) return known;
  const covered: string[] = [];
  const jobs = (scope.config.mounts ?? []).map((mount, index) => {
    const path = resolveInRoot(scope, mount.destination, covered);
    covered.push(`/${path.join("/")}`);
    const options = parseMountOptions(mount.options ?? []);
    return { scope, make: at("init", `/mounts/${index}`), mount, options, index, path };
  });
  jobsOf.set(scope, jobs);
  return jobs;
}

/** Where a path leads after all mounts: below a mount point, the links of the rootfs say nothing. */
export function resolveUnderMounts(scope: Scope, path: string): string[] {
  const covered = mountJobs(scope).map((job) => `/${job.path.join("/")}`);
  return resolveInRoot(scope, path, covered);
}

/** A tmpfs over a directory has that directory's mode, as runc's has, unless it is told another. Else undefined. */
export function coveredMode({ scope, mount, options, path }: MountJob): number | undefined {
  if (mount.type !== "tmpfs" || options.data.some(saysMode)) return undefined;
  return scope.facts.modes[`/${path.join("/")}`];
}

function saysMode(option: string): boolean {
  return option.startsWith("mode=") || option.includes(",mode=");
}

/** Opens (and makes) the place of a mount, moves the detached mount `$name` there, and closes both but for `keep`. */
export function attach(job: MountJob, kind: "directory" | "file", name: string, keep = false): Call[] {
  const { make, path } = job;
  const from = job.devIsOpen === true && path[0] === "dev" && path.length > 1 ? { name: "dev", depth: 1 } : undefined;
  return [
    ...openTarget(make, { path, kind, name: "target", resolve: targetResolve(job), from }),
    moveTo(make, name, "target"),
    close(make, "target"),
    ...(keep ? [] : [close(make, name)]),
  ];
}

/** `/proc` and `/sys` are never reached through a symlink: CVE-2019-19921, CVE-2025-54867. */
export function targetResolve({ mount }: MountJob): number {
  return mount.type === "proc" || mount.type === "sysfs" ? RESOLVE.RESOLVE_NO_SYMLINKS : 0;
}

/** `move_mount($name, "", $target, "", F_EMPTY_PATH|T_EMPTY_PATH)`: no path is walked. */
export function moveTo(make: Make, name: string, target: string, extra: Parameters<Make>[2] = {}): Call {
  const how = MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT.MOVE_MOUNT_T_EMPTY_PATH;
  return make("move_mount", [ref(name), string(""), ref(target), string(""), flags(MOVE_MOUNT, how)], extra);
}

/** AT_FDCWD as an operand. */
export const HERE = flags(AT, AT.AT_FDCWD);
