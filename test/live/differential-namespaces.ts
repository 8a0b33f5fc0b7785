// SPDX-License-Identifier: Apache-2.0
/** Differential cases of config-linux.md: namespaces and id maps. */
import type { Case } from "./differential.ts";
import { ORDINARY, type Spec } from "./support/spec.ts";

/** The container has a mount namespace and those that are named. */
function only(...types: readonly string[]): (spec: Spec) => void {
  return (spec) => {
    spec.linux.namespaces = ["mount", ...types].map((type) => ({ type }));
    if (!types.includes("uts")) delete spec.hostname;
  };
}

export function without(type: string): (spec: Spec) => void {
  return (spec) => {
    spec.linux.namespaces = spec.linux.namespaces.filter((namespace) => namespace.type !== type);
    if (type === "uts") delete spec.hostname;
  };
}

function joined(type: string, file: string): NonNullable<Case["edit"]> {
  return (spec, { holder }) => {
    without(type)(spec);
    spec.linux.namespaces.push({ type, path: `/proc/${holder}/ns/${file}` });
  };
}

/** A difference of every user namespace. */
export const MQUEUE_GID = {
  "dev./dev/mqueue.gid": "runc 1.1.5 mounts the queues before it has a mapped gid; crun does not",
};

export const MAPPED_ROOT = 100_000;

export function mapped(...ranges: readonly (readonly [number, number, number])[]): (spec: Spec) => void {
  return (spec) => {
    const mappings = ranges.map(([containerID, hostID, size]) => ({ containerID, hostID, size }));
    spec.linux.namespaces.push({ type: "user" });
    spec.linux.uidMappings = mappings;
    spec.linux.gidMappings = mappings;
  };
}

const NEW_CASES: readonly Case[] = [
  { name: "only a mount namespace", edit: only() },
  { name: "mount and pid", edit: only("pid") },
  { name: "mount and network", edit: only("network") },
  { name: "mount and ipc", edit: only("ipc") },
  { name: "mount and uts", edit: only("uts") },
  { name: "mount and cgroup", edit: only("cgroup") },
  {
    name: "mount and user",
    edit: (spec) => {
      // The host's network, processes and queues are not this user namespace's to mount anew.
      only()(spec);
      mapped([0, MAPPED_ROOT, 65536])(spec);
      spec.mounts = spec.mounts.filter(({ type }) => type === "tmpfs" || type === "devpts");
      spec.mounts.push({ destination: "/proc", source: "/proc", type: "none", options: ["rbind"] });
      spec.linux.maskedPaths = [];
      spec.linux.readonlyPaths = [];
    },
    owner: MAPPED_ROOT,
  },
  {
    name: "mount and time",
    edit: only("time"),
    needs: ["timens"],
    expects: { "namespaces.time": "new", "namespaces.net": "same" },
  },
  { name: "all but pid", edit: without("pid") },
  { name: "all but network", edit: without("network") },
  { name: "all but ipc", edit: without("ipc") },
  { name: "all but uts", edit: without("uts") },
  {
    name: "all and cgroup",
    edit: (spec) => {
      spec.linux.namespaces.push({ type: "cgroup" });
    },
  },
  {
    name: "no mount namespace",
    differs: {
      "mounts./#0": "runc binds the rootfs onto itself in the caller's mount namespace; tsrun leaves that alone",
    },
    prelude: "mount -t proc proc rootfs/proc",
    edit: (spec) => {
      without("mount")(spec);
      spec.mounts = [];
      spec.linux.maskedPaths = [];
      spec.linux.readonlyPaths = [];
    },
  },
];

const ONE_SYSFS = "a network namespace has one sysfs superblock, read-only or not as its first mount was";

