// SPDX-License-Identifier: Apache-2.0
/** Hints for mounts, files and devices. mount(2), fsconfig(2), mount_setattr(2), mount_namespaces(7). */
import type { Hint } from "./hint.ts";

export const FILE_HINTS: readonly Hint[] = [
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
    call: "fsconfig fsopen mount",
    errno: "EPERM",
    hint: "in a user namespace proc needs a pid namespace of its own, sysfs a network, mqueue an ipc and cgroup a cgroup namespace: add it to /linux/namespaces; most other filesystems cannot be mounted there at all",
  },
  {
    call: "fsmount",
    errno: "EPERM",
    hint: "in a user namespace proc and sysfs can be mounted only where they are visible already without anything mounted over parts of them: bind the outer ones, or uncover them",
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
    call: "mount_setattr",
    errno: "EPERM",
    line: /MOUNT_ATTR_IDMAP/,
    hint: "ids of a mount can be mapped only with CAP_SYS_ADMIN in the user namespace that its filesystem was mounted in: those of the host's only by root outside of any user namespace",
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
    hint: "this filesystem cannot be mounted with mapped ids on this kernel (tmpfs can since Linux 6.3, overlayfs cannot at all), or is mapped already; with ridmap that concerns every mount below it",
  },
  {
    call: "move_mount",
    errno: "EINVAL ENOTDIR",
    line: /# \/process\/terminal$/,
    hint: "/dev/console of the rootfs is a directory: the terminal is mounted on a file, or on nothing yet",
  },
  {
    call: "move_mount",
    errno: "EINVAL",
    hint: "the destination in the rootfs is of the other kind (a directory can be mounted on a directory only, a file on a file), or a mount on the way is shared: see /linux/rootfsPropagation",
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
  {
    call: "pivot_root",
    errno: "EBUSY",
    hint: "the root filesystem is the host's own root: it must be a mount of its own",
  },
  { call: "umount2", errno: "EINVAL", hint: "a mount that came from outside the user namespace is locked there" },

  // Devices and files.
  {
    call: "statx",
    errno: "EEXIST",
    line: /^statx\(\$null,/,
    hint: "/dev/null of the host is not the null device, so it masks nothing",
  },
  {
    call: "statx",
    errno: "EEXIST",
    line: /^statx\(\$master,/,
    hint: "the container's /dev/ptmx is no pty multiplexer: mount a devpts on /dev/pts",
  },
  {
    call: "statx",
    errno: "EEXIST",
    line: /^statx\(\$tree,/,
    hint: "the device is bound from the host, where its path has another type or number than the start wants (1:3 is null, 1:5 zero, 1:7 full, 1:8 random, 1:9 urandom, 5:0 tty)",
  },
  {
    call: "statx",
    errno: "EEXIST",
    hint: "a file of that name is in the rootfs already, and is another device or none: take it away, or mount a tmpfs on /dev",
  },
  {
    call: "unlinkat",
    errno: "EISDIR",
    line: /"ptmx"/,
    hint: "/dev/ptmx of the rootfs is a directory: take it away, or mount a tmpfs on /dev",
  },
  {
    call: "mknodat mknod",
    errno: "EPERM",
    hint: "devices cannot be made in a user namespace; tsrun binds the host's instead, if /dev is a tmpfs or writable",
  },
  {
    call: "mknodat mkdirat openat openat2 symlinkat",
    errno: "EROFS",
    hint: "the place is on a read-only filesystem: create it in the rootfs beforehand",
  },
  {
    call: "memfd_create",
    errno: "EACCES",
    hint: "the host forbids executable memory files: the sysctl vm.memfd_noexec must be 0 or 1",
  },
  {
    call: "openat openat2 memfd_create socketpair socket",
    errno: "EMFILE",
    hint: "the limit of open files is reached: raise RLIMIT_NOFILE of the caller",
  },
];
