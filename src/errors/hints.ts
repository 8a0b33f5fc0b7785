// SPDX-License-Identifier: Apache-2.0
/** What to change where an errno misleads: one table, keyed by call and errno, and where need be by the call's operands. */

interface Hint {
  /** Names of calls, separated by spaces. */
  readonly call: string;
  /** Names of errnos, separated by spaces. */
  readonly errno: string;
  /** What the call's line must look like. */
  readonly line?: RegExp;
  readonly hint: string;
}

/**
 * What to change after `call` failed with `errno`; undefined where the errno says it all.
 * `line` is the call as strace(1) prints it.
 */
export function hintFor(call: string, errno: string, line: string): string | undefined {
  return HINTS.find(
    (entry) =>
      entry.call.split(" ").includes(call) && entry.errno.split(" ").includes(errno) && (entry.line?.test(line) ?? true),
  )?.hint;
}

// The first that fits is told: the narrower ones come first.
const HINTS: readonly Hint[] = [
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
  { call: "setns", errno: "EUSERS ENOSPC", hint: "a limit of namespaces is reached: see the sysctls user.max_*_namespaces" },

  // Id maps: user_namespaces(7).
  {
    call: "write openat pwrite64",
    errno: "EPERM",
    line: /uid_map|gid_map/,
    hint: "an ordinary user may map only one id, the own, and groups only after setgroups is denied; more ids need newuidmap and newgidmap with ranges in /etc/subuid and /etc/subgid",
  },
  {
    call: "write pwrite64",
    errno: "EINVAL",
    line: /uid_map|gid_map/,
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

  // Mounts: mount(2), fsconfig(2), mount_setattr(2), mount_namespaces(7).
  {
    call: "mount move_mount open_tree fsmount clone clone3 unshare",
    errno: "ENOSPC",
    hint: "too many mounts in the namespace, not a full disk: see the sysctl fs.mount-max",
  },
  {
    call: "mount fsopen fsmount fsconfig",
    errno: "EPERM",
    line: /"proc"/,
    hint: 'a new proc needs a pid namespace of its own: add {"type": "pid"} to /linux/namespaces; in a container, the outer /proc must not be masked',
  },
  {
    call: "mount fsopen fsmount fsconfig",
    errno: "EPERM",
    line: /"sysfs"/,
    hint: 'a new sysfs needs a network namespace that belongs to the user namespace: add {"type": "network"} to /linux/namespaces, or bind the host\'s /sys',
  },
  {
    call: "mount fsopen fsmount fsconfig",
    errno: "EPERM",
    line: /"mqueue"/,
    hint: 'a new mqueue needs an ipc namespace that belongs to the user namespace: add {"type": "ipc"} to /linux/namespaces',
  },
  {
    call: "mount fsopen fsmount fsconfig",
    errno: "EPERM",
    line: /"cgroup2?"/,
    hint: 'a cgroup mount needs a cgroup namespace that belongs to the user namespace: add {"type": "cgroup"} to /linux/namespaces',
  },
  {
    call: "mount fsconfig",
    errno: "EBUSY",
    line: /"cgroup2?"/,
    hint: "on this host the controller belongs to another cgroup hierarchy, see /proc/cgroups",
  },
  {
    call: "mount fsmount fsconfig",
    errno: "EPERM",
    hint: "a user namespace may mount only some filesystems, and not without a mount namespace of its own",
  },
  {
    call: "fsopen mount",
    errno: "ENODEV",
    hint: "the kernel does not know this filesystem: its module may be missing, see /proc/filesystems; a bind mount needs the option bind or rbind",
  },
  {
    call: "fsconfig",
    errno: "EINVAL",
    line: /FSCONFIG_CMD_CREATE/,
    hint: "the filesystem does not accept its options together, or its source",
  },
  {
    call: "fsconfig",
    errno: "EINVAL",
    hint: "the filesystem does not know this option, or not this value; what is not an option of config.md is passed on to it",
  },
  {
    call: "fsconfig",
    errno: "ENOENT",
    hint: "a file or directory that an option names does not exist",
  },
  {
    call: "mount mount_setattr",
    errno: "EPERM",
    hint: "flags of a mount that came from outside the user namespace are locked: ro, nosuid, nodev, noexec and atime must be kept as they are",
  },
  {
    call: "mount_setattr",
    errno: "EINVAL",
    line: /userns_fd=(?!0[,}])/,
    hint: "this filesystem cannot be mounted with mapped ids on this kernel, or is mapped already",
  },
  {
    call: "move_mount",
    errno: "EINVAL",
    hint: "a mount below a shared one cannot be moved, and a mount of another namespace not attached: see /linux/rootfsPropagation",
  },
  {
    call: "move_mount",
    errno: "ENOTDIR",
    hint: "a directory can be mounted on a directory only, and a file on a file: the destination in the rootfs is of the other kind",
  },
  {
    call: "move_mount open_tree",
    errno: "ELOOP",
    hint: "a mount of a mount namespace's file cannot be attached inside itself",
  },
  {
    call: "openat2",
    errno: "EXDEV ELOOP",
    line: /RESOLVE_/,
    hint: "a symlink in the rootfs leads where it must not: the destination must be reached inside the rootfs, and /proc and /sys without symlinks",
  },
  {
    call: "pivot_root",
    errno: "EINVAL",
    hint: "the root cannot be switched from a ramdisk (use --no-pivot) or while a parent mount is shared",
  },
  { call: "pivot_root", errno: "EBUSY", hint: "the root filesystem is the host's own root: it must be a mount of its own" },
  { call: "umount2", errno: "EINVAL", hint: "a mount that came from outside the user namespace is locked there" },

  // Devices and files.
  {
    call: "mknodat mknod",
    errno: "EPERM",
    hint: "devices cannot be made in a user namespace; tsrun binds the host's instead, if /dev is a tmpfs or writable",
  },
  { call: "mknodat mkdirat openat openat2 symlinkat", errno: "EROFS", hint: "the place is on a read-only filesystem: create it in the rootfs beforehand" },
  {
    call: "openat openat2",
    errno: "EACCES",
    line: /"\/proc\/sys|"(kernel|net|fs|vm|user)\//,
    hint: "this sysctl cannot be written in the container's namespaces",
  },
  {
    call: "memfd_create",
    errno: "EACCES",
    hint: "the host forbids executable memory files: the sysctl vm.memfd_noexec must be 0 or 1",
  },
  { call: "openat openat2 memfd_create socketpair socket", errno: "EMFILE", hint: "the limit of open files is reached: raise RLIMIT_NOFILE of the caller" },

  // Control groups: cgroups(7), cgroup-v2.rst.
  {
    call: "write openat",
    errno: "EBUSY",
    line: /cgroup\.procs/,
    hint: "a cgroup (v2) whose controllers are passed on to its children cannot hold processes itself: use a /linux/cgroupsPath below it",
  },
  {
    call: "write openat",
    errno: "EACCES EPERM",
    line: /cgroup\.procs/,
    hint: "moving a process needs write access to cgroup.procs of the nearest common ancestor too: ask for a delegated cgroup (systemd: Delegate=yes)",
  },
  {
    call: "write openat",
    errno: "EOPNOTSUPP",
    line: /cgroup\.procs/,
    hint: "the cgroup is threaded, or below one that is: use another /linux/cgroupsPath",
  },
  {
    call: "write",
    errno: "EINVAL",
    line: /cgroup\.subtree_control/,
    hint: "the controller is not available here, or a real-time process in the tree forbids cpu: see cgroup.controllers",
  },
  { call: "write", errno: "EBUSY", line: /cgroup\.subtree_control/, hint: "controllers can be passed on only by a cgroup (v2) without processes of its own" },
  { call: "mkdir mkdirat", errno: "EAGAIN", line: /cgroup/, hint: "cgroup.max.descendants or cgroup.max.depth of a parent cgroup is reached" },
  {
    call: "mkdir mkdirat",
    errno: "EACCES EPERM EROFS",
    line: /cgroup/,
    hint: "the cgroup tree is not delegated to this user: see --cgroup-manager disabled, or run in a delegated cgroup (systemd: Delegate=yes)",
  },

  // The process.
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
  { call: "execve execveat", errno: "E2BIG", hint: "arguments and environment are too long together, or one of them is longer than 128 KiB" },
  { call: "execve execveat", errno: "EPERM", hint: "a set-user-ID program cannot be run where its ids are not mapped or ptrace watches it" },
  {
    call: "prlimit64 setrlimit",
    errno: "EPERM",
    hint: "a hard limit above the runtime's own needs CAP_SYS_RESOURCE on the host; RLIMIT_NOFILE ends at the sysctl fs.nr_open",
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
    line: /oom_score_adj/,
    hint: "a value lower than the runtime's own needs CAP_SYS_RESOURCE on the host: raise /process/oomScoreAdj",
  },
  {
    call: "write openat",
    errno: "EACCES EPERM ERANGE",
    line: /timens_offsets/,
    hint: "time offsets need CAP_SYS_TIME, and clocks that stay positive",
  },
];
