// SPDX-License-Identifier: Apache-2.0
/** Differential cases of config.md#process: ids, capabilities and limits. */
import type { Case } from "./differential.ts";
import { type CapabilitySet, raw, type Spec } from "./support/spec.ts";

/** Capability sets by name; a set that is not named is absent. */
function capabilities(sets: Partial<Record<CapabilitySet, string[]>>, uid = 0): (spec: Spec) => void {
  return (spec) => {
    spec.process.user = { uid, gid: uid };
    spec.process.capabilities = sets;
  };
}

const SOME = ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

const USER_CASES: readonly Case[] = [
  { name: "the base config" },
  { name: "the base config of an ordinary user", as: "user" },
  {
    name: "user.uid and user.gid",
    edit: (spec) => {
      spec.process.user = { uid: 1000, gid: 1001 };
    },
    ask: ["try=/", "try=/etc/passwd", "try=/root"],
  },
  {
    name: "user.additionalGids",
    edit: (spec) => {
      spec.process.user = { uid: 1000, gid: 1000, additionalGids: [44, 5, 2_000_000_000] };
    },
  },
  {
    name: "user.additionalGids of root",
    edit: (spec) => {
      spec.process.user = { uid: 0, gid: 0, additionalGids: [0, 5] };
    },
  },
  {
    name: "user.umask 0077",
    edit: (spec) => {
      spec.process.user.umask = 0o077;
    },
  },
  {
    name: "user.umask 0",
    edit: (spec) => {
      spec.process.user.umask = 0;
    },
  },
  {
    name: "the caller's umask is not the container's",
    wrap: 'umask 0007; exec "$@"',
  },
];

const KEYRING_CASES: readonly Case[] = [
  {
    name: "the session keyring of an ordinary uid",
    edit: (spec) => {
      spec.process.user = { uid: 1000, gid: 1000 };
    },
  },
  { name: "--no-new-keyring", options: ["--no-new-keyring"] },
];

/** runc 1.1.5 is older than these properties. */
const SCHEDULING_CASES: readonly Case[] = [
  {
    name: "scheduler with a policy and a nice value",
    edit: (spec) => {
      spec.process.scheduler = { policy: "SCHED_BATCH", nice: 5 };
    },
    expects: { scheduler: 3, nice: 5 },
  },
  {
    name: "ioPriority",
    edit: (spec) => {
      spec.process.ioPriority = { class: "IOPRIO_CLASS_BE", priority: 7 };
    },
    expects: { ioPriority: (2 << 13) | 7 },
  },
  {
    name: "execCPUAffinity leaves the init alone",
    edit: (spec) => {
      spec.process.execCPUAffinity = { initial: "0", final: "0" };
    },
  },
];

