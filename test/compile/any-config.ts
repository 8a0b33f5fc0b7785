// SPDX-License-Identifier: Apache-2.0
/** Random config.json files, put together of parts that are valid by themselves, and random hosts. */
import fc from "fast-check";
import { MOUNT_OPTIONS } from "../../src/compile/mount-options.ts";
import type { CapabilitySet, Config, Device, Mount, NamespaceKind } from "../../src/config/config.ts";
import { CAP } from "../../src/kernel/capability.ts";
import { RLIMIT } from "../../src/kernel/rlimit.ts";
import { documentParts, linuxParts, mappedMount, processParts, seldom } from "./any-parts.ts";
import type { Host } from "./facts.ts";

const name = fc.constantFrom("a", "b", "dev", "etc", "run", "sys", "var", "ü", "with space", "..", ".");
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
const bytes = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((text) => !text.includes("\0"));

const option = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(...Object.keys(MOUNT_OPTIONS).filter((known) => !/bind|remount/.test(known))),
  },
  fc.constantFrom(
    "size=1m",
    "mode=755",
    "mode=1777",
    "gid=5",
    "lowerdir=/a:/b",
    `upperdir=/${"x".repeat(300)}`,
    "a,b=c",
  ),
);

const mount: fc.Arbitrary<Mount> = fc.oneof(
  fc.record({
    destination: path,
    type: fc.constantFrom("tmpfs", "sysfs", "devpts", "mqueue", "overlay", "cgroup", "cgroup2", "ext4"),
    source: fc.constantFrom("none", "tmpfs", "/dev/sda1"),
    options: fc.uniqueArray(option, { maxLength: 6 }),
  }),
  fc.record({
    destination: path,
    source: fc.constantFrom("/src", "/usr", "data", "rootfs/a", "file"),
    options: fc
      .tuple(
        fc.constantFrom("bind", "rbind"),
        fc.uniqueArray(
          option.filter((text) => !/[=,]/.test(text)),
          { maxLength: 5 },
        ),
      )
      .map(([bind, rest]) => [bind, ...rest]),
  }),
  fc.record({ destination: path, options: fc.constant(["remount", "ro"]) }),
  fc.constant({ destination: "/proc", type: "proc", source: "proc" }),
  fc.constant({ destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["mode=755"] }),
  fc.constant({ destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance"] }),
  mappedMount,
);

const device: fc.Arbitrary<Device> = fc.record(
  {
    type: fc.constantFrom("c" as const, "b" as const, "u" as const, "p" as const),
    path: fc.oneof(
      path,
      name.filter((part) => !part.startsWith(".")).map((part) => `/dev/${part}`),
    ),
    major: fc.nat(4095),
    minor: fc.nat(2 ** 20 - 1),
    fileMode: fc.nat(0o777),
    uid: fc.nat(70_000),
    gid: fc.nat(70_000),
  },
  { requiredKeys: ["type", "path", "major", "minor"] },
);

const sets: readonly CapabilitySet[] = ["bounding", "effective", "permitted", "inheritable", "ambient"];
const someCapabilities = fc.uniqueArray(fc.constantFrom(...Object.keys(CAP), "CAP_OF_TOMORROW"), { maxLength: 6 });
const capabilities = fc.record(Object.fromEntries(sets.map((set) => [set, someCapabilities])), { requiredKeys: [] });

const rlimits = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...Object.keys(RLIMIT)), fc.nat(5000), fc.nat(5000)), {
    selector: ([type]) => type,
    maxLength: 3,
  })
  .map((limits) => limits.map(([type, one, two]) => ({ type, soft: Math.min(one, two), hard: Math.max(one, two) })));

const usual = fc.record(
  {
    cwd: path,
    terminal: fc.boolean(),
    args: fc.tuple(fc.constantFrom("sh", "/bin/sh", "./x"), bytes).map((args) => [...args]),
    env: fc.array(fc.constantFrom("PATH=/bin:/usr/bin:", "PATH=", "HOME=/x", "HOME=", "A=1", "A=2", "EMPTY="), {
      maxLength: 5,
    }),
    user: fc.record(
      {
        uid: fc.nat(100),
        gid: fc.nat(100),
        umask: fc.nat(0o777),
        additionalGids: fc.array(fc.nat(9), { maxLength: 3 }),
      },
      { requiredKeys: ["uid", "gid"] },
    ),
    capabilities,
    rlimits,
    noNewPrivileges: fc.boolean(),
    oomScoreAdj: fc.integer({ min: -1000, max: 1000 }),
  },
  { requiredKeys: ["cwd", "args"] },
);
const process = fc.tuple(usual, processParts).map(([one, more]) => ({ ...one, ...more }));

export const KINDS: readonly NamespaceKind[] = ["pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"];
const namespaces = fc
  .subarray([...KINDS])
  .chain((kinds) => fc.tuple(...kinds.map((kind) => fc.boolean().map((joined) => namespaceEntry(kind, joined)))))
  .map((entries) => [...entries]);

