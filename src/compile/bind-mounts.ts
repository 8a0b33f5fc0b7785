// SPDX-License-Identifier: Apache-2.0
/** Bind mounts: a clone of the source's mount, changed while nobody sees it, then moved to its place. config.md#mounts, open_tree(2). */
import type { SourceFacts } from "../host/facts.ts";
import { MOUNT_ATTR, MS, OPEN_TREE } from "../kernel/mount.ts";
import { components } from "../kernel/path.ts";
import { flags, ref, string } from "../plan/operands.ts";
import type { Call, Step } from "../plan/step.ts";
import { isMapped, mapIds } from "./idmap.ts";
import { noWayBack, setAttributes } from "./mount-attributes.ts";
import { attach, HERE, isBind, type MountJob, mountJobs } from "./mount-job.ts";
import type { AttributeChange } from "./mount-options.ts";
import { openInRoot } from "./paths.ts";
import { at, close, type Make, namespaceOf, opensBeforeUser, type Scope } from "./scope.ts";

/** The source's absolute path: relative ones are relative to the bundle. */
export function sourcePath({ scope, mount }: MountJob): string {
  const source = mount.source ?? "";
  return `/${components(source.startsWith("/") ? source : `${scope.facts.bundle}/${source}`).join("/")}`;
}

export function bindMount(job: MountJob): Step[] {
  const { make, options, scope } = job;
  const source = findSource(job);
  if (source === null) return [];
  const early = opensBeforeUser(scope) && !liesInRoot(job);
  const name = early ? earlyName(job) : "tree";
  return [
    ...(early ? [] : [...openLate(job, name), ...mapIds(make, job, name)]),
    ...setAttributes(make, name, options, ownChange(job, source)),
    ...attach(job, source.kind, name),
  ];
}

/** Sources that the init of a new user namespace might not reach are opened before it is entered. */
export function earlySources(scope: Scope): readonly Step[] {
  if (!opensBeforeUser(scope)) return [];
  return mountJobs(scope)
    .filter((job) => isBind(job) && !job.options.remount && !liesInRoot(job) && findSource(job) !== null)
    .flatMap((job) => {
      const make = at("bootstrap", `/mounts/${job.index}`);
      const name = earlyName(job);
      return [openSource(make, job, name), noWayBack(make, name), ...mapIds(make, job, name)];
    });
}

function earlyName({ index }: MountJob): string {
  return `source${index}`;
}

function openLate(job: MountJob, name: string): Call[] {
  if (!liesInRoot(job)) return [openSource(job.make, job, name)];
  if (isMapped(job) && opensBeforeUser(job.scope)) {
    const message = "cannot be id-mapped: what lies in the rootfs is opened in the container's user namespace";
    job.scope.findings.push({
      pointer: `/mounts/${job.index}/source`,
      message,
      spec: "config.md#posix-platform-mounts",
    });
  }
  return openInside(job, name);
}

function openSource(make: Make, job: MountJob, name: string): Call {
  return openTree(make, sourcePath(job), name, job.options.bind !== "bind");
}

/** A source in the rootfs, as earlier mounts leave it: no symlink of the rootfs leads to the host. */
function openInside(job: MountJob, name: string): Call[] {
  const { make, options, scope } = job;
  const path = sourcePath(job).slice(scope.facts.rootfs.length + 1);
  const recursive = options.bind === "bind" ? 0 : OPEN_TREE.AT_RECURSIVE;
  const how = OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.OPEN_TREE_CLOEXEC | OPEN_TREE.AT_EMPTY_PATH | recursive;
  return [
    openInRoot(make, path, { name: "from", flags: 0, resolve: 0 }),
    make("open_tree", [ref("from"), string(""), flags(OPEN_TREE, how)], { result: name }),
    close(make, "from"),
  ];
}

/** `$name = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC[|AT_RECURSIVE])` */
export function openTree(make: Make, path: string, name: string, recursive: boolean): Call {
  const how = OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.OPEN_TREE_CLOEXEC | (recursive ? OPEN_TREE.AT_RECURSIVE : 0);
  return make("open_tree", [HERE, string(path), flags(OPEN_TREE, how)], { result: name });
}

/** What the source is; a source in the rootfs may first come into being by an earlier mount. */
function findSource(job: MountJob): SourceFacts | null {
  const { scope, index, mount } = job;
  const path = sourcePath(job);
  const source = scope.facts.sources[path];
  if (source !== undefined) return source;
  if (liesInRoot(job)) return { kind: "directory", mountFlags: 0 };
  const pointer = `/mounts/${index}/source`;
  const message = mount.source === undefined ? "is needed for a bind mount" : `${JSON.stringify(path)} does not exist`;
  if (!scope.findings.some((finding) => finding.pointer === pointer)) {
    scope.findings.push({ pointer, message, spec: "config.md#mounts" });
  }
  return null;
}

function liesInRoot(job: MountJob): boolean {
  return sourcePath(job).startsWith(`${job.scope.facts.rootfs}/`);
}

const ATTRIBUTES_OF: readonly (readonly [number, number])[] = [
  [MS.MS_RDONLY, MOUNT_ATTR.MOUNT_ATTR_RDONLY],
  [MS.MS_NOSUID, MOUNT_ATTR.MOUNT_ATTR_NOSUID],
  [MS.MS_NODEV, MOUNT_ATTR.MOUNT_ATTR_NODEV],
  [MS.MS_NOEXEC, MOUNT_ATTR.MOUNT_ATTR_NOEXEC],
  [MS.MS_NODIRATIME, MOUNT_ATTR.MOUNT_ATTR_NODIRATIME],
];

/**
 * A bind mount keeps its source's flags unless the options change them. What a user namespace has locked is kept, not
 * fought: mount_namespaces(7).
 */
function ownChange({ options, scope }: MountJob, source: SourceFacts): AttributeChange {
  const { set, clear } = options.attributes;
  const locked = namespaceOf(scope, "user") !== "inherited" || scope.facts.userns;
  let present = 0;
  for (const [ms, attr] of ATTRIBUTES_OF) if ((source.mountFlags & ms) !== 0) present |= attr;
  const atime = clear & MOUNT_ATTR.MOUNT_ATTR__ATIME;
  return { set, clear: atime | (locked ? 0 : clear & (present | MOUNT_ATTR.MOUNT_ATTR_NOSYMFOLLOW)) };
}
