// SPDX-License-Identifier: Apache-2.0
/** Hints for cgroups: their limits, joining and making them. cgroups(7); the kernel's cgroup-v1 and cgroup-v2. */
import type { Hint } from "./hint.ts";

/** A file of a limit, in the directory of a cgroup. */
const LIMIT = /"[^"]*\/(?:memory|cpu|cpuset|pids|blkio|io|hugetlb|net_cls|net_prio|rdma|misc)\.[\w.]+"/;

export const CGROUP_HINTS: readonly Hint[] = [
  {
    call: "write",
    errno: "EPERM",
    line: /\/devices\.(?:allow|deny)"/,
    hint: "a cgroup above the container's does not allow it (its devices.list), or CAP_SYS_ADMIN is missing on the host",
  },
  {
    call: "write",
    errno: "EINVAL",
    line: /\/devices\.(?:allow|deny)"/,
    hint: "the default of a cgroup that has cgroups below it cannot change: use another /linux/cgroupsPath, or remove those",
  },
  {
    call: "bpf",
    errno: "EPERM",
    hint: "rules for devices take CAP_SYS_ADMIN on the host; or a program is attached to the cgroup that allows no second one",
  },
  { call: "bpf", errno: "E2BIG", hint: "too many rules for devices: the kernel cannot verify so long a program" },
  {
    call: "write",
    errno: "ENODEV",
    line: /\/(?:blkio|io)\.[^/"]*",/,
    hint: "the host has no block device of this number, see lsblk(8); a partition has no limits of its own, its disk has",
  },
  {
    call: "write",
    errno: "EOPNOTSUPP",
    line: /\/(?:blkio|io)\.[^/"]*",/,
    hint: "the disk is not scheduled by BFQ, which alone knows weights of disks: see /sys/block/DISK/queue/scheduler",
  },
  {
    call: "net_prio.ifpriomap",
    errno: "ENODEV",
    hint: "the runtime's network namespace has no interface of this name, see ip link",
  },
  {
    call: "rdma.max",
    errno: "ENODEV",
    hint: "the host has no RDMA device of this name, see /sys/class/infiniband",
  },
  {
    call: "memory.memsw.limit_in_bytes memory.swap.max",
    errno: "ENOENT",
    hint: "this kernel does not count swap: leave /linux/resources/memory/swap out, or boot with swapaccount=1",
  },
  {
    call: "cpu.rt_period_us cpu.rt_runtime_us",
    errno: "ENOENT",
    hint: "this kernel was built without CONFIG_RT_GROUP_SCHED: it shares no real time out among cgroups",
  },
  {
    call: "cpu.rt_period_us cpu.rt_runtime_us",
    errno: "EINVAL",
    hint: "the cgroup above has no such real time to share out: its cpu.rt_runtime_us must be raised first",
  },
  {
    call: "cpu.shares cpu.weight",
    errno: "EINVAL",
    hint: "a cgroup with cpu.idle takes no weight",
  },
  {
    call: "memory.limit_in_bytes memory.memsw.limit_in_bytes",
    errno: "EINVAL",
    hint: "memory and swap together must not be limited lower than memory",
  },
  {
    call: "cgroup.subtree_control",
    errno: "ENOENT",
    hint: "the cgroup above does not hand this controller down, see cgroup.controllers; systemd: Delegate=yes",
  },
  {
    call: "cgroup.subtree_control",
    errno: "EOPNOTSUPP",
    hint: "a threaded cgroup hands down none but cpu, cpuset, perf_event and pids",
  },
  {
    call: "write openat",
    errno: "EBUSY",
    line: /cgroup\.procs|tasks"|cgroupsPath/,
    hint: "a cgroup (v2) whose controllers are passed on to its children cannot hold processes itself: use a /linux/cgroupsPath below it",
  },
  {
    call: "write openat",
    errno: "EACCES EPERM",
    line: /cgroup\.procs|tasks"|cgroupsPath/,
    hint: "moving a process needs write access to cgroup.procs of the nearest common ancestor too: ask for a delegated cgroup (systemd: Delegate=yes)",
  },
  {
    call: "write openat",
    errno: "EOPNOTSUPP",
    line: /cgroup\.procs|tasks"|cgroupsPath/,
    hint: "the cgroup is threaded, or below one that is: use another /linux/cgroupsPath",
  },
  {
    call: "write",
    errno: "EINVAL",
    line: /cgroup\.subtree_control/,
    hint: "the controller is not available here, or a real-time process in the tree forbids cpu: see cgroup.controllers",
  },
  {
    call: "write",
    errno: "EBUSY",
    line: /cgroup\.subtree_control/,
    hint: "controllers can be passed on only by a cgroup (v2) without processes of its own",
  },
  {
    call: "write",
    errno: "EACCES EPERM EROFS",
    line: /cgroup\.subtree_control/,
    hint: "this user may not hand the controller down: ask for a delegated cgroup (systemd: Delegate=yes)",
  },
  {
    call: "write",
    errno: "ENOENT",
    line: LIMIT,
    hint: "the kernel does not offer this limit: it was built, or booted, without it (swapaccount=0, no CONFIG_CFS_BANDWIDTH)",
  },
  {
    call: "write",
    errno: "EBUSY",
    line: /"[^"]*\/memory\.[\w.]*limit_in_bytes"/,
    hint: "the cgroup uses more memory than that already, and it cannot be freed",
  },
  {
    call: "write",
    errno: "EINVAL ERANGE EACCES ENOSPC",
    line: LIMIT,
    hint: "the kernel does not accept this value: it is out of range, or beyond what a cgroup further up allows",
  },
  {
    call: "mkdir mkdirat",
    errno: "EAGAIN",
    line: /cgroup/,
    hint: "cgroup.max.descendants or cgroup.max.depth of a parent cgroup is reached",
  },
  {
    call: "mkdir mkdirat",
    errno: "EACCES EPERM EROFS",
    line: /cgroup/,
    hint: "the cgroup tree is not delegated to this user: see --cgroup-manager disabled, or run in a delegated cgroup (systemd: Delegate=yes)",
  },
];
