// SPDX-License-Identifier: Apache-2.0
/** Differential cases of config-linux.md: devices, sysctl, personality, time; and of the host names. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case } from "./differential.ts";
import { MAPPED_ROOT, MQUEUE_GID, mapped, without } from "./differential-namespaces.ts";

const OLD_RUNC = "runc 1.1.5 does not know it";

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
    differs: MQUEUE_GID,
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

export const KERNEL_CASES: readonly Case[] = [...NAME_CASES, ...SYSCTL_CASES, ...DEVICE_CASES];
