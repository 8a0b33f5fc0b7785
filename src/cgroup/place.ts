// SPDX-License-Identifier: Apache-2.0
/** Where the cgroup of a container lies, in each hierarchy of the host. Pure. config-linux.md#cgroups-path, cgroups(7). */
import { dirname } from "node:path/posix";
import { ConfigError, type Finding } from "../errors/errors.ts";
import type { CgroupFacts, Hierarchy } from "../host/facts.ts";

/** The container's cgroup in one hierarchy. */
export interface CgroupDir {
  /** v1: the hierarchy's controllers, or `name=systemd`; v2: those that the kernel offers. */
  readonly controllers: readonly string[];
  readonly version: 1 | 2;
  /** Where the hierarchy is mounted; the directory lies below. */
  readonly mountpoint: string;
  readonly path: string;
  /**
   * A process of a single thread that writes "0" to it is in the cgroup. v1: `tasks`, which moves a thread without the
   * lock on all processes of the host that `cgroup.procs` has to wait for, some milliseconds long.
   */
  readonly procs: string;
  /** v2: the nearest cgroup above both the runtime's own and this one; who moves must be allowed to write to its `cgroup.procs`. */
  readonly ancestor?: string;
}

export interface CgroupPlace {
  /** One a hierarchy; none when cgroups are disabled or not mounted. */
  readonly dirs: readonly CgroupDir[];
  /** The runtime is not the host's root: where it may not make a cgroup, it goes without. */
  readonly optional: boolean;
  readonly warning?: string;
}

export interface PlaceOptions {
  readonly cgroupsPath?: string | undefined;
  readonly id: string;
  readonly manager: "cgroupfs" | "disabled";
  readonly facts: CgroupFacts;
  /** Effective id of the runtime. */
  readonly uid: number;
  /** Whether the runtime is root of a user namespace only. */
  readonly rootless: boolean;
  /** What the caller says of it; absent: the two before decide. */
  readonly optional?: boolean | undefined;
}

/**
 * The directories that are the container's cgroup.
 *
 * An absolute path starts at the hierarchy's mount point. A relative one, and the id when there is none, starts at the
 * runtime's own cgroup (v1, hybrid), or beside it (v2, where a cgroup with processes in it cannot hand out controllers
 * to its children); runc does the same. Throws ConfigError for a path that leads out of its starting point, or nowhere.
 */
export function placeCgroup(options: PlaceOptions): CgroupPlace {
  const { cgroupsPath, id, manager, facts, uid, rootless } = options;
  const asked = cgroupsPath === undefined || cgroupsPath === "" ? id : cgroupsPath;
  const findings = checkCgroupsPath(asked);
  if (findings.length > 0) throw new ConfigError("config.json", findings);
  const optional = options.optional ?? (uid !== 0 || rootless);
  if (manager === "disabled") return { dirs: [], optional };
  const hierarchies = hierarchiesInUse(facts);
  if (hierarchies.length === 0) {
    return { dirs: [], optional, warning: "no cgroup hierarchy is mounted: the container gets no cgroup of its own" };
  }
  return { dirs: hierarchies.map((hierarchy) => dirIn(hierarchy, asked, facts.layout)), optional };
}

/** What is wrong with a `cgroupsPath`; the findings point at `/linux/cgroupsPath`. */
export function checkCgroupsPath(cgroupsPath: string): readonly Finding[] {
  const names = namesOf(cgroupsPath);
  const wrong = [
    names.length === 0 && "names the cgroup that it starts from, which is not the container's: add a name",
    names.includes("..") && 'must not contain ".."',
    /[\0\n]/.test(cgroupsPath) && "must not contain a newline or NUL, which the kernel refuses in names of cgroups",
  ];
  return wrong
    .filter((message) => message !== false)
    .map((message) => ({ pointer: "/linux/cgroupsPath", message, spec: "config-linux.md#cgroups-path" }));
}

/** The hierarchies that count under the host's layout, each once, although it may be mounted at several places. */
export function hierarchiesInUse({ layout, hierarchies }: CgroupFacts): readonly Hierarchy[] {
  const chosen = new Map<string, Hierarchy>();
  for (const hierarchy of hierarchies) {
    const { version, controllers, root } = hierarchy;
    if (layout === "none" || (layout === "v1" && version === 2) || (layout === "v2" && version === 1)) continue;
    const key = version === 2 ? "v2" : [...controllers].sort().join(",");
    const known = chosen.get(key);
    // The mount that shows the whole hierarchy wins over one that shows a part.
    if (known === undefined || (known.root !== "/" && root === "/")) chosen.set(key, hierarchy);
  }
  return [...chosen.values()];
}

function dirIn(hierarchy: Hierarchy, asked: string, layout: CgroupFacts["layout"]): CgroupDir {
  const { controllers, version, mountpoint } = hierarchy;
  const own = ownBelowMount(hierarchy);
  const start = asked.startsWith("/") ? "/" : layout === "v2" ? dirname(own) : own;
  const below = [...namesOf(start), ...namesOf(asked)];
  const path = underneath(mountpoint, below);
  const dir = { controllers, version, mountpoint, path, procs: `${path}/${version === 1 ? "tasks" : "cgroup.procs"}` };
  if (version === 1) return dir;
  const shared = namesOf(own).findIndex((name, depth) => name !== below[depth]);
  return { ...dir, ancestor: underneath(mountpoint, shared === -1 ? namesOf(own) : below.slice(0, shared)) };
}

/** The runtime's own cgroup as a path below the mount point; "/" when the mount does not show it. */
function ownBelowMount({ root, own }: Hierarchy): string {
  // Below a cgroup namespace's root all is well; "/.." is what the kernel says of a cgroup outside of it.
  if (namesOf(own).includes("..")) return "/";
  if (root === "/") return own;
  if (own.startsWith(`${root}/`)) return own.slice(root.length);
  return "/";
}

function underneath(mountpoint: string, names: readonly string[]): string {
  return [mountpoint === "/" ? "" : mountpoint, ...names].join("/");
}

function namesOf(path: string): readonly string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}
