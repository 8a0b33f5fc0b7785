// SPDX-License-Identifier: Apache-2.0
/**
 * A host that exists only in tests: root with every capability, kernel 6.12, x86-64, cgroup v2.
 *
 *   compile(config, factsFor(config, "/bundles/hello", { kernel: "6.1", uid: 1000 }))
 *
 * What config.json speaks of is there unless the overrides say otherwise: sources are directories, namespace files are
 * of the type that is asked for, limits are 1024 and 4096.
 */
import type { Config } from "../../src/config/config.ts";
import type { CgroupFacts, CopyUpEntry, Facts, NamespaceFacts, SourceFacts } from "../../src/host/facts.ts";
import { CAP } from "../../src/kernel/capability.ts";
import { MS } from "../../src/kernel/mount.ts";

/** What a case may say of its host, in JSON. */
export interface Host {
  readonly arch?: Facts["arch"];
  /** "6.12" */
  readonly kernel?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Names of the runtime's own capabilities. */
  readonly capabilities?: readonly string[];
  readonly bounding?: readonly string[];
  readonly cgroup?: CgroupFacts["layout"];
  readonly links?: Readonly<Record<string, string>>;
  readonly modes?: Readonly<Record<string, number>>;
  /** Path -> what it is and the MS_ flags of its mount; null: there is no such file. */
  readonly sources?: Readonly<
    Record<string, { kind: SourceFacts["kind"]; flags?: readonly (keyof typeof MS)[] } | null>
  >;
  /** Path -> differences from a foreign namespace of the right type; null: it is no namespace. */
  readonly namespaces?: Readonly<
    Record<string, { kind?: NamespaceFacts["kind"]; inode?: number; ownerInode?: number; own?: boolean } | null>
  >;
  readonly copyUp?: Readonly<Record<string, readonly CopyUpEntry[]>>;
  /** Name -> what it is; others that config.json speaks of have the indexes 2, 3, ... and no address; null: there is no such device. */
  readonly netDevices?: Readonly<Record<string, Facts["netDevices"][string] | null>>;
  readonly resctrl?: Facts["resctrl"];
  readonly idmap?: Facts["idmap"];
  readonly stdio?: Facts["stdio"];
  readonly lsm?: Facts["lsm"];
  readonly kcore?: boolean;
  readonly userns?: boolean;
  /** Type -> soft and hard. */
  readonly rlimits?: Readonly<Record<string, readonly [number, number]>>;
  readonly home?: string;
}

const LAST_CAPABILITY = 40;
const ALL = (1n << BigInt(LAST_CAPABILITY + 1)) - 1n;
const TOOLS = { newuidmap: "/usr/bin/newuidmap", newgidmap: "/usr/bin/newgidmap" };
const QUIET = { uid: 0, null: true };

export function factsFor(config: Config, bundle: string, host: Host = {}): Facts {
  const [major = 0, minor = 0] = (host.kernel ?? "6.12").split(".").map(Number);
  const { arch = "x64", uid = 0, gid = uid, kcore = true, userns = false, home = "/root" } = host;
  return {
    arch,
    kernel: { release: `${major}.${minor}.0`, major, minor },
    uid,
    gid,
    capabilities: host.capabilities === undefined ? (uid === 0 ? ALL : 0n) : bitsOf(host.capabilities),
    bounding: host.bounding === undefined ? ALL : bitsOf(host.bounding),
    capLastCap: LAST_CAPABILITY,
    cgroup: CGROUPS[host.cgroup ?? "v2"],
    bundle,
    rootfs: `${bundle}/rootfs`,
    links: host.links ?? {},
    modes: host.modes ?? {},
    sources: sourcesOf(config, bundle, host),
    namespaces: namespacesOf(config, host),
    copyUp: host.copyUp ?? {},
    netDevices: netDevicesOf(config, host),
    resctrl: host.resctrl ?? null,
    idmap: host.idmap ?? TOOLS,
    stdio: host.stdio ?? [QUIET, QUIET, QUIET],
    lsm: host.lsm ?? { apparmor: false, selinux: false },
    kcore,
    userns,
    rlimits: limitsOf(config, host),
    callerFiles: null,
    home,
  };
}

function bitsOf(names: readonly string[]): bigint {
  return names.reduce((bits, name) => bits | (1n << BigInt((CAP as Readonly<Record<string, number>>)[name] ?? 0)), 0n);
}

function sourcesOf(config: Config, bundle: string, { sources = {} }: Host): Facts["sources"] {
  const found: Record<string, SourceFacts> = {};
  for (const { type, source, options = [] } of config.mounts ?? []) {
    if (source === undefined || (type !== "bind" && !options.includes("bind") && !options.includes("rbind"))) continue;
    const path = source.startsWith("/") ? source : `${bundle}/${source}`;
    const said = sources[path];
    if (said === null) continue;
    const mountFlags = (said?.flags ?? []).reduce((bits, name) => bits | MS[name], 0);
    found[path] = { kind: said?.kind ?? "directory", mountFlags };
  }
  return found;
}

function namespacesOf(config: Config, { namespaces = {} }: Host): Facts["namespaces"] {
  const found: Record<string, NamespaceFacts> = {};
  for (const [index, { type, path = "" }] of (config.linux?.namespaces ?? []).entries()) {
    const said = namespaces[path];
    if (path === "" || said === null) continue;
    const { kind = type, inode = 4026532000 + index, ownerInode = 4026531837, own = false } = said ?? {};
    found[path] = { kind, inode: BigInt(inode), ownerInode: BigInt(ownerInode), own };
  }
  return found;
}

function netDevicesOf(config: Config, { netDevices = {} }: Host): Facts["netDevices"] {
  const names = Object.keys(config.linux?.netDevices ?? {}).filter((name) => netDevices[name] !== null);
  return Object.fromEntries(names.map((name, at) => [name, netDevices[name] ?? { index: at + 2, addresses: [] }]));
}

function limitsOf(config: Config, { rlimits = {} }: Host): Facts["rlimits"] {
  return Object.fromEntries(
    (config.process?.rlimits ?? []).map(({ type }) => {
      const [soft, hard] = rlimits[type] ?? [1024, 4096];
      return [type, { soft: BigInt(soft), hard: BigInt(hard) }];
    }),
  );
}

const legacy = (name: string, ...controllers: readonly string[]) => ({
  version: 1 as const,
  controllers: controllers.length === 0 ? [name] : controllers,
  mountpoint: `/sys/fs/cgroup/${name}`,
  root: "/",
  own: "/user",
});

const LEGACY = [legacy("systemd", "name=systemd"), legacy("cpu,cpuacct", "cpu", "cpuacct"), legacy("memory")];

const unified = (mountpoint: string) => ({
  version: 2 as const,
  controllers: ["cpu", "memory", "pids"],
  mountpoint,
  root: "/",
  own: "/user.slice",
});

const CGROUPS: Readonly<Record<CgroupFacts["layout"], CgroupFacts>> = {
  v1: { layout: "v1", hierarchies: LEGACY },
  v2: { layout: "v2", hierarchies: [unified("/sys/fs/cgroup")] },
  hybrid: { layout: "hybrid", hierarchies: [...LEGACY, unified("/sys/fs/cgroup/unified")] },
  none: { layout: "none", hierarchies: [] },
};
