// SPDX-License-Identifier: Apache-2.0
/** config.json as the live tests write it: mutable, and open to values that are wrong on purpose. */

export interface Spec {
  ociVersion: string;
  process: ProcessSpec;
  root: { path: string; readonly?: boolean };
  hostname?: string;
  domainname?: string;
  mounts: MountSpec[];
  annotations?: Record<string, string>;
  hooks?: HooksSpec;
  linux: LinuxSpec;
}

export type HookName = "prestart" | "createRuntime" | "createContainer" | "startContainer" | "poststart" | "poststop";
export type HooksSpec = { [kind in HookName]?: HookSpec[] };

export interface HookSpec {
  path: string;
  args?: string[];
  env?: string[];
  timeout?: number;
}

export interface ProcessSpec {
  terminal?: boolean;
  consoleSize?: { height: number; width: number };
  user: { uid: number; gid: number; umask?: number; additionalGids?: number[] };
  args: string[];
  env?: string[];
  cwd: string;
  capabilities?: Partial<Record<CapabilitySet, string[]>>;
  rlimits?: { type: string; soft: number | RawNumber; hard: number | RawNumber }[];
  noNewPrivileges?: boolean;
  oomScoreAdj?: number;
  scheduler?: { policy: string; nice?: number; priority?: number; flags?: string[]; [time: string]: unknown };
  ioPriority?: { class: string; priority: number };
  execCPUAffinity?: { initial?: string; final?: string };
  apparmorProfile?: string;
  selinuxLabel?: string;
}

export type CapabilitySet = "bounding" | "effective" | "inheritable" | "permitted" | "ambient";

export interface MountSpec {
  destination: string;
  type?: string;
  source?: string;
  options?: string[];
  uidMappings?: IdMapping[];
  gidMappings?: IdMapping[];
}

export interface IdMapping {
  containerID: number;
  hostID: number;
  size: number;
}

export interface DeviceSpec {
  type: string;
  path: string;
  major?: number;
  minor?: number;
  fileMode?: number;
  uid?: number;
  gid?: number;
}

export interface LinuxSpec {
  namespaces: { type: string; path?: string }[];
  uidMappings?: IdMapping[];
  gidMappings?: IdMapping[];
  timeOffsets?: Record<string, { secs?: number; nanosecs?: number }>;
  devices?: DeviceSpec[];
  cgroupsPath?: string;
  sysctl?: Record<string, string>;
  rootfsPropagation?: string;
  maskedPaths?: string[];
  readonlyPaths?: string[];
  personality?: { domain: string; flags?: string[] };
  [property: string]: unknown;
}

/** Digits that JSON can write and a JavaScript number cannot hold. Made by `raw`. */
export type RawNumber = `\u0000raw:${string}`;

/** `raw("18446744073709551615")` stands in config.json as that number, digit by digit. */
export function raw(digits: string): RawNumber {
  return `\u0000raw:${digits}`;
}

/** The text of config.json. */
export function printSpec(spec: Spec): string {
  return JSON.stringify(spec, null, 2).replaceAll(/"\\u0000raw:(\d+)"/g, "$1");
}

/** All capabilities that the base config gives: those of Docker's default list. */
export const CAPABILITIES = [
  "CAP_AUDIT_WRITE CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_MKNOD",
  "CAP_NET_BIND_SERVICE CAP_NET_RAW CAP_SETFCAP CAP_SETGID CAP_SETPCAP CAP_SETUID CAP_SYS_CHROOT",
].flatMap((line) => line.split(" "));

/** A complete config: every namespace but user, cgroup and time; what engines mount; `/bin/true`. */
export function baseSpec(): Spec {
  return {
    ociVersion: "1.0.2",
    process: {
      user: { uid: 0, gid: 0 },
      args: ["/bin/true"],
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
      cwd: "/",
      capabilities: { bounding: [...CAPABILITIES], effective: [...CAPABILITIES], permitted: [...CAPABILITIES] },
    },
    root: { path: "rootfs" },
    hostname: "probe",
    mounts: [
      { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
      {
        destination: "/dev",
        type: "tmpfs",
        source: "tmpfs",
        options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
      },
      {
        destination: "/dev/pts",
        type: "devpts",
        source: "devpts",
        options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
      },
      {
        destination: "/dev/shm",
        type: "tmpfs",
        source: "shm",
        options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
      },
      { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
      { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
    ],
    linux: {
      namespaces: ["pid", "network", "ipc", "uts", "mount"].map((type) => ({ type })),
      maskedPaths: ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware", "/proc/scsi"],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}

/** Turns the base config into one that an ordinary user may run: a user namespace with one id. */
export function rootless(spec: Spec, uid = ORDINARY): void {
  spec.linux.namespaces.push({ type: "user" });
  spec.linux.uidMappings = [{ containerID: 0, hostID: uid, size: 1 }];
  spec.linux.gidMappings = [{ containerID: 0, hostID: uid, size: 1 }];
  for (const mount of spec.mounts) mount.options = (mount.options ?? []).filter((option) => !option.startsWith("gid="));
}

/** The ordinary user of the tests: a bare number is enough, but newuidmap wants an account, so it is nobody's. */
export const ORDINARY = 65534;
