// SPDX-License-Identifier: Apache-2.0
/** Differential cases of config-linux.md: namespaces, id maps, devices, sysctl, personality, time; and the host names. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case } from "./differential.ts";
import { ORDINARY, type Spec } from "./support/spec.ts";

const OLD_RUNC = "runc 1.1.5 does not know it";

/** The container has a mount namespace and those that are named. */
function only(...types: readonly string[]): (spec: Spec) => void {
  return (spec) => {
    spec.linux.namespaces = ["mount", ...types].map((type) => ({ type }));
    if (!types.includes("uts")) delete spec.hostname;
  };
}

function without(type: string): (spec: Spec) => void {
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

const MAPPED_ROOT = 100_000;

function mapped(...ranges: readonly (readonly [number, number, number])[]): (spec: Spec) => void {
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

const JOINED_CASES: readonly Case[] = [
  { name: "a network namespace by path", hold: ["--net"], edit: joined("network", "net") },
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
    ask: ["try=/", "try=/etc/passwd"],
  },
  {
    name: "many ranges of ids",
    edit: mapped([0, MAPPED_ROOT, 1000], [1000, 300_000, 1], [1001, MAPPED_ROOT + 1001, 64_535]),
    owner: MAPPED_ROOT,
  },
  {
    name: "an ordinary uid inside a range",
    edit: (spec) => {
      mapped([0, MAPPED_ROOT, 65536])(spec);
      spec.process.user = { uid: 1000, gid: 1000, additionalGids: [44] };
    },
    owner: MAPPED_ROOT,
  },
  {
    name: "a rootfs whose owner is not mapped",
    differs: { "dev./dev/mqueue.gid": "runc 1.1.5 mounts it before it has a mapped gid; crun does not" },
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

const NAME_CASES: readonly Case[] = [
  {
    name: "hostname of 64 letters",
    edit: (spec) => {
      spec.hostname = "h".repeat(64);
    },
  },
  {
    name: "no hostname",
    edit: (spec) => {
      delete spec.hostname;
    },
  },
  {
    name: `domainname (${OLD_RUNC})`,
    edit: (spec) => {
      spec.domainname = "example.test";
    },
    expects: { domainname: "example.test" },
  },
  {
    name: `personality LINUX32 (${OLD_RUNC})`,
    edit: (spec) => {
      spec.linux.personality = { domain: "LINUX32" };
    },
    expects: { personality: "0x8", machine: "i686" },
  },
  {
    name: `personality LINUX (${OLD_RUNC})`,
    edit: (spec) => {
      spec.linux.personality = { domain: "LINUX" };
    },
    expects: { personality: "0x0", machine: process.arch === "arm64" ? "aarch64" : "x86_64" },
  },
  {
    name: `timeOffsets (${OLD_RUNC})`,
    needs: ["timens"],
    expects: {
      "namespaces.time": "new",
      "timeOffsets.0": "monotonic      432000         0",
      "timeOffsets.1": "boottime       864000         5",
    },
    edit: (spec) => {
      spec.linux.namespaces.push({ type: "time" });
      spec.linux.timeOffsets = { boottime: { secs: 864_000, nanosecs: 5 }, monotonic: { secs: 432_000 } };
    },
  },
];

const SYSCTL_CASES: readonly Case[] = [
  {
    name: "sysctl of the network namespace",
    edit: (spec) => {
      spec.linux.sysctl = {
        "net.ipv4.ip_forward": "1",
        "net.ipv4.ip_local_port_range": "2000 3000",
        "net.core.somaxconn": "1234",
      };
    },
    ask: ["ipv4/ip_forward", "ipv4/ip_local_port_range", "core/somaxconn"].map((name) => `read=/proc/sys/net/${name}`),
  },
  {
    name: "sysctl of the ipc namespace",
    edit: (spec) => {
      spec.linux.sysctl = { "kernel.msgmax": "4096", "kernel.shm_rmid_forced": "1", "fs.mqueue.msg_max": "20" };
    },
    ask: ["kernel/msgmax", "kernel/shm_rmid_forced", "fs/mqueue/msg_max"].map((name) => `read=/proc/sys/${name}`),
  },
  {
    name: "sysctl written with slashes",
    edit: (spec) => {
      spec.linux.sysctl = { "net/ipv4/ip_forward": "1" };
    },
    ask: ["read=/proc/sys/net/ipv4/ip_forward"],
  },
  {
    name: "sysctl with several values and spaces",
    edit: (spec) => {
      spec.linux.sysctl = { "kernel.sem": "100 32000 100 128" };
    },
    ask: ["read=/proc/sys/kernel/sem"],
  },
  {
    name: "sysctl of the network without a network namespace",
    edit: (spec) => {
      without("network")(spec);
      spec.linux.sysctl = { "net.core.somaxconn": "1234" };
    },
    refused: true,
  },
  {
    name: "sysctl that has no namespace",
    edit: (spec) => {
      spec.linux.sysctl = { "vm.swappiness": "1" };
    },
    refused: true,
  },
];

const DEVICE_CASES: readonly Case[] = [
  {
    name: "devices: characters, blocks, unbuffered and a FIFO, with modes and owners",
    edit: (spec) => {
      spec.linux.devices = [
        { type: "c", path: "/dev/kmsg2", major: 1, minor: 11, fileMode: 0o640, uid: 0, gid: 44 },
        { type: "u", path: "/dev/zero2", major: 1, minor: 5, fileMode: 0o604, uid: 1000, gid: 1000 },
        { type: "b", path: "/dev/disk", major: 7, minor: 0, fileMode: 0o660, uid: 0, gid: 6 },
        { type: "p", path: "/dev/pipe", fileMode: 0o622, uid: 7, gid: 8 },
      ];
    },
  },
  {
    name: "devices without mode and owner",
    edit: (spec) => {
      spec.linux.devices = [{ type: "c", path: "/dev/fuse", major: 10, minor: 229 }];
    },
  },
  {
    name: "a device in a directory that does not exist",
    edit: (spec) => {
      spec.linux.devices = [
        { type: "c", path: "/dev/net/tun", major: 10, minor: 200, fileMode: 0o666, uid: 0, gid: 0 },
      ];
    },
  },
  {
    name: "a device outside of /dev",
    edit: (spec) => {
      spec.linux.devices = [{ type: "c", path: "/opt/deep/zero", major: 1, minor: 5, fileMode: 0o666, uid: 0, gid: 0 }];
    },
    ask: ["list=/opt", "try=/opt/deep/zero"],
  },
  {
    name: "a default device with a mode of its own",
    edit: (spec) => {
      spec.linux.devices = [{ type: "c", path: "/dev/full", major: 1, minor: 7, fileMode: 0o600, uid: 0, gid: 0 }];
    },
  },
  {
    name: "devices in a user namespace are the host's",
    edit: (spec) => {
      mapped([0, MAPPED_ROOT, 65536])(spec);
      spec.linux.devices = [{ type: "c", path: "/dev/kmsg", major: 1, minor: 11, fileMode: 0o666, uid: 0, gid: 0 }];
    },
    owner: MAPPED_ROOT,
    ask: ["try=/dev/null", "try=/dev/zero"],
  },
  {
    name: "devices where no /dev is mounted",
    edit: (spec) => {
      spec.mounts = spec.mounts.filter(({ destination }) => !destination.startsWith("/dev"));
    },
    ask: ["try=/dev/null"],
  },
  {
    name: "a /dev that the image fills",
    edit: (spec, { rootfs }) => {
      spec.mounts = spec.mounts.filter(({ destination }) => !destination.startsWith("/dev"));
      mkdirSync(join(rootfs, "dev/pts"));
      writeFileSync(join(rootfs, "dev/other"), "");
    },
  },
];

export const NAMESPACE_CASES: readonly Case[] = [
  ...NEW_CASES,
  ...JOINED_CASES,
  ...USER_CASES,
  ...NAME_CASES,
  ...SYSCTL_CASES,
  ...DEVICE_CASES,
];
