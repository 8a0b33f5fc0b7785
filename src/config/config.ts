// SPDX-License-Identifier: Apache-2.0
/** The types of config.json, its Linux part, with the names of runtime-spec v1.3. config.md, config-linux.md. */

/** A 64-bit integer, signed or unsigned: a bigint wherever a double cannot hold what the file says. */
export type U64 = number | bigint;

export interface Config {
  readonly ociVersion: string;
  readonly root?: Root;
  readonly process?: Process;
  readonly hostname?: string;
  readonly domainname?: string;
  readonly mounts?: readonly Mount[];
  readonly hooks?: Hooks;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly linux?: Linux;
}

export interface Root {
  /** Absolute, or relative to the bundle. */
  readonly path: string;
  readonly readonly?: boolean;
}

export interface Mount {
  /** Relative destinations are deprecated, and taken as relative to "/". */
  readonly destination: string;
  /** For a bind mount: absolute, or relative to the bundle. */
  readonly source?: string;
  readonly type?: string;
  readonly options?: readonly string[];
  readonly uidMappings?: readonly IdMapping[];
  readonly gidMappings?: readonly IdMapping[];
}

export interface Process {
  readonly terminal?: boolean;
  readonly consoleSize?: { readonly height: U64; readonly width: U64 };
  readonly user?: User;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly cwd: string;
  readonly rlimits?: readonly Rlimit[];
  readonly capabilities?: Capabilities;
  readonly noNewPrivileges?: boolean;
  /** -1000 to 1000. */
  readonly oomScoreAdj?: number;
  readonly apparmorProfile?: string;
  readonly selinuxLabel?: string;
  readonly scheduler?: Scheduler;
  readonly ioPriority?: IoPriority;
  readonly execCPUAffinity?: { readonly initial?: string; readonly final?: string };
}

export interface User {
  readonly uid: number;
  readonly gid: number;
  /** In decimal: 63 is 0077. */
  readonly umask?: number;
  readonly additionalGids?: readonly number[];
}

export interface Rlimit {
  /** RLIMIT_NOFILE and its like. */
  readonly type: string;
  readonly soft: U64;
  readonly hard: U64;
}

export type CapabilitySet = "bounding" | "effective" | "permitted" | "inheritable" | "ambient";
export type Capabilities = { readonly [set in CapabilitySet]?: readonly string[] };

export interface Scheduler {
  readonly policy: string;
  readonly nice?: number;
  readonly priority?: number;
  readonly flags?: readonly string[];
  /** Nanoseconds, as deadline and period. */
  readonly runtime?: U64;
  readonly deadline?: U64;
  readonly period?: U64;
}

export interface IoPriority {
  readonly class: "IOPRIO_CLASS_RT" | "IOPRIO_CLASS_BE" | "IOPRIO_CLASS_IDLE";
  readonly priority: number;
}

export type HookName = "prestart" | "createRuntime" | "createContainer" | "startContainer" | "poststart" | "poststop";
export type Hooks = { readonly [name in HookName]?: readonly Hook[] };

export interface Hook {
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Seconds. */
  readonly timeout?: U64;
}

export interface Linux {
  readonly namespaces?: readonly Namespace[];
  readonly uidMappings?: readonly IdMapping[];
  readonly gidMappings?: readonly IdMapping[];
  readonly timeOffsets?: { readonly boottime?: TimeOffset; readonly monotonic?: TimeOffset };
  readonly devices?: readonly Device[];
  readonly netDevices?: Readonly<Record<string, { readonly name?: string }>>;
  readonly cgroupsPath?: string;
  readonly resources?: Resources;
  readonly rootfsPropagation?: RootfsPropagation;
  readonly seccomp?: Seccomp;
  readonly sysctl?: Readonly<Record<string, string>>;
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  readonly mountLabel?: string;
  readonly intelRdt?: IntelRdt;
  readonly memoryPolicy?: MemoryPolicy;
  readonly personality?: { readonly domain: "LINUX" | "LINUX32"; readonly flags?: readonly string[] };
}