const CAPABILITY_CASES: readonly Case[] = [
  {
    name: "no capabilities property",
    edit: (spec) => {
      delete spec.process.capabilities;
    },
  },
  {
    name: "no capabilities property and an ordinary uid",
    edit: (spec) => {
      delete spec.process.capabilities;
      spec.process.user = { uid: 1000, gid: 1000 };
    },
  },
  { name: "an empty capabilities object", edit: capabilities({}) },
  { name: "an empty capabilities object and an ordinary uid", edit: capabilities({}, 1000) },
  { name: "only a bounding set", edit: capabilities({ bounding: SOME }) },
  {
    name: "bounding, permitted and effective",
    edit: capabilities({ bounding: SOME, permitted: SOME, effective: SOME }),
  },
  {
    name: "bounding, permitted and effective of an ordinary uid",
    edit: capabilities({ bounding: SOME, permitted: SOME, effective: SOME }, 1000),
  },
  {
    name: "inheritable without ambient",
    edit: capabilities({ bounding: SOME, permitted: SOME, effective: SOME, inheritable: SOME }, 1000),
  },
  {
    name: "ambient of an ordinary uid",
    edit: capabilities({ bounding: SOME, permitted: SOME, effective: SOME, inheritable: SOME, ambient: SOME }, 1000),
  },
  {
    name: "ambient of root",
    edit: capabilities({ bounding: SOME, permitted: SOME, effective: SOME, inheritable: SOME, ambient: SOME }),
  },
  {
    name: "one ambient capability among several",
    edit: capabilities(
      { bounding: SOME, permitted: SOME, effective: SOME, inheritable: SOME, ambient: ["CAP_KILL"] },
      1000,
    ),
  },
  {
    name: "effective smaller than permitted",
    edit: capabilities({ bounding: SOME, permitted: SOME, effective: ["CAP_KILL"] }),
  },
  {
    name: "a capability that no kernel knows is passed over",
    edit: capabilities({ bounding: [...SOME, "CAP_TELEPORT"], permitted: SOME, effective: SOME }),
  },
  {
    name: "high capabilities, those above 31",
    edit: capabilities({
      bounding: ["CAP_AUDIT_READ", "CAP_BPF", "CAP_PERFMON"],
      permitted: ["CAP_AUDIT_READ", "CAP_BPF", "CAP_PERFMON"],
      effective: ["CAP_AUDIT_READ", "CAP_BPF", "CAP_PERFMON"],
    }),
  },
  {
    name: "noNewPrivileges true",
    edit: (spec) => {
      spec.process.noNewPrivileges = true;
    },
  },
  {
    name: "noNewPrivileges true and an ordinary uid with ambient capabilities",
    edit: (spec) => {
      capabilities({ bounding: SOME, permitted: SOME, effective: SOME, inheritable: SOME, ambient: SOME }, 1000)(spec);
      spec.process.noNewPrivileges = true;
    },
  },
  {
    name: "noNewPrivileges false",
    edit: (spec) => {
      spec.process.noNewPrivileges = false;
    },
  },
];

const LIMIT_CASES: readonly Case[] = [
  {
    name: "rlimits of many kinds",
    edit: (spec) => {
      spec.process.rlimits = [
        { type: "RLIMIT_NOFILE", soft: 100, hard: 200 },
        { type: "RLIMIT_CORE", soft: 0, hard: 0 },
        { type: "RLIMIT_CPU", soft: 50, hard: 60 },
        { type: "RLIMIT_FSIZE", soft: 1_000_000_000, hard: 5_000_000_000 },
        { type: "RLIMIT_NPROC", soft: 1000, hard: 2000 },
        { type: "RLIMIT_STACK", soft: 1_048_576, hard: 2_097_152 },
        { type: "RLIMIT_RTTIME", soft: 1, hard: 2 },
      ];
    },
  },
  {
    name: "RLIM_INFINITY, 18446744073709551615",
    edit: (spec) => {
      const infinity = raw("18446744073709551615");
      for (const type of ["RLIMIT_CPU", "RLIMIT_AS", "RLIMIT_RSS"])
        spec.process.rlimits?.push({ type, soft: infinity, hard: infinity });
      spec.process.rlimits?.push({ type: "RLIMIT_FSIZE", soft: raw("9007199254740993"), hard: infinity });
    },
  },
  {
    name: "oomScoreAdj 500",
    edit: (spec) => {
      spec.process.oomScoreAdj = 500;
    },
  },
  {
    name: "oomScoreAdj 0",
    edit: (spec) => {
      spec.process.oomScoreAdj = 0;
    },
  },
  {
    name: "the caller's oom_score_adj stays without oomScoreAdj",
    wrap: 'echo 300 > /proc/self/oom_score_adj; exec "$@"',
  },
  { name: "the caller's niceness stays", wrap: 'exec nice -n 5 "$@"' },
  { name: "signals that the caller ignores", wrap: "trap '' USR1 HUP; exec \"$@\"" },
];

export const PROCESS_CASES: readonly Case[] = [
  ...USER_CASES,
  ...KEYRING_CASES,
  ...SCHEDULING_CASES,
  ...CAPABILITY_CASES,
  ...LIMIT_CASES,
];
