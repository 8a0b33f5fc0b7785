// SPDX-License-Identifier: Apache-2.0
/** Hints for namespaces and the ids in them. namespaces(7), user_namespaces(7), clone(2), setns(2). */
import type { Hint } from "./hint.ts";

export const NAMESPACE_HINTS: readonly Hint[] = [
  // Namespaces: clone(2), unshare(2), setns(2), user_namespaces(7).
  {
    call: "clone clone3 unshare",
    errno: "EPERM",
    line: /CLONE_NEWUSER/,
    hint: "the host may forbid user namespaces: see the sysctls kernel.unprivileged_userns_clone and kernel.apparmor_restrict_unprivileged_userns; in a chroot they are never allowed, and the caller's own ids must be mapped",
  },
  {
    call: "clone clone3 unshare",
    errno: "EPERM",
    hint: 'new namespaces need CAP_SYS_ADMIN; an ordinary user needs a user namespace first: add {"type": "user"} to /linux/namespaces, and mappings',
  },
  {
    call: "clone clone3 unshare",
    errno: "EINVAL",
    hint: "the kernel may be built without one of these namespaces (see /proc/self/ns); a process with several threads cannot enter a user namespace",
  },
  {
    call: "clone clone3 unshare",
    errno: "ENOSPC EUSERS",
    hint: "a limit of namespaces is reached, not a full disk: see the sysctls user.max_*_namespaces; nesting ends at 32 levels",
  },
  {
    call: "clone clone3",
    errno: "EAGAIN",
    hint: "a limit of processes is reached: pids.max of the cgroup, RLIMIT_NPROC of the user, or the sysctl kernel.pid_max",
  },
  {
    call: "setns",
    errno: "EPERM",
    hint: "joining a namespace needs CAP_SYS_ADMIN in the user namespace that owns it: join that user namespace as well",
  },
  {
    call: "setns",
    errno: "EINVAL",
    hint: "the file is not a namespace of the type that config.json says; a user namespace that one is already in cannot be joined again",
  },
  {
    call: "setns",
    errno: "EUSERS ENOSPC",
    hint: "a limit of namespaces is reached: see the sysctls user.max_*_namespaces",
  },

  // Network devices: rtnetlink(7).
  {
    call: "sendto",
    errno: "EINVAL EOPNOTSUPP",
    line: /IFLA_NET_NS_PID/,
    hint: "a device of this kind (a bridge, a tunnel's own, loopback) is bound to its network namespace",
  },
  {
    call: "sendto",
    errno: "EPERM",
    line: /IFLA_NET_NS_PID/,
    hint: "moving a network device needs CAP_NET_ADMIN in both network namespaces",
  },
  {
    call: "recvfrom",
    errno: "EEXIST",
    line: /# \/linux\/netDevices/,
    hint: "the container's network namespace has a device of that name: choose another name, or a template like eth%d",
  },
  {
    call: "recvfrom",
    errno: "EADDRNOTAVAIL",
    line: /# \/linux\/netDevices/,
    hint: "an address of the device is not accepted in the container: IPv6 may be disabled there, or another device has the address",
  },
  {
    call: "recvfrom",
    errno: "ENETDOWN",
    line: /# \/linux\/netDevices/,
    hint: "the device is in the container, but cannot be brought up",
  },

  // Id maps: user_namespaces(7).
  {
    call: "write openat pwrite64",
    errno: "EPERM",
    line: /uid_map|gid_map|uidMappings|gidMappings/,
    hint: "an ordinary user may map only one id, the own, and groups only after setgroups is denied; more ids need newuidmap and newgidmap with ranges in /etc/subuid and /etc/subgid",
  },
  {
    call: "write pwrite64",
    errno: "EINVAL",
    line: /uid_map|gid_map|uidMappings|gidMappings/,
    hint: "the ranges of a mapping must not overlap, inside or outside, and no more than 340 fit",
  },
  {
    call: "setgroups",
    errno: "EPERM",
    hint: "groups cannot be set in a user namespace that an ordinary user mapped alone (setgroups is denied): drop /process/user/additionalGids, or map groups with newgidmap",
  },
  {
    call: "setuid setgid setresuid setresgid setgroups",
    errno: "EINVAL",
    hint: "the id has no mapping in the container's user namespace: add it to /linux/uidMappings or /linux/gidMappings",
  },
  {
    call: "fchown fchownat chown lchown",
    errno: "EINVAL",
    hint: "the id has no mapping in the container's user namespace: add it to /linux/uidMappings or /linux/gidMappings",
  },
];
