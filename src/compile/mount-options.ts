// SPDX-License-Identifier: Apache-2.0
/** The mount options of config.md#linux-mount-options and mount(8), as what the kernel's calls take. mount(2), mount_setattr(2). */
import { MOUNT_ATTR, MS } from "../kernel/mount.ts";

/** What one option does. `attr`: attribute bits to set or clear; for `atime`, the mode that replaces the others. */
export type MountOption =
  | { readonly does: "set" | "clear"; readonly attr: number; readonly recursive: boolean }
  | { readonly does: "atime"; readonly attr: number; readonly recursive: boolean }
  /** A flag of the filesystem itself: what fsconfig(2) calls it, or null where only mount(2) can say it. */
  | { readonly does: "super"; readonly parameter: string | null; readonly ms: number; readonly on: boolean }
  | { readonly does: "propagation"; readonly type: number; readonly recursive: boolean }
  | { readonly does: "bind"; readonly recursive: boolean }
  | { readonly does: "remount" }
  | { readonly does: "tmpcopyup" }
  | { readonly does: "idmap"; readonly recursive: boolean }
  | { readonly does: "nothing" };

const { MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NODIRATIME } = MOUNT_ATTR;
const { MOUNT_ATTR_NOSYMFOLLOW, MOUNT_ATTR_NOATIME, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR_RELATIME } = MOUNT_ATTR;

/** Option that sets → option that clears → the bit that both speak of; each has a recursive twin with an `r` before it. */
const ATTRIBUTES: readonly (readonly [string, string, number])[] = [
  ["ro", "rw", MOUNT_ATTR_RDONLY],
  ["nosuid", "suid", MOUNT_ATTR_NOSUID],
  ["nodev", "dev", MOUNT_ATTR_NODEV],
  ["noexec", "exec", MOUNT_ATTR_NOEXEC],
  ["nodiratime", "diratime", MOUNT_ATTR_NODIRATIME],
  ["nosymfollow", "symfollow", MOUNT_ATTR_NOSYMFOLLOW],
];

/** Each mode of access times, and its opposite, which leaves the kernel's default: relatime. */
const ATIMES: readonly (readonly [string, number])[] = [
  ["noatime", MOUNT_ATTR_NOATIME],
  ["atime", MOUNT_ATTR_RELATIME],
  ["strictatime", MOUNT_ATTR_STRICTATIME],
  ["nostrictatime", MOUNT_ATTR_RELATIME],
  ["relatime", MOUNT_ATTR_RELATIME],
  ["norelatime", MOUNT_ATTR_RELATIME],
];

const SUPER: readonly (readonly [string, string | null, number, boolean])[] = [
  ["sync", "sync", MS.MS_SYNCHRONOUS, true],
  ["async", "async", MS.MS_SYNCHRONOUS, false],
  ["dirsync", "dirsync", MS.MS_DIRSYNC, true],
  ["lazytime", "lazytime", MS.MS_LAZYTIME, true],
  ["nolazytime", "nolazytime", MS.MS_LAZYTIME, false],
  ["mand", "mand", MS.MS_MANDLOCK, true],
  ["nomand", "nomand", MS.MS_MANDLOCK, false],
  ["iversion", null, MS.MS_I_VERSION, true],
  ["noiversion", null, MS.MS_I_VERSION, false],
  ["silent", null, MS.MS_SILENT, true],
  ["loud", null, MS.MS_SILENT, false],
];

const PROPAGATION: readonly (readonly [string, number])[] = [
  ["private", MS.MS_PRIVATE],
  ["shared", MS.MS_SHARED],
  ["slave", MS.MS_SLAVE],
  ["unbindable", MS.MS_UNBINDABLE],
];

/** Every option that is not left to the filesystem. */
export const MOUNT_OPTIONS: Readonly<Record<string, MountOption>> = table();

function table(): Record<string, MountOption> {
  const all: Record<string, MountOption> = {
    defaults: { does: "nothing" },
    bind: { does: "bind", recursive: false },
    rbind: { does: "bind", recursive: true },
    remount: { does: "remount" },
    tmpcopyup: { does: "tmpcopyup" },
    idmap: { does: "idmap", recursive: false },
    ridmap: { does: "idmap", recursive: true },
  };
  for (const recursive of [false, true]) {
    const prefix = recursive ? "r" : "";
    for (const [set, clear, attr] of ATTRIBUTES) {
      all[prefix + set] = { does: "set", attr, recursive };
      all[prefix + clear] = { does: "clear", attr, recursive };
    }
    for (const [name, attr] of ATIMES) all[prefix + name] = { does: "atime", attr, recursive };
    for (const [name, type] of PROPAGATION) all[prefix + name] = { does: "propagation", type, recursive };
  }
  for (const [name, parameter, ms, on] of SUPER) all[name] = { does: "super", parameter, ms, on };
  return all;
}

