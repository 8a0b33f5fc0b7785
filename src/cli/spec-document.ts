// SPDX-License-Identifier: Apache-2.0
/** The config.json that `spec` writes: a shell with few privileges in all namespaces, as runc's callers know it. */
import type { Config, IdMapping, Mount } from "../config/config.ts";
import { SPEC_VERSION } from "./version.ts";

/** For an ordinary user, `rootless` is who that is: the ids which root in the container stands for. */
export function specDocument(rootless?: { readonly uid: number; readonly gid: number }): Config {
  return {
    ociVersion: SPEC_VERSION,
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ["sh"],
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
      cwd: "/",
      capabilities: {
        bounding: CAPABILITIES,
        effective: CAPABILITIES,
        permitted: CAPABILITIES,
      },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: true },
    hostname: "tsrun",
    mounts: rootless === undefined ? mounts(["gid=5"], SYSFS) : mounts([], HOST_SYSFS),
    linux: {
      ...(rootless === undefined
        ? { resources: { devices: [{ allow: false, access: "rwm" }] } }
        : { uidMappings: one(rootless.uid), gidMappings: one(rootless.gid) }),
      namespaces: namespaces(rootless !== undefined).map((type) => ({ type })),
      maskedPaths: MASKED,
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}

const CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

const MASKED = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/sys/firmware",
  "/proc/scsi",
];

const QUIET = ["nosuid", "noexec", "nodev"];
const SYSFS: Mount = { destination: "/sys", type: "sysfs", source: "sysfs", options: [...QUIET, "ro"] };
// A new sysfs needs a new network namespace, in which an ordinary user would have no network.
const HOST_SYSFS: Mount = { destination: "/sys", type: "none", source: "/sys", options: ["rbind", ...QUIET, "ro"] };

/** `ptsOptions`: the group tty is no id of an ordinary user's namespace. */
function mounts(ptsOptions: readonly string[], sys: Mount): Mount[] {
  const pts = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", ...ptsOptions];
  return [
    { destination: "/proc", type: "proc", source: "proc" },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    { destination: "/dev/pts", type: "devpts", source: "devpts", options: pts },
    { destination: "/dev/shm", type: "tmpfs", source: "shm", options: [...QUIET, "mode=1777", "size=65536k"] },
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: QUIET },
    sys,
    { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: [...QUIET, "relatime", "ro"] },
  ];
}

function namespaces(rootless: boolean) {
  return rootless
    ? (["pid", "ipc", "uts", "mount", "user"] as const)
    : (["pid", "network", "ipc", "uts", "mount"] as const);
}

function one(hostID: number): IdMapping[] {
  return [{ containerID: 0, hostID, size: 1 }];
}
