// SPDX-License-Identifier: Apache-2.0
/** Options of `podman run`, and facts of the witness that show that they were carried out. */
import type { Testimony } from "../live/support/witness.ts";

export interface OptionCase {
  readonly options: readonly string[];
  /** Arguments of the witness. */
  readonly ask?: readonly string[];
  readonly expects: Testimony;
  /** Beginnings of facts in which tsrun is not as runc, with the reason. */
  readonly differs?: Readonly<Record<string, string>>;
}

const GROUPS = "/sys/fs/cgroup";
const option = (options: string, expects: Testimony, ...ask: string[]): OptionCase => ({
  options: options.split(" ").filter((word) => word !== ""),
  ask,
  expects,
});
/** `files`: what is to be read in them. */
const reads = (options: string, files: Readonly<Record<string, string>>): OptionCase => ({
  options: options.split(" "),
  ask: Object.keys(files).map((path) => `read=${path}`),
  expects: Object.fromEntries(Object.entries(files).map(([path, text]) => [`read.${path}`, text])),
});

const LIMITS: readonly OptionCase[] = [
  reads("--memory 64m --memory-reservation 32m --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0 --pids-limit 50", {
    [`${GROUPS}/memory/memory.limit_in_bytes`]: "67108864",
    [`${GROUPS}/memory/memory.soft_limit_in_bytes`]: "33554432",
    [`${GROUPS}/cpu/cpu.cfs_quota_us`]: "50000",
    [`${GROUPS}/cpu/cpu.shares`]: "512",
    [`${GROUPS}/cpuset/cpuset.cpus`]: "0",
    [`${GROUPS}/pids/pids.max`]: "50",
  }),
  reads("--pids-limit -1", { [`${GROUPS}/pids/pids.max`]: "max" }),
];

const PROCESS: readonly OptionCase[] = [
  option("", { "uid.0": 0, pid: "1", seccomp: 2, noNewPrivileges: 0 }),
  option("--user 7:8 --group-add 9 --cap-add NET_RAW", {
    "uid.0": 7,
    "gid.0": 8,
    "groups.1": 9,
    "capabilities.ambient": "0x2000",
  }),
  option("--user 1000", { "uid.0": 1000, "gid.0": 1000, "capabilities.effective": "0x0" }),
  option("--workdir /bin --env COLOUR=blue --unsetenv container --umask 0077 --oom-score-adj 500", {
    cwd: "/bin",
    "env.0": "COLOUR=blue",
    umask: "0077",
    oomScoreAdj: "500",
  }),
  option("--ulimit nofile=100:200 --ulimit nproc=500:500 --ulimit core=0", {
    "rlimits.NOFILE": "100:200",
    "rlimits.CORE": "0:0",
  }),
  option("--cap-drop all", { "capabilities.bounding": "0x0", "capabilities.effective": "0x0" }),
  option("--cap-drop all --cap-add NET_RAW", { "capabilities.bounding": "0x2000" }),
  option("--privileged", { seccomp: 0 }, "try=/proc/sys/kernel/hostname", "list=/dev/net"),
  option("--security-opt seccomp=unconfined --security-opt no-new-privileges", { seccomp: 0, noNewPrivileges: 1 }),
  {
    ...option("--personality LINUX32", {}),
    differs: { personality: "runc 1.1 does not know it", machine: "the same" },
  },
  option("--init", { pid: "another", parent: "inside" }),
];

const NAMESPACES: readonly OptionCase[] = [
  option("--hostname other", { hostname: "other" }),
  option("--uts host", { "namespaces.uts": "same" }),
  option("--ipc host", { "namespaces.ipc": "same" }),
  option("--pid host", { "namespaces.pid": "same", pid: "another" }),
  option("--network host", { "namespaces.net": "same" }),
  option("--cgroupns private", { "namespaces.cgroup": "new" }),
  option("--userns host", { "uidMap.0": "         0          0 4294967295" }),
  option("--uidmap 0:200000:1000 --gidmap 0:300000:1000", { "gidMap.0": "         0     300000       1000" }),
  reads("--sysctl kernel.msgmax=9000 --sysctl net.ipv4.ip_forward=1", {
    "/proc/sys/kernel/msgmax": "9000",
    "/proc/sys/net/ipv4/ip_forward": "1",
  }),
];

