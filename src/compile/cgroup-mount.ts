// SPDX-License-Identifier: Apache-2.0
/** Mounts of type `cgroup`: the hierarchies of the host as the container may see them. cgroups(7), cgroup_namespaces(7). */
import type { Hierarchy } from "../host/facts.ts";
import { MOUNT_ATTR } from "../kernel/mount.ts";
import { mode, ref, string } from "../plan/operands.ts";
import { type Call, NEXT, type Step } from "../plan/step.ts";
import { openTree } from "./bind-mounts.ts";
import { makeFilesystem } from "./filesystems.ts";
import { setAttr, setAttributes } from "./mount-attributes.ts";
import { attach, type MountJob, moveTo } from "./mount-job.ts";
import { labelOf } from "./mount-label.ts";
import { openInRoot } from "./paths.ts";
import { close, namespaceOf } from "./scope.ts";

const { MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC } = MOUNT_ATTR;

export function cgroupMount(job: MountJob): Step[] {
  const { layout } = job.scope.facts.cgroup;
  if (job.mount.type === "cgroup2" || layout === "v2") return unifiedMount(job);
  if (layout === "none") {
    const message = "no cgroup hierarchy is mounted on this host";
    job.scope.findings.push({ pointer: `/mounts/${job.index}/type`, message, spec: "config.md#mounts" });
    return [];
  }
  return legacyMount(job);
}

/** cgroup2. Without a cgroup namespace it shows the host's whole tree: read-only unless `rw` is asked for (CVE-2023-25809). */
function unifiedMount(job: MountJob): Step[] {
  const { make, options } = job;
  const own = namespaceOf(job.scope, "cgroup") !== "inherited";
  const asked = (options.attributes.clear & MOUNT_ATTR_RDONLY) !== 0;
  const attributes = options.attributes.set | (own || asked ? 0 : MOUNT_ATTR_RDONLY);
  const parameters = options.data.map((option): [string] => [option]);
  return [
    ...makeFilesystem(make, { type: "cgroup2", source: job.mount.source ?? "cgroup", parameters, attributes }, "mount"),
    ...setAttributes(make, "mount", options, { set: 0, clear: 0 }),
    ...attach(job, "directory", "mount"),
  ];
}

/** cgroup v1: a tmpfs with one directory a hierarchy, as runc makes it. */
function legacyMount(job: MountJob): Step[] {
  const { make, options, scope } = job;
  const attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  const tmpfs = {
    type: "tmpfs",
    source: "tmpfs",
    parameters: [["mode", "755"] as const, ...labelOf(scope, "tmpfs")],
    attributes,
  };
  const hierarchies = scope.facts.cgroup.hierarchies.filter(({ version }) => version === 1);
  const readonly = (options.attributes.set & MOUNT_ATTR_RDONLY) !== 0;
  return [
    ...makeFilesystem(make, tmpfs, "cgroups"),
    ...attach(job, "directory", "cgroups", true),
    ...hierarchies.flatMap((hierarchy) => hierarchyMount(job, hierarchy)),
    ...(readonly ? [setAttr(make, "cgroups", { set: MOUNT_ATTR_RDONLY, recursive: false })] : []),
    ...setAttributes(make, "cgroups", options, { set: 0, clear: 0 }),
    close(make, "cgroups"),
  ];
}

function hierarchyMount(job: MountJob, hierarchy: Hierarchy): Call[] {
  const { make, path, options } = job;
  const base = hierarchy.mountpoint.slice(hierarchy.mountpoint.lastIndexOf("/") + 1);
  return [
    make("mkdirat", [ref("cgroups"), string(base), mode(0o755)]),
    ...(namespaceOf(job.scope, "cgroup") === "inherited"
      ? [openTree(make, ownDirectory(job, hierarchy), "mount", false)]
      : ownHierarchy(job, hierarchy)),
    ...(options.attributes.set === 0
      ? []
      : [setAttr(make, "mount", { set: options.attributes.set, recursive: false })]),
    openInRoot(make, [...path, base].join("/"), { name: "target", flags: 0, resolve: 0 }),
    moveTo(make, "mount", "target"),
    close(make, "target"),
    close(make, "mount"),
    ...hierarchy.controllers
      .filter((name) => name !== base && !name.startsWith("name="))
      .map((name) => link(job, base, name)),
  ];
}

/** With several controllers in one hierarchy, each has a link of its own name: cpu -> cpu,cpuacct. */
function link({ make }: MountJob, base: string, name: string): Call {
  return make("symlinkat", [string(base), ref("cgroups"), string(name)], { tolerate: { EEXIST: NEXT } });
}

/** In a cgroup namespace of its own, the hierarchy is mounted anew and shows the container's part. */
function ownHierarchy({ make }: MountJob, { controllers }: Hierarchy): Call[] {
  const parameters = controllers.flatMap((name): ([string] | [string, string])[] =>
    name.startsWith("name=") ? [["none"], ["name", name.slice("name=".length)]] : [[name]],
  );
  const source = controllers.find((name) => name.startsWith("name="))?.slice("name=".length) ?? "cgroup";
  return makeFilesystem(make, { type: "cgroup", source, parameters, attributes: 0 }, "mount");
}

/** Without one, the container's own directory is bound. */
function ownDirectory({ scope }: MountJob, hierarchy: Hierarchy): string {
  const mine = scope.options.cgroup?.find(
    ({ path }) => path === hierarchy.mountpoint || path.startsWith(`${hierarchy.mountpoint}/`),
  );
  if (mine !== undefined) return mine.path;
  const below = hierarchy.own.startsWith(hierarchy.root) ? hierarchy.own.slice(hierarchy.root.length) : "";
  return `${hierarchy.mountpoint}/${below}`.replace(/\/+/g, "/").replace(/(.)\/$/, "$1");
}