export interface AttributeChange {
  readonly set: number;
  readonly clear: number;
}

/** The options of one mount, sorted by the call that takes them. */
export interface ParsedOptions {
  readonly bind: "bind" | "rbind" | null;
  readonly remount: boolean;
  readonly tmpcopyup: boolean;
  readonly idmap: "idmap" | "ridmap" | null;
  readonly attributes: AttributeChange;
  readonly recursive: AttributeChange;
  /** In the listed order. */
  readonly propagation: readonly { readonly type: number; readonly recursive: boolean }[];
  /** Flags of the filesystem, each the last word on its bit. */
  readonly superFlags: readonly Extract<MountOption, { does: "super" }>[];
  /** What is left to the filesystem, in the listed order, comma-separated options apart. */
  readonly data: readonly string[];
}

/** Later options win over earlier ones, as with mount(8). */
export function parseMountOptions(options: readonly string[]): ParsedOptions {
  const attributes = { set: 0, clear: 0 };
  const recursive = { set: 0, clear: 0 };
  const superFlags = new Map<number, Extract<MountOption, { does: "super" }>>();
  const data: string[] = [];
  const parsed = {
    bind: null as ParsedOptions["bind"],
    remount: false,
    tmpcopyup: false,
    idmap: null as ParsedOptions["idmap"],
  };
  const propagation: { type: number; recursive: boolean }[] = [];
  for (const name of options) {
    const option = MOUNT_OPTIONS[name];
    if (option === undefined) data.push(name);
    else if (option.does === "propagation") propagation.push({ type: option.type, recursive: option.recursive });
    else if (option.does === "super") superFlags.set(option.ms, option);
    else if (option.does === "bind") parsed.bind = option.recursive || parsed.bind === "rbind" ? "rbind" : "bind";
    else if (option.does === "remount") parsed.remount = true;
    else if (option.does === "tmpcopyup") parsed.tmpcopyup = true;
    else if (option.does === "idmap") parsed.idmap = option.recursive || parsed.idmap === "ridmap" ? "ridmap" : "idmap";
    else if (option.does !== "nothing") change(option.recursive ? recursive : attributes, option);
  }
  return { ...parsed, attributes, recursive, propagation, superFlags: [...superFlags.values()], data };
}

function change(to: { set: number; clear: number }, option: Extract<MountOption, { attr: number }>): void {
  // The atime modes are one field of several bits: the kernel wants the whole field cleared with any change.
  const gone = option.does === "set" ? 0 : option.does === "clear" ? option.attr : MOUNT_ATTR.MOUNT_ATTR__ATIME;
  const come = option.does === "clear" ? 0 : option.attr;
  to.set = (to.set & ~gone) | come;
  to.clear = (to.clear & ~come) | gone;
}

const ATTRIBUTE_FLAGS: readonly (readonly [number, number])[] = [
  [MOUNT_ATTR_RDONLY, MS.MS_RDONLY],
  [MOUNT_ATTR_NOSUID, MS.MS_NOSUID],
  [MOUNT_ATTR_NODEV, MS.MS_NODEV],
  [MOUNT_ATTR_NOEXEC, MS.MS_NOEXEC],
  [MOUNT_ATTR_NODIRATIME, MS.MS_NODIRATIME],
  [MOUNT_ATTR_NOSYMFOLLOW, MS.MS_NOSYMFOLLOW],
];

/** The same options as flags of mount(2). */
export function mountFlags(options: ParsedOptions): number {
  let flags = 0;
  for (const [attr, ms] of ATTRIBUTE_FLAGS) if ((options.attributes.set & attr) !== 0) flags |= ms;
  const { set, clear } = options.attributes;
  const atime = set & MOUNT_ATTR.MOUNT_ATTR__ATIME;
  if (atime === MOUNT_ATTR_NOATIME) flags |= MS.MS_NOATIME;
  else if (atime === MOUNT_ATTR_STRICTATIME) flags |= MS.MS_STRICTATIME;
  else if ((clear & MOUNT_ATTR.MOUNT_ATTR__ATIME) !== 0) flags |= MS.MS_RELATIME;
  for (const option of options.superFlags) if (option.on) flags |= option.ms;
  return flags;
}