const MOUNTS: readonly OptionCase[] = [
  option("--read-only", { "tried./.create": "EROFS" }, "try=/", "try=/tmp", "try=/run"),
  option("--read-only --read-only-tmpfs=false", { "tried./tmp.create": "EROFS" }, "try=/tmp"),
  option("--tmpfs /scratch:size=1m,mode=1777 --tmpfs /etc", {}, "try=/scratch", "list=/etc"),
  option(
    "-v /srv/shared:/rw -v /srv/shared:/ro:ro -v /srv/shared:/z:z -v named:/named",
    { "tried./rw.create": "ok", "tried./ro.create": "EROFS" },
    ...["try=/rw", "try=/ro", "try=/z", "try=/named"],
  ),
  option("-v /srv/shared:/shared:O", { "mounts./shared#0.type": "overlay" }, "try=/shared"),
  {
    ...option("-v /srv/shared:/shared:noexec,nosuid,rshared", {}, "try=/shared"),
    differs: { "mounts./#0.propagation": "podman asks for a shared root, which runc 1.1 leaves private" },
  },
  option(
    "--mount type=bind,src=/srv/shared,dst=/one,ro=true --mount type=tmpfs,dst=/two,tmpfs-size=4096 --mount type=devpts,dst=/three",
    { "tried./one.create": "EROFS", "mounts./two#0.type": "tmpfs", "mounts./three#0.type": "devpts" },
    ...["try=/one", "try=/two"],
  ),
  option("--mount type=image,src=localhost/busybox,dst=/four --shm-size 1m", {}, "list=/four/bin/busybox"),
  option(
    "--device /dev/null:/dev/other:r --device /dev/fuse",
    { "dev./dev/other.minor": 3, "dev./dev/fuse.major": 10 },
    ...["try=/dev/other", "try=/dev/fuse"],
  ),
  option("--security-opt unmask=/proc/acpi --security-opt mask=/bin", {}, "try=/bin", "try=/proc/acpi"),
  option("--security-opt proc-opts=hidepid=2", {}),
  option("--no-hosts --cgroupns private --systemd always", {}, "try=/sys/fs/cgroup/systemd"),
];

export const OPTIONS: readonly OptionCase[] = [...PROCESS, ...LIMITS, ...NAMESPACES, ...MOUNTS];

function twice(...devices: readonly string[]): Readonly<Record<string, string>> {
  const reason = "runc 1.1 binds a default device again that podman lists";
  return Object.fromEntries(devices.map((name) => [`mounts./dev/${name}#1`, reason]));
}

/** For an ordinary user: podman runs the runtime as root of a user namespace. */
export const ROOTLESS: readonly OptionCase[] = [
  option("", { "uid.0": 0, "uidMap.0": "         0       1500          1" }),
  option("--userns keep-id", { "uid.0": 1500, "groups.0": 1500 }),
  option("--userns nomap", { "uid.0": 0, "uidMap.0": "         0          1      65536" }),
  option("--userns host", { "uidMap.0": "         0       1500          1" }),
  option("--uidmap 0:0:10", { "uidMap.1": "         1          1          9" }),
  option("--user 1000", { "uid.0": 1000, "capabilities.effective": "0x0" }),
  option("--pid host", { "namespaces.pid": "same" }),
  {
    ...option("--ipc host", { "namespaces.ipc": "same" }),
    differs: { "dev./dev/shm/libpod": "podman's own file, which comes with the second container" },
  },
  option("--cgroupns private", { "namespaces.cgroup": "new" }),
  option("--network host", {}),
  { ...option("--privileged", { seccomp: 0 }), differs: twice("null", "zero", "full", "random", "urandom") },
  option("--read-only", { "tried./.create": "EROFS" }, "try=/"),
  option("--tmpfs /scratch -v /srv/shared:/shared:ro", { "tried./shared.create": "EROFS" }, "try=/shared"),
  option("--device /dev/null:/dev/other", { "dev./dev/other.minor": 3 }),
  option("--cap-drop all --security-opt no-new-privileges", { "capabilities.effective": "0x0", noNewPrivileges: 1 }),
  option("--init", { pid: "another" }),
];