export type Propagation = "private" | "shared" | "slave" | "unbindable";
/** The recursive ones are not in the specification, but engines write them. */
export type RootfsPropagation = Propagation | `r${Propagation}`;

export type NamespaceKind = "pid" | "network" | "mount" | "ipc" | "uts" | "user" | "cgroup" | "time";

export interface Namespace {
  readonly type: NamespaceKind;
  /** Absolute. Absent or empty: a new namespace. */
  readonly path?: string;
}

export interface IdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

export interface TimeOffset {
  readonly secs?: U64;
  readonly nanosecs?: number;
}

export interface Device {
  /** `u` is a character device without buffer, the same as `c` on Linux; `p` is a FIFO. */
  readonly type: "c" | "b" | "u" | "p";
  readonly path: string;
  /** Present unless `type` is `p`. */
  readonly major?: number;
  readonly minor?: number;
  /** In decimal: 438 is 0666. */
  readonly fileMode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export interface IntelRdt {
  readonly closID?: string;
  readonly schemata?: readonly string[];
  readonly l3CacheSchema?: string;
  readonly memBwSchema?: string;
  readonly enableMonitoring?: boolean;
}

export interface MemoryPolicy {
  readonly mode: string;
  readonly nodes?: string;
  readonly flags?: readonly string[];
}

export interface Resources {
  readonly devices?: readonly DeviceRule[];
  readonly memory?: MemoryLimits;
  readonly cpu?: CpuLimits;
  readonly blockIO?: BlockIO;
  readonly hugepageLimits?: readonly { readonly pageSize: string; readonly limit: U64 }[];
  readonly network?: NetworkClass;
  readonly pids?: { readonly limit?: U64 };
  readonly rdma?: Readonly<Record<string, { readonly hcaHandles?: number; readonly hcaObjects?: number }>>;
  readonly unified?: Readonly<Record<string, string>>;
}

/** Absent type, major or minor mean all. */
export interface DeviceRule {
  readonly allow: boolean;
  readonly type?: string;
  readonly major?: U64;
  readonly minor?: U64;
  readonly access?: string;
}

/** Bytes; -1 is unlimited. */
export interface MemoryLimits {
  readonly limit?: U64;
  readonly reservation?: U64;
  readonly swap?: U64;
  readonly kernel?: U64;
  readonly kernelTCP?: U64;
  readonly swappiness?: U64;
  readonly disableOOMKiller?: boolean;
  readonly useHierarchy?: boolean;
  readonly checkBeforeUpdate?: boolean;
}

/** Times are microseconds. */
export interface CpuLimits {
  readonly shares?: U64;
  readonly quota?: U64;
  readonly burst?: U64;
  readonly period?: U64;
  readonly realtimeRuntime?: U64;
  readonly realtimePeriod?: U64;
  readonly cpus?: string;
  readonly mems?: string;
  readonly idle?: U64;
}

export interface BlockIO {
  readonly weight?: number;
  readonly leafWeight?: number;
  readonly weightDevice?: readonly WeightDevice[];
  readonly throttleReadBpsDevice?: readonly ThrottleDevice[];
  readonly throttleWriteBpsDevice?: readonly ThrottleDevice[];
  readonly throttleReadIOPSDevice?: readonly ThrottleDevice[];
  readonly throttleWriteIOPSDevice?: readonly ThrottleDevice[];
}

export interface WeightDevice {
  readonly major: U64;
  readonly minor: U64;
  readonly weight?: number;
  readonly leafWeight?: number;
}

export interface ThrottleDevice {
  readonly major: U64;
  readonly minor: U64;
  /** Bytes or operations per second. */
  readonly rate: U64;
}

export interface NetworkClass {
  readonly classID?: number;
  readonly priorities?: readonly { readonly name: string; readonly priority: number }[];
}

export interface Seccomp {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly flags?: readonly string[];
  readonly listenerPath?: string;
  readonly listenerMetadata?: string;
  readonly syscalls?: readonly SeccompRule[];
}

export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArg[];
}

export interface SeccompArg {
  readonly index: number;
  readonly value: U64;
  readonly valueTwo?: U64;
  readonly op: string;
}
