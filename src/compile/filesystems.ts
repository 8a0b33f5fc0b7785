// SPDX-License-Identifier: Apache-2.0
/** Mounts of a filesystem by its type: a context is filled, made, and moved to its place. fsopen(2), fsconfig(2), fsmount(2). */
import { FSCONFIG, FSMOUNT, FSOPEN, MOUNT_ATTR } from "../kernel/mount.ts";
import { flags, int, mode, NULL, ref, string } from "../plan/operands.ts";
import type { Call, Step } from "../plan/step.ts";
import { classicMount, needsClassic } from "./classic-mount.ts";
import { copyUp } from "./copy-up.ts";
import { isMapped, mapIds } from "./idmap.ts";
import { setAttr, setAttributes } from "./mount-attributes.ts";
import { attach, coveredMode, isBind, type MountJob, mountJobs } from "./mount-job.ts";
import { labelOf, labelQueues } from "./mount-label.ts";
import type { ParsedOptions } from "./mount-options.ts";
import { at, close, type Make, opensBeforeUser, type Scope } from "./scope.ts";

export function filesystemMount(job: MountJob): Step[] {
  const { make, options } = job;
  if (needsClassic(options)) return classicMount(job);
  const early = isEarly(job);
  const name = early ? earlyName(job) : isDev(job) ? "dev" : "mount";
  return [
    ...(early ? [] : detached(job, name)),
    ...setAttributes(make, name, options, { set: 0, clear: 0 }),
    ...attach(job, "directory", name, isDev(job)),
  ];
}

/** With mapped ids, a filesystem is made as the host's: in a user namespace, hardly one could be mounted at all. */
export function earlyFilesystems(scope: Scope): readonly Step[] {
  return mountJobs(scope)
    .filter((job) => !isBind(job) && isEarly(job) && !job.options.remount && !needsClassic(job.options))
    .flatMap((job) => detached({ ...job, make: at("bootstrap", `/mounts/${job.index}`) }, earlyName(job)));
}

function isEarly(job: MountJob): boolean {
  return isMapped(job) && opensBeforeUser(job.scope);
}

function earlyName(job: MountJob): string {
  return isDev(job) ? "dev" : `source${job.index}`;
}

/** The filesystem as a mount that nobody sees, kept as `$name`. */
function detached(job: MountJob, name: string): Step[] {
  const { make, options, mount } = job;
  const late = writtenLater(job);
  const filesystem = {
    type: mount.type ?? "",
    source: mount.source,
    parameters: [
      ...superParameters(options, late),
      ...dataOf(job),
      ...labelOf(job.scope, mount.type ?? "", options.data),
    ],
    attributes: late ? options.attributes.set & ~MOUNT_ATTR.MOUNT_ATTR_RDONLY : options.attributes.set,
  };
  return [
    ...makeFilesystem(make, filesystem, name),
    ...(options.tmpcopyup ? copyUp(job, name) : []),
    ...keepMode(job, name),
    ...labelQueues(job, name),
    ...(late && !isDev(job) ? readonlyNow(job, name) : []),
    ...mapIds(make, job, name),
  ];
}

/** What is written to after it was made can turn read-only only then: a tmpfs, and /dev, which waits for its devices. */
function writtenLater(job: MountJob): boolean {
  return isDev(job) || job.mount.type === "tmpfs";
}

function readonlyNow({ make, options }: MountJob, name: string): Call[] {
  if ((options.attributes.set & MOUNT_ATTR.MOUNT_ATTR_RDONLY) === 0) return [];
  return [setAttr(make, name, { set: MOUNT_ATTR.MOUNT_ATTR_RDONLY, recursive: false })];
}

/** A filesystem of its own on /dev stays open, for the devices; it turns read-only only after them. */
export function isDev({ path, options, mount }: Pick<MountJob, "path" | "options" | "mount">): boolean {
  const own =
    !isBind({ options, mount }) && !options.remount && !needsClassic(options) && !mount.type?.startsWith("cgroup");
  return path.length === 1 && path[0] === "dev" && own;
}

export interface Filesystem {
  readonly type: string;
  readonly source?: string | undefined;
  /** `["mode", "755"]`, or `["ro"]` for a flag. */
  readonly parameters: readonly (readonly [string] | readonly [string, string])[];
  /** MOUNT_ATTR_ bits of the mount. */
  readonly attributes: number;
}

/** fsopen, fsconfig for each parameter, create, fsmount: a detached mount, kept as `$name`. */
export function makeFilesystem(make: Make, filesystem: Filesystem, name: string): Call[] {
  const { type, source, parameters, attributes } = filesystem;
  const context = { context: "fs" };
  const set = (key: string, value?: string): Call => {
    const command = value === undefined ? FSCONFIG.FSCONFIG_SET_FLAG : FSCONFIG.FSCONFIG_SET_STRING;
    const operand = value === undefined ? NULL : string(value);
    return make("fsconfig", [ref("fs"), flags(FSCONFIG, command), string(key), operand, int(0)], context);
  };
  const create = flags(FSCONFIG, FSCONFIG.FSCONFIG_CMD_CREATE);
  return [
    make("fsopen", [string(type), flags(FSOPEN, FSOPEN.FSOPEN_CLOEXEC)], { result: "fs" }),
    ...(source === undefined || source === "" ? [] : [set("source", source)]),
    ...parameters.map(([key, value]) => set(key, value)),
    make("fsconfig", [ref("fs"), create, NULL, NULL, int(0)], context),
    make("fsmount", [ref("fs"), flags(FSMOUNT, FSMOUNT.FSMOUNT_CLOEXEC), flags(MOUNT_ATTR, attributes)], {
      result: name,
      ...context,
    }),
    close(make, "fs"),
  ];
}

function superParameters(options: ParsedOptions, late: boolean): [string][] {
  const readonly = (options.attributes.set & MOUNT_ATTR.MOUNT_ATTR_RDONLY) !== 0 && !late;
  const named = options.superFlags.flatMap((option): [string][] =>
    option.parameter === null ? [] : [[option.parameter]],
  );
  return readonly ? [["ro"], ...named] : named;
}

/** The options that are the filesystem's own, as the key and the value that fsconfig(2) wants. */
function dataOf({ options }: MountJob): ([string] | [string, string])[] {
  const data = options.data.flatMap((option) => option.split(",")).filter((option) => option !== "");
  return data.map((option) => {
    const equals = option.indexOf("=");
    return equals < 0 ? [option] : [option.slice(0, equals), option.slice(equals + 1)];
  });
}

/** What a tmpfs has from the directory that it covers. */
function keepMode(job: MountJob, name: string): Call[] {
  const bits = coveredMode(job);
  return bits === undefined ? [] : [job.make("fchmodat", [ref(name), string("."), mode(bits)])];
}
