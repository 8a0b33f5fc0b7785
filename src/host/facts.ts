// SPDX-License-Identifier: Apache-2.0
/** What the compiler knows about the host. Plain data, made by `probe.ts` or by a test. */
import type { NamespaceKind } from "../config/config.ts";
import type { LinkAddress } from "../kernel/netlink.ts";

export interface Facts {
  readonly arch: "x64" | "arm64";
  readonly kernel: { readonly release: string; readonly major: number; readonly minor: number };
  /** Effective ids of the runtime. */
  readonly uid: number;
  readonly gid: number;
  /** The runtime's effective capabilities as a bit set: bit n is capability n. */
  readonly capabilities: bigint;
  /** The runtime's bounding set. */
  readonly bounding: bigint;
  /** The highest capability that the kernel knows, /proc/sys/kernel/cap_last_cap. */
  readonly capLastCap: number;
  readonly cgroup: CgroupFacts;
  /** Absolute path of the bundle and of the root filesystem, without symlinks. */
  readonly bundle: string;
  readonly rootfs: string;
  /** Symlinks that lie on the way to mount destinations and devices: path inside the rootfs -> link text. */
  readonly links: Readonly<Record<string, string>>;
  /** Permission bits of the rootfs's directory at each mount destination; absent where there is none. */
  readonly modes: Readonly<Record<string, number>>;
  /** What each bind source is, by its absolute path. Absent: there is no such file. */
  readonly sources: Readonly<Record<string, SourceFacts>>;
  /** What each namespace file of config.json is, by its path. Absent: not a namespace, or no such file. */
  readonly namespaces: Readonly<Record<string, NamespaceFacts>>;
  /** What tmpcopyup has to copy, by mount destination. */
  readonly copyUp: Readonly<Record<string, readonly CopyUpEntry[]>>;
  /** The network devices that config.json moves, by their names. Absent: there is no such device. */
  readonly netDevices: Readonly<Record<string, NetDeviceFacts>>;
  /** The resctrl filesystem, and the schemata of the group that closID names; null: config.json does not ask for it. */
  readonly resctrl: { readonly mountpoint: string | null; readonly schemata: string | null } | null;
  /** For an ordinary user: the tools and ranges that map more than one id. */
  readonly idmap: { readonly newuidmap: string | null; readonly newgidmap: string | null };
  /** What file descriptors 0, 1 and 2 are: their owner, and whether they are /dev/null. */
  readonly stdio: readonly { readonly uid: number; readonly null: boolean }[];
  /** Whether the security modules are there that config.json asks for; false where it does not. */
  readonly lsm: { readonly apparmor: boolean; readonly selinux: boolean };
  /** Whether /proc/kcore exists on the host. */
  readonly kcore: boolean;
  /** Whether the runtime itself runs in a user namespace that is not the first one (device nodes cannot be made there). */
  readonly userns: boolean;
  /** The runtime's own limits, by type (`RLIMIT_NOFILE`), for the types that config.json sets. */
  readonly rlimits: Readonly<Record<string, { readonly soft: bigint; readonly hard: bigint }>>;
  /**
   * RLIMIT_NOFILE as the caller had it, where config.json says nothing of it: JavaScript runtimes raise their own soft
   * limit when they start. Null: it is not known, or is what the runtime has, too.
   */
  readonly callerFiles: { readonly soft: bigint; readonly hard: bigint } | null;
  /** HOME of the configured user, from the rootfs's /etc/passwd; "/" when it says nothing. */
  readonly home: string;
}

export interface CgroupFacts {
  readonly layout: "v1" | "v2" | "hybrid" | "none";
  /** One per mounted hierarchy, in the order of /proc/self/mountinfo. */
  readonly hierarchies: readonly Hierarchy[];
}

export interface Hierarchy {
  readonly version: 1 | 2;
  /** v1: the controllers of the hierarchy (or `name=systemd`); v2: what cgroup.controllers lists. */
  readonly controllers: readonly string[];
  /** Where it is mounted, for example /sys/fs/cgroup/memory. */
  readonly mountpoint: string;
  /** The cgroup that is mounted there, relative to the hierarchy's root: "/" but in a container. */
  readonly root: string;
  /** The runtime's own cgroup in it, from /proc/self/cgroup. */
  readonly own: string;
}

export interface SourceFacts {
  readonly kind: "directory" | "file";
  /** MS_ flags (ro, nosuid, nodev, noexec, atime) of the mount it lies on, as statfs(2) tells them. */
  readonly mountFlags: number;
}

export interface NetDeviceFacts {
  readonly index: number;
  /** The permanent ones of global scope. */
  readonly addresses: readonly LinkAddress[];
}

export interface NamespaceFacts {
  readonly kind: NamespaceKind;
  readonly inode: bigint;
  /** The inode of the user namespace that owns it; 0n when the kernel does not tell. */
  readonly ownerInode: bigint;
  /** Whether the runtime is in it already. */
  readonly own: boolean;
}

export interface CopyUpEntry {
  /** Relative to the destination. Parents come before children. */
  readonly path: string;
  readonly kind: "directory" | "file" | "symlink";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Text of a symlink. */
  readonly link?: string;
}
