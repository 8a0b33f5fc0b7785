// SPDX-License-Identifier: Apache-2.0
/** Differential cases of config.md#process: ids, capabilities, limits, environment, working directory, streams. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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

const PLACE_CASES: readonly Case[] = [
  {
    name: "a cwd that exists",
    edit: (spec) => {
      spec.process.cwd = "/home/user";
    },
  },
  {
    name: "a cwd that does not exist is made",
    edit: (spec) => {
      spec.process.cwd = "/srv/a/b/c";
    },
    ask: ["list=/srv"],
  },
  {
    name: "a cwd that does not exist is made for an ordinary uid",
    edit: (spec) => {
      spec.process.cwd = "/srv/a/b";
      spec.process.user = { uid: 1000, gid: 1000 };
    },
    ask: ["list=/srv", "try=/srv/a/b"],
  },
  {
    name: "a cwd in a mount",
    edit: (spec) => {
      spec.mounts.push({ destination: "/mnt", type: "tmpfs", source: "tmpfs" });
      spec.process.cwd = "/mnt/inside";
    },
    ask: ["list=/mnt"],
  },
  {
    name: "of two values for a variable the last one counts",
    edit: (spec) => {
      spec.process.env = ["PATH=/bin", "A=1", "B=2", "A=3", "EMPTY=", "EQUALS=a=b=c"];
    },
  },
  {
    name: "HOME comes from /etc/passwd",
    edit: (spec) => {
      spec.process.user = { uid: 1000, gid: 1000 };
    },
  },
  {
    name: "HOME of a uid that has no entry",
    edit: (spec) => {
      spec.process.user = { uid: 4242, gid: 4242 };
    },
  },
  {
    name: "HOME that is given stays",
    edit: (spec) => {
      spec.process.env?.push("HOME=/elsewhere");
    },
  },
  {
    name: "HOME that is empty",
    edit: (spec) => {
      spec.process.env?.push("HOME=");
    },
  },
  {
    name: "HOME without an /etc/passwd",
    edit: (spec, { rootfs }) => {
      renameSync(join(rootfs, "etc/passwd"), join(rootfs, "etc/passwd-"));
      spec.process.user = { uid: 1000, gid: 1000 };
    },
  },
  {
    name: "no env property",
    edit: (spec) => {
      delete spec.process.env;
    },
  },
  {
    name: "a program is looked up in the PATH of the container",
    edit: (spec, { rootfs }) => {
      renameSync(join(rootfs, "witness"), join(rootfs, "opt/witness"));
      mkdirSync(join(rootfs, "srv/witness"));
      spec.process.env = ["PATH=/srv:/nowhere:/opt:/bin"];
      spec.process.args[0] = "witness";
    },
  },
  {
    name: "a file that is not executable is passed over in the PATH",
    edit: (spec, { rootfs }) => {
      renameSync(join(rootfs, "witness"), join(rootfs, "opt/witness"));
      writeFileSync(join(rootfs, "srv/witness"), "", { mode: 0o644 });
      spec.process.env = ["PATH=/srv:/opt"];
      spec.process.args[0] = "witness";
    },
  },
  {
    name: "a relative program is looked up in the cwd",
    edit: (spec, { rootfs }) => {
      renameSync(join(rootfs, "witness"), join(rootfs, "opt/witness"));
      spec.process.cwd = "/opt";
      spec.process.args[0] = "./witness";
    },
  },
  {
    name: "arguments with spaces, quotes and other alphabets",
    ask: ["two words", 'a "quoted" one', "back\\slash", "žluťoučký kůň", ""],
  },
  {
    name: "a program that does not exist",
    edit: (spec) => {
      spec.process.args = ["/no/such/program"];
    },
    refused: true,
  },
  {
    name: "a directory as program",
    edit: (spec) => {
      spec.process.args = ["/etc"];
    },
    refused: true,
  },
];

/** The container is detached: its last line is waited for. */
const FILES = `"$@" < config.json > out 2> err; status=$?; cat err >&2
for i in 1 2 3 4 5 6 7 8 9; do if tail -n 1 out | grep -q '}$'; then break; fi; sleep 0.1; done
cat out; exit $status`;

const STREAM_CASES: readonly Case[] = [
  { name: "standard input is /dev/null", wrap: 'exec "$@" < /dev/null' },
  { name: "standard streams are pipes", wrap: ': | "$@" 2>&1 | cat' },
  { name: "standard streams are files", wrap: FILES },
  {
    name: "standard streams are pipes and the uid is an ordinary one",
    wrap: ': | "$@" 2>&1 | cat',
    edit: (spec) => {
      spec.process.user = { uid: 1000, gid: 1000 };
    },
  },
  {
    name: "standard streams are /dev/null and the uid is an ordinary one",
    wrap: 'exec "$@" < /dev/null 2> /dev/null',
    edit: (spec) => {
      spec.process.user = { uid: 1000, gid: 1000 };
    },
  },
  { name: "other files of the caller are closed", wrap: 'exec 3< /etc/passwd 7< /; exec "$@"' },
  { name: "--preserve-fds 2", wrap: 'exec 3< /etc/passwd 4> /dev/null; exec "$@"', options: ["--preserve-fds", "2"] },
  {
    name: "LISTEN_FDS of the caller",
    wrap: 'exec 3< /etc/passwd; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"',
  },
  { name: "the caller's environment stays outside", wrap: 'SECRET=1 exec "$@"' },
];

export const PROCESS_CASES: readonly Case[] = [
  ...USER_CASES,
  ...CAPABILITY_CASES,
  ...LIMIT_CASES,
  ...PLACE_CASES,
  ...STREAM_CASES,
];
