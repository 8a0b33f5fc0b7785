// SPDX-License-Identifier: Apache-2.0
/** Hints for the process itself. execve(2), capabilities(7), getrlimit(2). */
import type { Hint } from "./hint.ts";

export const PROCESS_HINTS: readonly Hint[] = [
  {
    call: "faccessat2 faccessat",
    errno: "ENOENT ENOTDIR",
    hint: "the container's root filesystem has no such program; a name without a slash is looked up in the PATH of /process/env",
  },
  {
    call: "faccessat2 faccessat",
    errno: "EACCES",
    hint: "the program is there, but /process/user may not run it: its mode, a directory on the way, or a noexec mount",
  },
  {
    call: "write openat openat2",
    errno: "EACCES EPERM EROFS",
    line: /\/linux\/sysctl|"sys\//,
    hint: "this kernel parameter cannot be set from the container's namespaces: it belongs to the host, or to a namespace that /linux/namespaces does not make",
  },
  {
    call: "openat openat2",
    errno: "ENOENT",
    line: /\/linux\/sysctl|"sys\//,
    hint: "the kernel has no such parameter, or not in this namespace: its module may be missing",
  },
  {
    call: "write",
    errno: "EINVAL",
    line: /\/linux\/sysctl/,
    hint: "the kernel does not accept this value for the parameter",
  },
  {
    call: "write",
    errno: "ENOENT EINVAL EACCES EPERM",
    line: /"exec |apparmorProfile/,
    hint: "the profile is not loaded, or the runtime's own profile does not allow the change: see /sys/kernel/security/apparmor/profiles",
  },
  {
    call: "write",
    errno: "EINVAL EACCES EPERM",
    line: /selinuxLabel/,
    hint: "the policy does not know this label, or does not allow the runtime to set it: see sestatus(8) and the audit log",
  },
  {
    call: "execve execveat",
    errno: "ENOENT",
    hint: "if the file is there, its interpreter is not: the loader of a dynamic program, or what #! names (a line that ends in CRLF names a file ending in \\r)",
  },
  {
    call: "execve execveat",
    errno: "ENOEXEC",
    hint: "the file is not a program for this machine: another architecture, an empty file, or a script without #!",
  },
  {
    call: "execve execveat",
    errno: "EACCES",
    hint: "the file, its interpreter or a directory on the way may not be executed by /process/user, or the mount is noexec",
  },
  {
    call: "execve execveat",
    errno: "EAGAIN",
    hint: "the user has more processes than RLIMIT_NPROC allows, since the ids were changed",
  },
  {
    call: "execve execveat",
    errno: "E2BIG",
    hint: "arguments and environment are too long together, or one of them is longer than 128 KiB",
  },
  {
    call: "execve execveat",
    errno: "EPERM",
    hint: "a set-user-ID program cannot be run where its ids are not mapped or ptrace watches it",
  },
  {
    call: "prlimit64 setrlimit",
    errno: "EPERM",
    hint: "a hard limit above the runtime's own needs CAP_SYS_RESOURCE on the host; RLIMIT_NOFILE ends at the sysctl fs.nr_open",
  },
  {
    call: "sched_setattr",
    errno: "EPERM",
    line: /SCHED_(FIFO|RR)\b/,
    hint: "a real-time policy needs CAP_SYS_NICE on the host, and in a cgroup v1 of its own a share of real-time: /linux/resources/cpu/realtimeRuntime",
  },
  {
    call: "sched_setattr",
    errno: "EPERM",
    hint: "a deadline needs CAP_SYS_NICE on the host and all CPUs of its cpuset; so does a nice value below the runtime's own: raise /process/scheduler/nice",
  },
  {
    call: "sched_setattr",
    errno: "EOPNOTSUPP",
    hint: "the kernel is built without CONFIG_UCLAMP_TASK: leave SCHED_FLAG_UTIL_CLAMP_MIN and _MAX out of /process/scheduler/flags",
  },
  {
    call: "sched_setattr",
    errno: "EBUSY",
    hint: "the CPUs have no room for this runtime in each period: see sched(7)",
  },
  {
    call: "ioprio_set",
    errno: "EPERM",
    hint: "IOPRIO_CLASS_RT needs CAP_SYS_NICE or CAP_SYS_ADMIN on the host: use IOPRIO_CLASS_BE",
  },
  {
    call: "set_mempolicy",
    errno: "EINVAL",
    hint: "none of /linux/memoryPolicy/nodes is online and in the cpuset of the container's cgroup, or this kernel does not know a flag for the mode",
  },
  {
    call: "set_mempolicy ioprio_set",
    errno: "ENOSYS",
    hint: "the kernel is built without CONFIG_NUMA or CONFIG_BLOCK",
  },
  {
    call: "prctl",
    errno: "EPERM",
    line: /PR_CAP_AMBIENT/,
    hint: "an ambient capability must be permitted and inheritable as well",
  },
  {
    call: "capset",
    errno: "EPERM",
    hint: "only capabilities that the runtime itself has can be given, and none outside of the bounding set can be inheritable",
  },
  { call: "prctl", errno: "EPERM", line: /PR_CAPBSET_DROP/, hint: "dropping from the bounding set needs CAP_SETPCAP" },
  {
    call: "sethostname setdomainname",
    errno: "EPERM",
    hint: 'a name needs a uts namespace of its own: add {"type": "uts"} to /linux/namespaces',
  },
  {
    call: "write openat",
    errno: "EACCES EPERM",
    line: /oom_?score_?adj/i,
    hint: "a value lower than the runtime's own needs CAP_SYS_RESOURCE on the host: raise /process/oomScoreAdj",
  },
  {
    call: "write openat",
    errno: "EACCES EPERM ERANGE",
    line: /timens_offsets|timeOffsets/,
    hint: "time offsets need CAP_SYS_TIME, and clocks that stay positive",
  },
];
