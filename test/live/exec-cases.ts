// SPDX-License-Identifier: Apache-2.0
/** Differential cases of `exec`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExecCase } from "./exec-differential.ts";
import { CAPABILITIES, type CapabilitySet, type Spec } from "./support/spec.ts";

const SOME = ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

function user(uid: number, more: Partial<Spec["process"]["user"]> = {}): (spec: Spec) => void {
  return (spec) => {
    spec.process.user = { uid, gid: uid, ...more };
  };
}

function sets(given: Partial<Record<CapabilitySet, string[]>>, uid = 0): (spec: Spec) => void {
  return (spec) => {
    user(uid)(spec);
    spec.process.capabilities = given;
  };
}

function withProcess(more: Partial<Spec["process"]>): (spec: Spec) => void {
  return (spec) => {
    Object.assign(spec.process, more);
  };
}

function without(...kinds: readonly string[]): (spec: Spec) => void {
  return (spec) => {
    spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => !kinds.includes(type));
  };
}

function passwd(text: string): (spec: Spec, dir: string) => void {
  return (_spec, dir) => {
    mkdirSync(join(dir, "rootfs/etc"), { recursive: true });
    writeFileSync(join(dir, "rootfs/etc/passwd"), text);
  };
}

const USER_CASES: readonly ExecCase[] = [
  { name: "the container's own process, again" },
  { name: "the container's own user", edit: user(1000, { additionalGids: [5, 44] }) },
  { name: "--user UID keeps the group", edit: user(1000), options: ["--user", "1001"] },
  { name: "--user UID:GID", edit: user(1000), options: ["--user", "0:7"] },
  { name: "--user 0 of a container without root", edit: user(1000), options: ["-u", "0"] },
  { name: "--additional-gids are added", edit: user(1000, { additionalGids: [5] }), options: ["-g", "44", "-g", "45"] },
  {
    name: "the umask of the container",
    edit: user(0, { umask: 0o077 }),
    // runc 1.1.5 and crun 1.8.1 know it of the first process only.
    expects: { umask: "0077" },
  },
  {
    name: "--user with a home in the container's passwd",
    edit: passwd("a:x:7:7::/first:\nb:x:7:7::/second:\n"),
    options: ["-u", "7"],
  },
  { name: "--user without a home", edit: passwd("root:x:0:0::/root:\n"), options: ["-u", "12"] },
  { name: "an ordinary user", as: "user" },
  { name: "an ordinary user, and a user who is not there", as: "user", options: ["--user", "5"], refused: true },
  { name: "a user that is no number", options: ["--user", "root"], refused: true },
];

const CAPABILITY_CASES: readonly ExecCase[] = [
  { name: "--cap", options: ["--cap", "CAP_SYS_ADMIN", "--cap", "CAP_NET_ADMIN"] },
  { name: "--cap of another user", edit: user(1000), options: ["--cap", "CAP_SYS_ADMIN"] },
  { name: "--cap where there is none", edit: sets({}), options: ["--cap", "CAP_KILL"] },
  {
    name: "inheritable and ambient capabilities of the container",
    edit: sets({ bounding: SOME, effective: SOME, permitted: SOME, inheritable: SOME, ambient: SOME }, 1000),
  },
  {
    name: "--cap adds nothing to the inheritable set",
    edit: sets({ bounding: SOME, effective: SOME, permitted: SOME, inheritable: ["CAP_KILL"] }),
    options: ["--cap", "CAP_SYS_ADMIN"],
    differs: { "capabilities.ambient": "runc 1.1.5 raises what --cap names in the ambient set" },
  },
  { name: "no new privileges of the container", edit: withProcess({ noNewPrivileges: true }) },
  { name: "--no-new-privs", options: ["--no-new-privs"] },
  {
    name: "a process without capabilities has the container's",
    edit: sets({ bounding: SOME, effective: SOME, permitted: SOME }),
    process: {},
  },
  {
    name: "a process with capabilities of its own",
    edit: sets({ bounding: SOME, effective: SOME, permitted: SOME }),
    process: {
      capabilities: { bounding: CAPABILITIES, effective: ["CAP_KILL"], permitted: ["CAP_KILL", "CAP_CHOWN"] },
    },
  },
  {
    name: "a process says nothing of new privileges",
    edit: withProcess({ noNewPrivileges: true }),
    process: {},
  },
];

const PROCESS_CASES: readonly ExecCase[] = [
  { name: "--cwd", options: ["--cwd", "/bin"] },
  { name: "the container's working directory", edit: withProcess({ cwd: "/home" }) },
  { name: "--cwd that is not there", options: ["--cwd", "/no/such"], refused: true },
  { name: "--cwd that is not absolute", options: ["--cwd", "bin"], refused: true },
  { name: "--env adds to the environment", options: ["-e", "A=1", "-e", "B=2"] },
  {
    name: "--env, the last of two values for a name wins",
    options: ["-e", "A=1", "-e", "A=2", "-e", "TERM=dumb"],
    differs: { "env.": "runc 1.1.5 hands both values on" },
    expects: { "env.0": "A=2" },
  },
  { name: "--env HOME", options: ["--env", "HOME=/elsewhere"] },
  { name: "a process with an environment of its own", process: { env: ["PATH=/bin", "X=y"] } },
  { name: "a process with a user of its own", process: { user: { uid: 5, gid: 6, additionalGids: [7] } } },
  {
    name: "a process with limits of its own",
    process: {
      rlimits: [
        { type: "RLIMIT_CORE", soft: 1, hard: 2 },
        { type: "RLIMIT_NOFILE", soft: 64, hard: 64 },
      ],
    },
  },
  {
    name: "the container's limits",
    edit: (spec) =>
      void spec.process.rlimits?.push(
        { type: "RLIMIT_CORE", soft: 5, hard: 6 },
        { type: "RLIMIT_CPU", soft: 70, hard: 80 },
      ),
  },
  { name: "the container's oom_score_adj", edit: withProcess({ oomScoreAdj: 321 }) },
  {
    name: "the container's personality",
    edit: (spec) => void Object.assign(spec.linux, { personality: { domain: "LINUX32" } }),
    expects: { machine: "i686", personality: "0x8" },
  },
  {
    name: "the container's scheduler and I/O priority",
    edit: (spec) => {
      spec.process.scheduler = { policy: "SCHED_BATCH", nice: 7 };
      spec.process.ioPriority = { class: "IOPRIO_CLASS_BE", priority: 6 };
    },
    expects: { scheduler: 3, nice: 7, ioPriority: (2 << 13) | 6 },
  },
  {
    name: "preserved descriptors",
    options: ["--preserve-fds", "2"],
    wrap: 'exec "$@" 3</dev/null 4</dev/zero 5</dev/null',
  },
  { name: "a program that is not there", process: { args: ["/no/such/program"] }, refused: true },
  { name: "a process without a program", process: { args: [] }, refused: true },
];

const CONTAINER_CASES: readonly ExecCase[] = [
  { name: "a container that is not started", unstarted: true },
  {
    name: "a user namespace",
    needs: ["userns"],
    edit: (spec) => {
      spec.linux.namespaces.push({ type: "user" });
      spec.linux.uidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
      spec.linux.gidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
    },
    options: ["--user", "33:34", "-g", "35"],
    differs: { "dev./dev/mqueue.gid": "runc leaves it to nobody" },
  },
  {
    name: "the host's pid namespace",
    edit: without("pid"),
  },
  {
    name: "the host's network and ipc",
    edit: without("network", "ipc"),
  },
  { name: "a cgroup namespace", edit: (spec) => void spec.linux.namespaces.push({ type: "cgroup" }) },
  { name: "a read-only root", edit: (spec) => void Object.assign(spec.root, { readonly: true }) },
  { name: "the caller's session keyring", create: ["--no-new-keyring"] },
  {
    name: "a filter of system calls",
    edit: (spec) => {
      spec.linux.seccomp = {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["getsid"], action: "SCMP_ACT_ERRNO", errnoRet: 38 }],
      };
    },
  },
  {
    name: "a filter of system calls, and no new privileges",
    edit: (spec) => {
      spec.process.noNewPrivileges = true;
      spec.linux.seccomp = {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["sync"], action: "SCMP_ACT_ERRNO" }],
      };
    },
  },
];

export const EXEC_CASES = [
  ["user", USER_CASES],
  ["capabilities", CAPABILITY_CASES],
  ["process", PROCESS_CASES],
  ["container", CONTAINER_CASES],
] as const;
