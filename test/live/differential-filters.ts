// SPDX-License-Identifier: Apache-2.0
/** Differential cases of what a process may not do: filters of system calls, rules for devices, limits. */
import type { Case } from "./differential.ts";
import type { Spec } from "./support/spec.ts";

const O_CREAT = 0o100;

/** All calls are let through but these. */
function denies(...syscalls: readonly object[]) {
  return filtered({ defaultAction: "SCMP_ACT_ALLOW", syscalls });
}

function filtered(profile: object): (spec: Spec) => void {
  return (spec) => {
    spec.linux.seccomp = profile;
  };
}

const FILTER_CASES: readonly Case[] = [
  {
    name: "seccomp: a call that returns EPERM unless told otherwise",
    edit: denies({ names: ["keyctl"], action: "SCMP_ACT_ERRNO" }),
  },
  {
    name: "seccomp: an errno of its own",
    edit: denies({ names: ["keyctl", "ioprio_get"], action: "SCMP_ACT_ERRNO", errnoRet: 61 }),
  },
  {
    name: "seccomp: a call that returns 0 and does nothing",
    edit: denies({ names: ["keyctl"], action: "SCMP_ACT_ERRNO", errnoRet: 0 }),
  },
  {
    name: "seccomp: a call that nobody traces",
    edit: denies({ names: ["keyctl"], action: "SCMP_ACT_TRACE", errnoRet: 5 }),
  },
  { name: "seccomp: a call that is logged", edit: denies({ names: ["keyctl"], action: "SCMP_ACT_LOG" }) },
  {
    name: "seccomp: files can be opened, but not made",
    edit: denies({
      names: ["openat"],
      action: "SCMP_ACT_ERRNO",
      errnoRet: 30,
      args: [{ index: 2, value: O_CREAT, valueTwo: O_CREAT, op: "SCMP_CMP_MASKED_EQ" }],
    }),
    ask: ["try=/tmp", "try=/etc"],
  },
  {
    name: "seccomp: two conditions of one call, which both hold",
    edit: denies({
      names: ["ioprio_get"],
      action: "SCMP_ACT_ERRNO",
      args: [
        { index: 0, value: 1, op: "SCMP_CMP_EQ" },
        { index: 1, value: 1, op: "SCMP_CMP_LT" },
      ],
    }),
  },
  {
    name: "seccomp: two conditions of one call, of which one does not hold",
    edit: denies({
      names: ["ioprio_get"],
      action: "SCMP_ACT_ERRNO",
      args: [
        { index: 0, value: 1, op: "SCMP_CMP_EQ" },
        { index: 1, value: 0, op: "SCMP_CMP_GT" },
      ],
    }),
  },
  {
    name: "seccomp: names that nobody knows are passed over",
    edit: denies({ names: ["nosuchcall", "keyctl"], action: "SCMP_ACT_ERRNO", errnoRet: 2 }),
  },
  {
    name: "seccomp: architectures",
    edit: filtered({
      defaultAction: "SCMP_ACT_ALLOW",
      architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
      syscalls: [{ names: ["keyctl"], action: "SCMP_ACT_ERRNO" }],
    }),
  },
  {
    name: "seccomp: flags (runc 1.1.5 does not know them)",
    edit: filtered({ defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_LOG"] }),
    expects: { seccomp: 2 },
  },
  {
    name: "seccomp: no_new_privs, an ordinary uid and no capabilities",
    edit: (spec) => {
      denies({ names: ["keyctl"], action: "SCMP_ACT_ERRNO" })(spec);
      spec.process.noNewPrivileges = true;
      spec.process.user = { uid: 1000, gid: 1000 };
      spec.process.capabilities = {};
    },
  },
  {
    name: "seccomp: an ordinary uid without no_new_privs",
    edit: (spec) => {
      denies({ names: ["keyctl"], action: "SCMP_ACT_ERRNO" })(spec);
      spec.process.noNewPrivileges = false;
      spec.process.user = { uid: 1000, gid: 1000 };
    },
  },
  {
    name: "seccomp: without any rule",
    edit: filtered({ defaultAction: "SCMP_ACT_ALLOW" }),
  },
];

const FUSE = { type: "c", path: "/dev/fuse", major: 10, minor: 229, fileMode: 0o666, uid: 0, gid: 0 };
const LOOP = { type: "b", path: "/dev/loop", major: 7, minor: 0, fileMode: 0o666, uid: 0, gid: 0 };
const NULL = { type: "c", path: "/dev/other", major: 1, minor: 3, fileMode: 0o666, uid: 0, gid: 0 };

/** The device controller is version 1's. */
function rules(name: string, ...devices: readonly object[]): Case {
  return {
    name: `device rules: ${name}`,
    needs: ["cgroup-v1"],
    edit: (spec) => {
      spec.linux.devices = [FUSE, LOOP, NULL];
      spec.linux.resources = { devices };
    },
    ask: ["fuse", "loop", "other", "zero", "full", "tty"].map((device) => `try=/dev/${device}`),
  };
}

const ALL = { access: "rwm" };
const DEVICE_RULE_CASES: readonly Case[] = [
  rules("all denied, the default ones stay", { allow: false, ...ALL }),
  rules("one may be read", { allow: false, ...ALL }, { allow: true, type: "c", major: 10, minor: 229, access: "r" }),
  rules("one may be written", { allow: false, ...ALL }, { allow: true, type: "c", major: 10, minor: 229, access: "w" }),
  rules("all minor numbers", { allow: false, ...ALL }, { allow: true, type: "c", major: 10, ...ALL }),
  rules("numbers of -1 are all", { allow: false, ...ALL }, { allow: true, type: "c", major: 10, minor: -1, ...ALL }),
  rules("all is allowed", { allow: true, ...ALL }),
  rules("one is taken out of all", { allow: true, ...ALL }, { allow: false, type: "c", major: 10, minor: 229, ...ALL }),
  rules("a default one is denied", { allow: false, ...ALL }, { allow: false, type: "c", major: 1, minor: 7, ...ALL }),
];

function limits(name: string, resources: object, ...files: readonly string[]): Case {
  return {
    name: `limits: ${name}`,
    needs: ["cgroup-v1"],
    differs: { "mounts./sys/fs/cgroup": "told by the cases of cgroup mounts" },
    edit: (spec) => {
      spec.linux.resources = resources;
      spec.linux.namespaces.push({ type: "cgroup" });
      spec.mounts.push({ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"] });
    },
    ask: files.map((file) => `read=/sys/fs/cgroup/${file}`),
  };
}

const LIMIT_CASES: readonly Case[] = [
  limits("the number of processes", { pids: { limit: 77 } }, "pids/pids.max"),
  limits(
    "memory",
    { memory: { limit: 2 ** 26, reservation: 2 ** 25, swappiness: 7 } },
    ...["limit_in_bytes", "soft_limit_in_bytes", "swappiness"].map((file) => `memory/memory.${file}`),
  ),
  limits(
    "shares, quota and period",
    { cpu: { shares: 300, quota: 30_000, period: 60_000 } },
    ...["shares", "cfs_quota_us", "cfs_period_us"].map((file) => `cpu/cpu.${file}`),
  ),
  limits("none", {}, "pids/pids.max", "memory/memory.limit_in_bytes", "cpu/cpu.shares"),
];

export const REFUSAL_CASES: readonly Case[] = [...FILTER_CASES, ...DEVICE_RULE_CASES, ...LIMIT_CASES];
