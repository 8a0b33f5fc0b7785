// SPDX-License-Identifier: Apache-2.0
/**
 * Config + Facts → Plan of a restore: the image makes ready what CRIU wants to find, and becomes CRIU.
 *
 * CRIU wants the root filesystem as a mount of its own whose parent is not covered, with a place for each mount, and has
 * its children inherit its cgroup. In a mount namespace of its own nothing of that is left, whatever ends the restore.
 */
import { CLONE } from "../kernel/clone.ts";
import { CLOSE_RANGE } from "../kernel/close-range.ts";
import { MS } from "../kernel/mount.ts";
import { O } from "../kernel/open.ts";
import { flags, int, mode, NULL, string, strings } from "../plan/operands.ts";
import type { Plan, Step } from "../plan/step.ts";
import { openTree, sourcePath } from "./bind-mounts.ts";
import { joinCgroup, prepare } from "./bootstrap.ts";
import { toCompiled } from "./compile.ts";
import { intelRdt } from "./intel-rdt.ts";
import { noWayBack } from "./mount-attributes.ts";
import { HERE, isBind, type MountJob, mountJobs, moveTo, targetResolve } from "./mount-job.ts";
import { openTarget } from "./paths.ts";
import { at, type Chapter, close, type Scope } from "./scope.ts";
import { systemdUnit } from "./unit.ts";

export interface RestoreProgram {
  /** The path of CRIU, and the environment that it runs in. */
  readonly file: string;
  readonly env: readonly string[];
  /** An empty directory that no mount lies on: where CRIU finds the root filesystem. */
  readonly root: string;
  /** Descriptors that CRIU has beside its socket, by the names of the inputs; from 4 on. */
  readonly inherited: readonly string[];
}

/** The descriptor of CRIU's socket. */
export const CRIU_SOCKET = 3;

/** A bind mount, and what of the host it shows. */
export interface RestoredMount {
  readonly path: string;
  readonly source: string;
}

export interface CompiledRestore {
  readonly plan: Plan;
  readonly binds: readonly RestoredMount[];
}

/** ConfigError: what this host cannot do, every finding at once. */
export function compileRestore(
  { config, facts, options }: Pick<Scope, "config" | "facts" | "options">,
  program: RestoreProgram,
): CompiledRestore {
  const scope: Scope = { config, facts, options, findings: [], warnings: [] };
  const inputs = descriptors(program);
  const chapters: readonly Chapter[] = [
    prepare,
    () => closeOthers(inputs),
    systemdUnit,
    intelRdt, // what CRIU makes inherits it, and the cgroup
    joinCgroup,
    () => ownMounts(program.root),
    mountpoints,
    () => becomeCriu(program, inputs),
  ];
  const { plan } = toCompiled(
    scope,
    chapters.map((chapter) => chapter(scope)),
  );
  return { plan: { ...plan, inputs }, binds: bindMounts(scope) };
}

/** The report comes last: it is closed when CRIU begins, which is how the runtime knows. */
function descriptors({ inherited }: RestoreProgram): Record<string, number> {
  const names = ["criu", ...inherited, "report"];
  return Object.fromEntries(names.map((name, index) => [name, CRIU_SOCKET + index]));
}

function closeOthers({ report = 0 }: Record<string, number>): readonly Step[] {
  return [at("bootstrap", "")("close_range", [int(report + 1), int(0xffff_ffff), flags(CLOSE_RANGE, 0)])];
}

/** What the host mounts later may still come in, as it may into what is bound from the host. */
function ownMounts(root: string): readonly Step[] {
  const make = at("bootstrap", "/root/path");
  const directory = O.O_PATH | O.O_DIRECTORY | O.O_NOFOLLOW | O.O_CLOEXEC;
  return [
    make("unshare", [flags(CLONE, CLONE.CLONE_NEWNS)]),
    make("mount", [NULL, string("/"), NULL, flags(MS, MS.MS_REC | MS.MS_SLAVE), NULL]),
    make("umask", [mode(0)]),
    make("openat", [HERE, string(root), flags(O, directory)], { result: "place" }),
  ];
}

/** `$root`, and what is missing in it for the mounts. What lies on another mount is there: CRIU or the host has kept it. */
function mountpoints(scope: Scope): readonly Step[] {
  const make = at("bootstrap", "/root/path");
  const jobs = mountJobs(scope).filter((job) => !job.options.remount && job.path.length > 0);
  return [
    openTree(make, scope.facts.rootfs, "root", true),
    noWayBack(make, "root"),
    moveTo(make, "root", "place"),
    close(make, "place"),
    ...jobs.filter((job) => !jobs.some((other) => isBelow(job, other))).flatMap(mountpoint),
    close(make, "root"),
  ];
}

function isBelow({ path, index }: MountJob, other: MountJob): boolean {
  return other.index < index && other.path.length < path.length && other.path.every((part, at) => part === path[at]);
}

function mountpoint(job: MountJob): readonly Step[] {
  const make = at("bootstrap", `/mounts/${job.index}/destination`);
  const isFile = isBind(job) && job.scope.facts.sources[sourcePath(job)]?.kind === "file";
  const kind = isFile ? "file" : "directory";
  const steps = openTarget(make, { path: job.path, kind, name: "target", resolve: targetResolve(job) });
  return [...steps, close(make, "target")];
}

function becomeCriu({ file, env }: RestoreProgram, { report = 0 }: Record<string, number>): readonly Step[] {
  const make = at("process", "");
  return [
    make("umask", [mode(0o022)]),
    make("close_range", [int(report), int(0xffff_ffff), flags(CLOSE_RANGE, CLOSE_RANGE.CLOSE_RANGE_CLOEXEC)]),
    make("execve", [string(file), strings(["criu", "swrk", String(CRIU_SOCKET)]), strings(env)]),
    { stage: "runtime", from: "", act: "wait-exec" },
  ];
}

/** The last of two mounts at one place is the one that is seen. */
function bindMounts(scope: Scope): readonly RestoredMount[] {
  return mountJobs(scope)
    .filter((job) => isBind(job) && !job.options.remount)
    .map((job) => ({ path: `/${job.path.join("/")}`, source: sourcePath(job) }));
}