const JOINED_CASES: readonly Case[] = [
  {
    name: "a network namespace by path",
    hold: ["--net"],
    edit: joined("network", "net"),
    differs: { "mounts./sys#0.super": ONE_SYSFS },
  },
  { name: "an ipc namespace by path", hold: ["--ipc"], edit: joined("ipc", "ipc") },
  { name: "a uts namespace by path", hold: ["--uts"], edit: joined("uts", "uts") },
  { name: "a pid namespace by path", hold: ["--pid", "--fork"], edit: joined("pid", "pid") },
  { name: "a cgroup namespace by path", hold: ["--cgroup"], edit: joined("cgroup", "cgroup") },
  {
    name: "several namespaces by path",
    hold: ["--net", "--ipc", "--uts"],
    edit: (spec, scene) => {
      joined("network", "net")(spec, scene);
      joined("ipc", "ipc")(spec, scene);
      joined("uts", "uts")(spec, scene);
    },
    differs: { "mounts./sys#0.super": ONE_SYSFS },
  },
  {
    name: "a namespace file of another type",
    hold: ["--net"],
    edit: joined("uts", "net"),
    refused: true,
  },
  {
    name: "a namespace file that does not exist",
    edit: joined("network", "nothing"),
    refused: true,
  },
];

const USER_CASES: readonly Case[] = [
  {
    name: "one range of ids",
    edit: mapped([0, MAPPED_ROOT, 65536]),
    owner: MAPPED_ROOT,
    differs: MQUEUE_GID,
    ask: ["try=/", "try=/etc/passwd"],
  },
  {
    name: "many ranges of ids",
    edit: mapped([0, MAPPED_ROOT, 1000], [1000, 300_000, 1], [1001, MAPPED_ROOT + 1001, 64_535]),
    owner: MAPPED_ROOT,
    differs: MQUEUE_GID,
  },
  {
    name: "an ordinary uid inside a range",
    edit: (spec) => {
      mapped([0, MAPPED_ROOT, 65536])(spec);
      spec.process.user = { uid: 1000, gid: 1000, additionalGids: [44] };
    },
    owner: MAPPED_ROOT,
    differs: MQUEUE_GID,
  },
  {
    name: "a rootfs whose owner is not mapped",
    differs: MQUEUE_GID,
    edit: mapped([0, MAPPED_ROOT, 65536]),
    ask: ["try=/", "try=/etc"],
  },
  {
    name: "the identity as the map",
    edit: mapped([0, 0, 4_294_967_295]),
  },
  {
    name: "a uid without a mapping",
    edit: (spec) => {
      mapped([0, MAPPED_ROOT, 10])(spec);
      spec.process.user = { uid: 1000, gid: 1000 };
      spec.mounts = spec.mounts.filter(({ type }) => type !== "devpts");
    },
    owner: MAPPED_ROOT,
    refused: true,
  },
  { name: "an ordinary user and one id", as: "user", ask: ["try=/", "try=/etc/passwd"] },
  {
    name: "an ordinary user and a single id that is not 0",
    as: "user",
    edit: (spec) => {
      spec.linux.uidMappings = [{ containerID: 1000, hostID: ORDINARY, size: 1 }];
      spec.linux.gidMappings = [{ containerID: 1000, hostID: ORDINARY, size: 1 }];
      spec.process.user = { uid: 1000, gid: 1000 };
    },
    expects: { "uid.0": 1000, "uid.3": 1000, "gid.0": 1000, "namespaces.user": "new" },
  },
  {
    name: "an ordinary user and many ids by newuidmap",
    as: "user",
    needs: ["newuidmap"],
    // The tools know the ranges of an account from these files only.
    prelude: [
      "echo 65534:200000:65536 > subids; chmod 644 subids",
      "for file in /etc/subuid /etc/subgid; do if [ ! -e $file ]; then : > $file; fi; mount --bind subids $file; done",
    ].join("\n"),
    edit: (spec) => {
      const many = [
        { containerID: 0, hostID: ORDINARY, size: 1 },
        { containerID: 1, hostID: 200_000, size: 65_536 },
      ];
      spec.linux.uidMappings = many;
      spec.linux.gidMappings = many;
      spec.process.user = { uid: 1000, gid: 1000 };
    },
  },
];

export const NAMESPACE_CASES: readonly Case[] = [...NEW_CASES, ...JOINED_CASES, ...USER_CASES];