function namespaceEntry(type: NamespaceKind, joined: boolean) {
  return joined ? { type, path: `/ns/${type}` } : { type };
}

const ranges = fc.constantFrom(
  [{ containerID: 0, hostID: 1000, size: 1 }],
  [{ containerID: 0, hostID: 100_000, size: 65_536 }],
  [
    { containerID: 0, hostID: 1000, size: 1 },
    { containerID: 1, hostID: 100_000, size: 65_536 },
  ],
);

const usualLinux = fc.record(
  {
    namespaces,
    uidMappings: ranges,
    gidMappings: ranges,
    timeOffsets: fc.record(
      { monotonic: fc.record({ secs: fc.integer() }), boottime: fc.record({ nanosecs: fc.nat(999_999_999) }) },
      { requiredKeys: [] },
    ),
    devices: fc.array(device, { maxLength: 3 }),
    maskedPaths: fc.array(path, { maxLength: 4 }),
    readonlyPaths: fc.array(path, { maxLength: 3 }),
    rootfsPropagation: fc.constantFrom("private", "shared", "rslave", "unbindable"),
    sysctl: fc.constantFrom({}, { "net.ipv4.ip_forward": "1" }, { "kernel.shm_rmid_forced": "0" }),
    personality: fc.constantFrom({ domain: "LINUX32" }, { domain: "LINUX", flags: [] }),
  },
  { requiredKeys: ["namespaces"] },
);
const linux = fc.tuple(usualLinux, linuxParts).map(([one, more]) => ({ ...one, ...more }));

/** What the rules of config.json forbid together is taken out, or most random configs would be refused before the compiler. */
export const config = fc
  .tuple(
    fc.record(
      {
        ociVersion: fc.constant("1.0.2"),
        root: fc.record({ path: fc.constant("rootfs"), readonly: fc.boolean() }),
        process,
        hostname: bytes,
        mounts: fc.array(mount, { maxLength: 6 }),
        linux,
      },
      { requiredKeys: ["ociVersion", "root", "process", "linux"] },
    ),
    documentParts,
  )
  .map(([value, more]) => sensible({ ...value, ...more } as Config));

function sensible(value: Config): Config {
  const kinds = new Map(value.linux?.namespaces?.map(({ type, path }) => [type, path]));
  const fresh = (kind: NamespaceKind) => kinds.has(kind) && kinds.get(kind) === undefined;
  const { hostname, domainname, mounts, linux = {}, ...rest } = value;
  const { uidMappings, gidMappings, timeOffsets, maskedPaths, readonlyPaths, rootfsPropagation, sysctl, ...most } =
    linux;
  const { netDevices, ...others } = most;
  const one = [{ containerID: 0, hostID: 1000, size: 1 }];
  return {
    ...rest,
    ...(kinds.has("uts") && hostname !== undefined && { hostname }),
    ...(kinds.has("uts") && domainname !== undefined && { domainname }),
    ...(kinds.has("mount") && mounts !== undefined && { mounts }),
    linux: {
      ...others,
      ...(kinds.has("network") && netDevices !== undefined && { netDevices }),
      ...(fresh("user") && { uidMappings: uidMappings ?? one, gidMappings: gidMappings ?? one }),
      ...(fresh("time") && timeOffsets !== undefined && { timeOffsets }),
      ...(kinds.has("mount") && {
        ...(maskedPaths && { maskedPaths }),
        ...(readonlyPaths && { readonlyPaths }),
        ...(rootfsPropagation && { rootfsPropagation }),
      }),
      ...(fresh("network") && fresh("ipc") && sysctl !== undefined && { sysctl }),
    },
  };
}

export const host: fc.Arbitrary<Host> = fc.record(
  {
    arch: fc.constantFrom("x64" as const, "arm64" as const),
    kernel: fc.constantFrom("5.15", "6.1", "6.14", "6.15", "7.0"),
    uid: fc.constantFrom(0, 0, 0, 1000),
    cgroup: fc.constantFrom("v1" as const, "v2" as const, "hybrid" as const, "none" as const),
    userns: fc.boolean(),
    kcore: fc.boolean(),
    links: fc.constantFrom({}, { "/dev": "/run" }, { "/a": "/a", "/b": "../../etc" }),
    modes: fc.constantFrom({}, { "/run": 0o1777 }),
    sources: fc.constantFrom({}, { "/bundles/any/file": { kind: "file" as const, flags: ["MS_NOSUID" as const] } }),
    resctrl: fc.constantFrom(
      { mountpoint: "/sys/fs/resctrl", schemata: null },
      { mountpoint: "/sys/fs/resctrl", schemata: "L3:0=f\nMB:0=50\n" },
    ),
    lsm: seldom(fc.constant({ apparmor: false, selinux: false })).map(
      (none) => none ?? { apparmor: true, selinux: true },
    ),
  },
  { requiredKeys: ["resctrl", "lsm"] },
);

export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
