// SPDX-License-Identifier: Apache-2.0
/** What each rule finds, and where. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { check } from "../../src/config/check.ts";
import { RULES } from "../../src/config/rules.ts";
import { sectionOf } from "../../src/config/sections.ts";
import { unmet } from "../requires.ts";

const PROCESS = { args: ["sh"], cwd: "/", user: { uid: 0, gid: 0 } };
const SOUND = { ociVersion: "1.3.0", root: { path: "rootfs" }, process: PROCESS };
const MAP = [{ containerID: 0, hostID: 100000, size: 65536 }];
const USER = { namespaces: [{ type: "user" }], uidMappings: MAP, gidMappings: MAP };

const config = (rest: object) => ({ ...SOUND, ...rest });
const process = (rest: object) => config({ process: { ...PROCESS, ...rest } });
const linux = (rest: object) => config({ linux: rest });
const spaces = (...types: readonly string[]) => types.map((type) => ({ type }));
const rlimits = (...list: readonly (readonly [string, number | bigint, number | bigint])[]) =>
  process({ rlimits: list.map(([type, soft, hard]) => ({ type, soft, hard })) });

type Row = readonly [title: string, config: unknown, ...findings: string[]];

function argument(index: number) {
  return { index, value: 1, op: "SCMP_CMP_EQ" };
}

const FINDINGS: readonly Row[] = [
  ["the version is no SemVer", config({ ociVersion: "v1.0.0" }), "/ociVersion: expected a SemVer"],
  ["the version is 0.x", config({ ociVersion: "0.5.0" }), "/ociVersion: expected version 1.x"],
  ["no root", { ociVersion: "1.3.0", process: PROCESS }, `: "root" is missing`],
  ["no arguments", process({ args: undefined }), `/process: "args" is missing`],
  ["empty arguments", process({ args: [] }), "/process/args: expected at least 1"],
  ["a relative directory", process({ cwd: "x" }), "/process/cwd: expected an absolute path"],
  ["an empty directory", process({ cwd: "" }), "/process/cwd: expected an absolute path"],
  ["variables", process({ env: ["A=", "B", "=c", ""] }), "/process/env/1: ", "/process/env/2: ", "/process/env/3: "],
  [
    "a wide terminal",
    process({ terminal: true, consoleSize: { height: 2n ** 60n, width: 1 } }),
    "/process/consoleSize/height: ",
  ],
  [
    "limits, unknown and doubled",
    rlimits(["RLIMIT_X", 0, 0], ["RLIMIT_AS", 1, 1], ["RLIMIT_AS", 1, 1]),
    "/process/rlimits/0/type: ",
    "/process/rlimits/2/type: RLIMIT_AS is set already by /process/rlimits/1",
  ],
  [
    "soft above hard",
    rlimits(["RLIMIT_AS", 2n ** 64n - 1n, 2n ** 64n - 2n]),
    "/process/rlimits/0/soft: 18446744073709551615 is above the hard limit, 18446744073709551614",
  ],
  [
    "a host name without namespace",
    config({ hostname: "a", domainname: "b" }),
    "/hostname: needs a uts",
    "/domainname: needs a uts",
  ],
  [
    "a long name in UTF-8",
    config({ hostname: "ä".repeat(33), linux: { namespaces: spaces("uts") } }),
    "/hostname: expected at most 64 bytes, found 66",
  ],
  ["an annotation without key", config({ annotations: { "": "x" } }), "/annotations/: "],
  [
    "two namespaces of a type",
    linux({ namespaces: spaces("pid", "ipc", "pid") }),
    "/linux/namespaces/2/type: pid is listed already by /linux/namespaces/0",
  ],
  [
    "numbers that no device has, and no access, in rules for devices",
    linux({
      resources: {
        devices: [
          { allow: true, major: 4294967295, minor: -2 },
          { allow: false, access: "" },
        ],
      },
    }),
    "/linux/resources/devices/0/major: expected -1, for all, or a number up to 4294967294, found 4294967295",
    "/linux/resources/devices/0/minor: expected -1",
    "/linux/resources/devices/1/access: expected some of r, w and m",
  ],
  ["a relative namespace", linux({ namespaces: [{ type: "pid", path: "self" }] }), "/linux/namespaces/0/path: "],
  [
    "mappings without namespace",
    linux({ uidMappings: MAP, gidMappings: MAP }),
    "/linux/uidMappings: needs",
    "/linux/gidMappings: needs",
  ],
  [
    "no mappings",
    linux({ namespaces: spaces("user") }),
    `/linux: the new user namespace needs "uidMappings"`,
    `/linux: the new user namespace needs "gidMappings"`,
  ],
  [
    "an empty range",
    linux({ ...USER, gidMappings: [...MAP, { containerID: 70000, hostID: 5, size: 0 }] }),
    "/linux/gidMappings/1/size: ",
  ],
  [
    "a range within another",
    linux({ ...USER, uidMappings: [{ containerID: 3, hostID: 7, size: 2 }, ...MAP] }),
    "/linux/uidMappings/1/containerID: the range overlaps that of /linux/uidMappings/0",
  ],
  [
    "too many ranges",
    linux({ ...USER, uidMappings: Array.from({ length: 341 }, (_, i) => ({ containerID: i, hostID: i, size: 1 })) }),
    "/linux/uidMappings: expected at most 340 entries, found 341",
  ],
  [
    "ids that are not mapped",
    config({ process: { ...PROCESS, user: { uid: 65536, gid: 0, additionalGids: [1, 99999] } }, linux: USER }),
    "/process/user/uid: 65536 is not mapped",
    "/process/user/additionalGids/1: 99999",
  ],
  [
    "ids that mean none, and a umask with more than permissions",
    config({
      process: { ...PROCESS, user: { uid: 4294967295, gid: 4294967295, additionalGids: [0, 4294967295], umask: 512 } },
      linux: { devices: [{ type: "p", path: "/a", uid: 4294967295, gid: 4294967294 }] },
    }),
    "/process/user/uid: expected at most 4294967294",
    "/process/user/gid: ",
    "/process/user/additionalGids/1: ",
    "/process/user/umask: expected at most 511",
    "/linux/devices/0/uid: ",
  ],
  [
    "a range with the id that means none",
    linux({ ...USER, gidMappings: [...MAP, { containerID: 70000, hostID: 4294967295, size: 1 }] }),
    "/linux/gidMappings/1: goes beyond the last id",
  ],
  [
    "less than nothing",
    linux({ resources: { memory: { limit: -2, swap: -(2n ** 63n), reservation: -1 }, pids: { limit: -2 } } }),
    "/linux/resources/memory/limit: expected -1",
    "/linux/resources/memory/swap: ",
    "/linux/resources/pids/limit: ",
  ],
  ["offsets without namespace", linux({ timeOffsets: { boottime: { secs: 1 } } }), "/linux/timeOffsets: needs a time"],
  [
    "offsets of a joined namespace",
    linux({ namespaces: [{ type: "time", path: "/x" }], timeOffsets: { boottime: {} } }),
    "/linux/timeOffsets: the time namespace",
  ],
  [
    "a clock without offset",
    linux({ namespaces: spaces("time"), timeOffsets: { tai: {} } }),
    "/linux/timeOffsets/tai: expected one of",
  ],
  [
    "too many nanoseconds",
    linux({ namespaces: spaces("time"), timeOffsets: { monotonic: { nanosecs: 1e9 } } }),
    "/linux/timeOffsets/monotonic/nanosecs: ",
  ],
  ["a mount without type", config({ mounts: [{ destination: "/a" }] }), "/mounts/0: needs a"],
  [
    "a bind mount without source",
    config({ mounts: [{ destination: "/a", options: ["rbind"] }] }),
    "/mounts/0: a bind mount needs",
  ],
  [
    "a bind mount with data",
    config({ mounts: [{ destination: "/a", source: "b", options: ["bind", "ro", "uid=3"] }] }),
    `/mounts/0/options/2: "uid=3" is not an option of bind mounts`,
  ],
  [
    "one side of a mount's mappings",
    config({ mounts: [{ destination: "/a", source: "b", options: ["bind"], uidMappings: MAP }] }),
    `/mounts/0: "uidMappings" needs "gidMappings"`,
  ],
  [
    "idmap without anything to map",
    config({ mounts: [{ destination: "/a", source: "b", options: ["bind", "ridmap"] }] }),
    "/mounts/0/options/1: ",
  ],
  [
    "ids of what cannot be mapped",
    config({
      mounts: [
        { destination: "/proc", type: "proc", options: ["idmap"], uidMappings: MAP, gidMappings: MAP },
        { destination: "/a", source: "b", options: ["bind", "remount"], uidMappings: MAP, gidMappings: MAP },
        { destination: "/b", type: "tmpfs", options: ["ridmap", "tmpcopyup"], uidMappings: MAP, gidMappings: MAP },
        {
          destination: "/c",
          type: "proc",
          source: "/d",
          options: ["rbind", "idmap"],
          uidMappings: MAP,
          gidMappings: MAP,
        },
      ],
    }),
    `/mounts/0: a filesystem of type "proc" cannot be id-mapped`,
    "/mounts/1: a mount that is there cannot",
    "/mounts/2: tmpcopyup would copy",
  ],
  [
    "devices",
    linux({
      devices: [
        { type: "b", path: "x", minor: -1 },
        { type: "p", path: "/y" },
      ],
    }),
    "/linux/devices/0/path: ",
    `/linux/devices/0: a device of type b needs "major"`,
    "/linux/devices/0/minor: expected 0 to 1048575",
  ],
  [
    "parameters of the machine",
    linux({
      namespaces: spaces("network", "ipc", "uts", "user"),
      ...{ uidMappings: MAP, gidMappings: MAP },
      sysctl: {
        "vm.x": "1",
        "kernel.hostname": "x",
        "kernel.core_pattern": "x",
        "fs.file-max": "1",
        "net..x": "",
        "net/./x": "",
        "user.max_user_namespaces": "1",
      },
    }),
    "/linux/sysctl/vm.x: ",
    "/linux/sysctl/kernel.hostname: set",
    "/linux/sysctl/kernel.core_pattern: ",
    "/linux/sysctl/fs.file-max: ",
    "/linux/sysctl/net..x: ",
    "/linux/sysctl/net~1.~1x: ",
  ],
  [
    "a parameter with two values",
    linux({ namespaces: spaces("network"), sysctl: { "net.a.b": "1", "net/a/b": "2", "net/c": "1", "net.c": "1" } }),
    `/linux/sysctl/net~1a~1b: "net.a.b" is the same parameter`,
  ],
  [
    "parameters of absent namespaces",
    linux({
      namespaces: spaces("pid"),
      sysctl: { "net.x": "1", "kernel.sem": "1", "fs.mqueue.x": "1", "kernel.domainname": "x", "user.x": "1" },
    }),
    "/linux/sysctl/net.x: needs a network",
    "/linux/sysctl/kernel.sem: needs a ipc",
    "/linux/sysctl/fs.mqueue.x: needs a ipc",
    "/linux/sysctl/kernel.domainname: needs a uts",
    "/linux/sysctl/user.x: needs a user",
  ],
  [
    "masks without namespace",
    linux({ maskedPaths: ["/a"], readonlyPaths: ["b"] }),
    "/linux/maskedPaths: needs a mount",
    "/linux/readonlyPaths: needs a mount",
    "/linux/readonlyPaths/0: expected an absolute path",
  ],
  ["a cgroup that climbs", linux({ cgroupsPath: "../x" }), "/linux/cgroupsPath: "],
  [
    "flags of the personality",
    linux({ personality: { domain: "LINUX", flags: ["X"] } }),
    "/linux/personality/flags/0: ",
  ],
  ["propagation without namespace", linux({ rootfsPropagation: "shared" }), "/linux/rootfsPropagation: needs a mount"],
  [
    "hooks",
    config({ hooks: { poststart: [{ path: "/a" }, { path: "b" }], other: 5 } }),
    "/hooks/poststart/1/path: expected an absolute path",
  ],
  [
    "an errno too many",
    linux({
      seccomp: {
        defaultAction: "SCMP_ACT_ALLOW",
        defaultErrnoRet: 1,
        syscalls: [{ names: ["read"], action: "SCMP_ACT_KILL", errnoRet: 1 }],
      },
    }),
    "/linux/seccomp/defaultErrnoRet: SCMP_ACT_ALLOW returns no errno",
    "/linux/seccomp/syscalls/0/errnoRet: ",
  ],
  [
    "values beyond what the kernel takes",
    linux({
      seccomp: {
        defaultAction: "SCMP_ACT_ERRNO",
        defaultErrnoRet: 4095,
        syscalls: [
          { names: ["read"], action: "SCMP_ACT_TRACE", errnoRet: 65536, args: [argument(5), argument(6)] },
          { names: [""], action: "SCMP_ACT_TRACE", errnoRet: 65535 },
        ],
      },
    }),
    "/linux/seccomp/defaultErrnoRet: expected at most 4094",
    "/linux/seccomp/syscalls/0/errnoRet: expected at most 65535",
    "/linux/seccomp/syscalls/1/names/0: ",
    "/linux/seccomp/syscalls/0/args/1/index: expected at most 5",
  ],
  [
    "data without listener",
    linux({ seccomp: { defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "x" } }),
    "/linux/seccomp/listenerMetadata: needs",
  ],
  [
    "limits that limit nothing",
    linux({ resources: { blockIO: { weightDevice: [{ major: 1, minor: 1 }] }, rdma: { a: {} } } }),
    "/linux/resources/blockIO/weightDevice/0: needs",
    "/linux/resources/rdma/a: needs",
  ],
  [
    "limits of the CPU that no kernel takes",
    linux({
      resources: {
        cpu: { quota: 999, period: 1_000_001, realtimePeriod: 5, realtimeRuntime: 6, idle: 2, cpus: "3-1", mems: "a" },
      },
    }),
    "/linux/resources/cpu/quota: expected at least 1000",
    "/linux/resources/cpu/period: expected 1000 to 1000000",
    "/linux/resources/cpu/realtimeRuntime: must not be above",
    "/linux/resources/cpu/idle: expected 0 or 1, found 2",
    "/linux/resources/cpu/cpus: expected numbers of 0 to 8191",
    "/linux/resources/cpu/mems: expected numbers of 0 to 1023",
  ],
  [
    "limits of the CPU that are none",
    linux({ resources: { cpu: { quota: -1, period: 0, realtimeRuntime: -1, idle: 0, cpus: "", mems: "0-1,3" } } }),
  ],
  [
    "block devices that are none, and said twice",
    linux({
      resources: {
        blockIO: {
          weight: 1001,
          weightDevice: [{ major: -1, minor: 1_048_576, weight: 1, leafWeight: 2000 }],
          throttleReadBpsDevice: [
            { major: 8, minor: 0, rate: 1 },
            { major: 8, minor: 0, rate: 1 },
            { major: 8, minor: 0, rate: 2 },
          ],
        },
      },
    }),
    "/linux/resources/blockIO/weight: expected 1 to 1000, found 1001",
    "/linux/resources/blockIO/weightDevice/0/leafWeight: expected 1 to 1000",
    "/linux/resources/blockIO/weightDevice/0/major: expected 0 to 4095, found -1",
    "/linux/resources/blockIO/weightDevice/0/minor: expected 0 to 1048575",
    "/linux/resources/blockIO/throttleReadBpsDevice/2: entry 0 says something else",
  ],
  [
    "limits of networks, huge pages and RDMA that contradict each other",
    linux({
      resources: {
        hugepageLimits: [
          { pageSize: "2MB", limit: 1 },
          { pageSize: "2MB", limit: 2 },
        ],
        network: {
          priorities: [
            { name: "eth0 5\neth1", priority: 1 },
            { name: "a", priority: 1 },
            { name: "a", priority: 2 },
          ],
        },
        rdma: { "mlx 5": { hcaHandles: 1 } },
      },
    }),
    "/linux/resources/hugepageLimits/1: entry 0 has another limit",
    "/linux/resources/network/priorities/0/name: expected the name of a network interface",
    "/linux/resources/network/priorities/2: entry 1 has another priority",
    "/linux/resources/rdma/mlx 5: expected the name of an RDMA device",
  ],
  [
    "files of cgroups that are none, or the runtime's",
    linux({
      resources: {
        unified: { "../a.b": "1", "..": "", memory: "", "a/b.c": "", "": "", "memory.high": "1", "cgroup.procs": "0" },
      },
    }),
    "/linux/resources/unified/..~1a.b: expected the name of a file",
    "/linux/resources/unified/..: expected the name of a file",
    "/linux/resources/unified/memory: expected the name of a file",
    "/linux/resources/unified/a~1b.c: expected the name of a file",
    "/linux/resources/unified/: expected the name of a file",
    "/linux/resources/unified/cgroup.procs: is no limit",
  ],
  [
    "a policy that no Linux has",
    process({ scheduler: { policy: "SCHED_ISO", nice: -21 } }),
    "/process/scheduler/policy: SCHED_ISO is reserved",
    "/process/scheduler/nice: expected -20 to 19, found -21",
  ],
  [
    "values of another scheduling policy",
    process({ scheduler: { policy: "SCHED_IDLE", nice: 1, priority: 2, runtime: 3, deadline: 0 } }),
    "/process/scheduler/nice: has no effect with SCHED_IDLE",
    "/process/scheduler/priority: must be 0 with SCHED_IDLE, found 2",
    "/process/scheduler/runtime: has no effect with SCHED_IDLE",
  ],
  [
    "a real-time policy without a priority",
    process({ scheduler: { policy: "SCHED_RR" } }),
    "/process/scheduler: SCHED_RR needs a priority of 1 to 99, it is missing",
  ],
  [
    "a real-time priority too high",
    process({ scheduler: { policy: "SCHED_FIFO", priority: 100 } }),
    "/process/scheduler/priority: SCHED_FIFO needs a priority of 1 to 99, found 100",
  ],
  [
    "times of a deadline that do not fit",
    process({ scheduler: { policy: "SCHED_DEADLINE", runtime: 3000, deadline: 2000, period: 1000 } }),
    "/process/scheduler: the deadline, 2000, is shorter than the runtime, 3000",
    "/process/scheduler: the period, 1000, is shorter than the deadline, 2000",
  ],
  [
    "times of a deadline beyond the clock",
    process({ scheduler: { policy: "SCHED_DEADLINE", deadline: 2 ** 63 } }),
    "/process/scheduler/deadline: expected at most 9223372036854775807",
    "/process/scheduler: SCHED_DEADLINE needs a runtime of 1024 ns or more",
  ],
  [
    "lists of CPUs that are none",
    process({ execCPUAffinity: { initial: "3-1", final: "0,,1" } }),
    "/process/execCPUAffinity/initial: expected CPUs of 0 to 8191",
    "/process/execCPUAffinity/final: expected CPUs",
  ],
  [
    "memory nodes where there are none",
    linux({ memoryPolicy: { mode: "MPOL_LOCAL", nodes: "0" } }),
    "/linux/memoryPolicy/nodes: must be empty with MPOL_LOCAL",
  ],
  [
    "no memory nodes where there are some",
    linux({ memoryPolicy: { mode: "MPOL_BIND" } }),
    "/linux/memoryPolicy: MPOL_BIND needs at least one node",
  ],
  [
    "memory nodes that are no list",
    linux({ memoryPolicy: { mode: "MPOL_BIND", nodes: "0-1024" } }),
    '/linux/memoryPolicy/nodes: expected nodes of 0 to 1023 as in 0-3,7, found "0-1024"',
  ],
  [
    "flags of a memory policy that contradict each other",
    linux({
      memoryPolicy: {
        mode: "MPOL_PREFERRED",
        flags: ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES", "MPOL_F_NUMA_BALANCING"],
      },
    }),
    "/linux/memoryPolicy/flags: nodes are either static or relative",
    "/linux/memoryPolicy/flags: MPOL_PREFERRED has no nodes here",
    "/linux/memoryPolicy/flags: MPOL_F_NUMA_BALANCING is for MPOL_BIND",
  ],
  [
    "network devices that cannot be moved",
    linux({
      netDevices: {
        "a/b": {},
        lo: {},
        "eth%d": {},
        eth0: { name: "lan" },
        eth1: { name: "lan" },
        eth2: { name: "eth%d%d" },
        eth3: { name: "sixteen-letters-" },
        eth4: { name: "eth%d" },
        eth5: { name: "eth%d" },
        lan: { name: "" },
      },
    }),
    "/linux/netDevices: needs a network namespace",
    "/linux/netDevices/a~1b: expected the name of a network device",
    "/linux/netDevices/lo: every network namespace has",
    "/linux/netDevices/eth%d: a template names no device",
    `/linux/netDevices/eth2/name: expected at most one "%d"`,
    "/linux/netDevices/eth3/name: expected at most 15 bytes",
    `/linux/netDevices/eth1/name: "lan" is the name of another`,
    `/linux/netDevices/lan: "lan" is the name of another`,
  ],
  [
    "a class of service that is the kernel's own, or none",
    linux({ intelRdt: { closID: "info" } }),
    "/linux/intelRdt/closID: expected the name of a directory",
  ],
  [
    "a class of service outside of resctrl",
    linux({ intelRdt: { closID: "../a" } }),
    "/linux/intelRdt/closID: expected the name of a directory",
  ],
  ["the class of service of everybody", linux({ intelRdt: { closID: "/" } })],
  [
    "all that is wrong at once",
    { ociVersion: 1, process: { args: "sh" }, hostname: "a", linux: { namespaces: 3, cgroupsPath: "/.." } },
    "/ociVersion: expected a string, found 1",
    `/process: "cwd" is missing`,
    "/process/args: expected an array",
    "/linux/namespaces: expected an array, found 3",
    `: "root" is missing`,
    "/linux/cgroupsPath: ",
  ],
];

const WARNINGS: readonly Row[] = [
  [
    "parts of a profile without effect",
    linux({
      seccomp: {
        defaultAction: "SCMP_ACT_ERRNO",
        flags: ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
        listenerPath: "/run/agent",
        syscalls: [
          { names: ["read", "read", "execve"], action: "SCMP_ACT_ALLOW" },
          { names: ["read"], action: "SCMP_ACT_KILL", args: [argument(0)] },
          { names: ["write"], action: "SCMP_ACT_LOG", args: [{ ...argument(1), valueTwo: 1 }, argument(1)] },
          { names: ["close"], action: "SCMP_ACT_ERRNO", errnoRet: 1 },
          { names: ["close"], action: "SCMP_ACT_ERRNO", errnoRet: 2 },
        ],
      },
    }),
    "/linux/seccomp/syscalls/2/args/0/valueTwo: has no effect with SCMP_CMP_EQ",
    "/linux/seccomp/syscalls/2/args/1: a second condition",
    `/linux/seccomp/syscalls/1/names/0: has no effect: "read" is decided by /linux/seccomp/syscalls/0`,
    `/linux/seccomp/syscalls/3/names/0: has no effect: "close" is decided by /linux/seccomp/syscalls/4`,
    "/linux/seccomp/syscalls/3/action: is what happens",
    "/linux/seccomp/listenerPath: has no effect",
    "/linux/seccomp/flags/0: has no effect",
  ],
  [
    "a profile under which nothing begins",
    linux({ seccomp: { defaultAction: "SCMP_ACT_KILL", syscalls: [{ names: ["read"], action: "SCMP_ACT_ALLOW" }] } }),
    "/linux/seccomp: no rule allows execve",
  ],
  [
    "a stop signal that is none",
    config({ annotations: { "org.opencontainers.image.stopSignal": "HALT" } }),
    '/annotations/org.opencontainers.image.stopSignal: "HALT" is no signal',
  ],
  [
    "virtual machines and other platforms",
    config({ vm: {}, freebsd: {} }),
    "/vm: has no effect",
    "/freebsd: has no effect",
  ],
  ["a version to come", config({ ociVersion: "1.4.0", mounts: undefined }), `/ociVersion: "1.4.0" is newer`],
  ["no process", { ociVersion: "1.3.0", root: { path: "r" } }, `: "process" is missing`],
  [
    "a schema for something else than the L3 cache",
    linux({ intelRdt: { l3CacheSchema: "L2:0=f" } }),
    "/linux/intelRdt/l3CacheSchema: expected one line",
  ],
  [
    "mappings of a joined namespace",
    linux({ namespaces: [{ type: "user", path: "/x" }], gidMappings: MAP }),
    `/linux/gidMappings: has no effect: the user namespace "/x" is joined`,
  ],
  [
    "an unknown capability",
    process({ capabilities: { bounding: ["CAP_KILL", "CAP_X", "toString"] } }),
    `/process/capabilities/bounding/1: "CAP_X" is not`,
    "/process/capabilities/bounding/2: ",
  ],
  [
    "ambient capabilities alone",
    process({ capabilities: { ambient: ["CAP_KILL"], permitted: ["CAP_KILL"] } }),
    "/process/capabilities/ambient: left out",
  ],
  [
    "effective capabilities alone",
    process({ capabilities: { effective: ["CAP_KILL"] } }),
    "/process/capabilities/effective: left out",
  ],
  [
    "a relative destination",
    config({ mounts: [{ destination: "a", type: "tmpfs" }] }),
    `/mounts/0/destination: "a" is relative`,
  ],
  [
    "a device path twice",
    linux({
      devices: [
        { type: "p", path: "/a" },
        { type: "p", path: "/a" },
      ],
    }),
    "/linux/devices/1/path: ",
  ],
];

const DEFAULTS = /nothing is mounted on/;

describe("findings", () => {
  test.for(FINDINGS)("%s", ([, value, ...expected]) => {
    expect(lines(check(value).findings)).toEqual(expected.map((text) => expect.stringContaining(text)));
    for (const line of lines(check(value).findings)) expect(expected.some((text) => line.startsWith(text))).toBe(true);
  });
});

describe("warnings", () => {
  test.for(WARNINGS)("%s", ([, value, ...expected]) => {
    const { findings, warnings } = check(value);
    expect(findings).toEqual([]);
    const told = lines(warnings).filter((line) => !DEFAULTS.test(line));
    expect(told).toEqual(expected.map((text) => expect.stringContaining(text)));
  });

  test("file systems that every container should have", () => {
    const mounts = ["/proc/", "dev/pts", "/dev//shm"].map((destination) => ({ destination, type: "tmpfs" }));
    expect(lines(check(config({ mounts })).warnings)).toContain("/mounts: nothing is mounted on /sys");
    expect(lines(check(SOUND).warnings)).toContain(": nothing is mounted on /proc, /sys, /dev/pts, /dev/shm");
  });
});

test("each rule has a name of its own, says what it reads, and finds nothing wrong with a sound config", () => {
  expect(new Set(RULES.map(({ name }) => name)).size).toBe(RULES.length);
  expect(RULES.filter(({ reads }) => reads.length === 0)).toEqual([]);
  expect(check(SOUND).findings).toEqual([]);
});

test("each finding cites a section that the specification has", (t) => {
  const folder =
    globalThis.process.env.OCI_SPEC_DIR ?? unmet(t, "needs the runtime specification: OCI_SPEC_DIR names its folder");
  const places = [
    "/a",
    "/root",
    "/mounts/0/options/1",
    "/process/rlimits/0",
    "/linux/resources/cpu/shares",
    "/linux/seccomp",
  ];
  const cited = RULES.map(({ spec }) => spec).concat(places.map(sectionOf));
  cited.push("bundle.md#filesystem-bundle", "runtime.md#state", "features.md#features-structure");
  const unknown = [...new Set(cited)].filter((section) => !headings(folder, section).includes(section));
  expect(unknown).toEqual([]);
});

/** The sections of the file that a section lies in, as GitHub names them. */
function headings(folder: string, section: string): readonly string[] {
  const [file = ""] = section.split("#");
  if (!existsSync(join(folder, file))) return [];
  const lines = readFileSync(join(folder, file), "utf8").matchAll(/^#+ (?:<a [^>]*\/>)?(.*)$/gm);
  return Array.from(lines, ([, title = ""]) => `${file}#${title.trim().toLowerCase().replaceAll(" ", "-")}`);
}

function lines(findings: readonly { readonly pointer: string; readonly message: string }[]): readonly string[] {
  return findings.map(({ pointer, message }) => `${pointer}: ${message}`);
}
