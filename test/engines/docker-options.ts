// SPDX-License-Identifier: Apache-2.0
/** Options of `docker run`, and facts of the witness that show that they were carried out. */
import type { Testimony } from "../live/support/witness.ts";

export interface OptionCase {
  readonly options: readonly string[];
  /** Arguments of the witness. */
  readonly ask?: readonly string[];
  readonly expects: Testimony;
}

const read = (path: string, value: string) => ({ ask: [`read=${path}`], expects: { [`read.${path}`]: value } });
const option = (options: string, expects: Testimony, ...ask: string[]): OptionCase => ({
  options: options.split(" ").filter((word) => word !== ""),
  ask,
  expects,
});
const limit = (options: string, path: string, value: string): OptionCase => ({
  options: options.split(" "),
  ...read(`/sys/fs/cgroup/${path}`, value),
});

const LIMITS: readonly OptionCase[] = [
  limit("--memory 64m", "memory/memory.limit_in_bytes", "67108864"),
  limit("--memory 64m --memory-reservation 32m", "memory/memory.soft_limit_in_bytes", "33554432"),
  limit("--memory 64m --memory-swappiness 10", "memory/memory.swappiness", "10"),
  limit("--cpus 0.5", "cpu/cpu.cfs_quota_us", "50000"),
  limit("--cpu-shares 512", "cpu/cpu.shares", "512"),
  limit("--cpuset-cpus 0", "cpuset/cpuset.cpus", "0"),
  limit("--pids-limit 50", "pids/pids.max", "50"),
];

const PROCESS: readonly OptionCase[] = [
  option("", { "uid.0": 0, pid: "1", seccomp: 2, noNewPrivileges: 0 }),
  option("--user 1000", { "uid.0": 1000, "capabilities.effective": "0x0" }),
  option("--user 7:8 --group-add 9", { "uid.0": 7, "gid.0": 8, "groups.1": 9 }),
  option("--workdir /made/on/the/way", { cwd: "/made/on/the/way" }),
  option("--env COLOUR=blue", { "env.0": "COLOUR=blue" }),
  option("--cap-drop all", { "capabilities.bounding": "0x0", "capabilities.effective": "0x0" }),
  option("--cap-drop all --cap-add NET_RAW", { "capabilities.bounding": "0x2000" }),
  option("--cap-add SYS_PTRACE", {}),
  option("--security-opt seccomp=unconfined", { seccomp: 0 }),
  option("--security-opt seccomp=/srv/profile.json", { seccomp: 2 }),
  option("--security-opt no-new-privileges", { noNewPrivileges: 1 }),
  option("--ulimit nofile=100:200 --ulimit core=0", { "rlimits.NOFILE": "100:200", "rlimits.CORE": "0:0" }),
  option("--oom-score-adj 500", { oomScoreAdj: "500" }),
  option("--init", { pid: "another", parent: "inside" }),
];

const NAMESPACES: readonly OptionCase[] = [
  option("--hostname other --domainname far", { hostname: "other", domainname: "far" }),
  option("--uts host", { "namespaces.uts": "same" }),
  option("--ipc host", { "namespaces.ipc": "same" }),
  option("--ipc none", { "namespaces.ipc": "new" }),
  option("--pid host", { "namespaces.pid": "same", pid: "another" }),
  option("--network host", { "namespaces.net": "same" }),
  option("--cgroupns private", { "namespaces.cgroup": "new" }),
  { options: ["--sysctl", "kernel.msgmax=9000"], ...read("/proc/sys/kernel/msgmax", "9000") },
  { options: ["--sysctl", "net.ipv4.ip_forward=1"], ...read("/proc/sys/net/ipv4/ip_forward", "1") },
];

const MOUNTS: readonly OptionCase[] = [
  option("--read-only", { "tried./.create": "EROFS" }, "try=/", "try=/tmp"),
  option("--tmpfs /scratch:size=1m,mode=1777", { "mounts./scratch#0.type": "tmpfs" }, "try=/scratch"),
  option("-v /srv/shared:/shared", { "tried./shared.create": "ok" }, "try=/shared"),
  option("-v /srv/shared:/shared:ro", { "tried./shared.create": "EROFS" }, "try=/shared"),
  option("-v named:/data", {}, "try=/data"),
  option("--mount type=bind,src=/srv/shared,dst=/one,readonly", { "tried./one.create": "EROFS" }, "try=/one"),
  option("--mount type=tmpfs,dst=/two,tmpfs-size=4096", { "mounts./two#0.type": "tmpfs" }, "try=/two"),
  option("--shm-size 1m", { "mounts./dev/shm#0.super": "rw,size=1024k" }),
  option("--device /dev/null:/dev/other:r", { "dev./dev/other.minor": 3 }, "try=/dev/other"),
  option("--device /dev/fuse", { "dev./dev/fuse.major": 10 }, "try=/dev/fuse"),
  option("--security-opt systempaths=unconfined", {}),
];

export const OPTIONS: readonly OptionCase[] = [...PROCESS, ...LIMITS, ...NAMESPACES, ...MOUNTS];
