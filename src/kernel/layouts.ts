// SPDX-License-Identifier: Apache-2.0
/**
 * Structures that calls take a pointer to: where each field lies, and how strace prints it. Little-endian, the same on
 * x86-64 and arm64. Fields stand at their natural alignment; a gap shows in the offsets.
 */
import { LINUX_CAPABILITY } from "./capability.ts";
import { CLONE } from "./clone.ts";
import type { FlagTable } from "./flags.ts";
import { MAGIC } from "./magic.ts";
import { MOUNT_ATTR, MS } from "./mount.ts";
import { NLMSG, RTM } from "./netlink.ts";
import { O, RESOLVE, S } from "./open.ts";
import { POLL } from "./poll.ts";
import { SCHED, SCHED_FLAG } from "./sched.ts";
import { IFF, MSG, SCM, SOL } from "./socket.ts";
import { ST } from "./statfs.ts";
import { STATX, STATX_ATTR } from "./statx.ts";

export interface Field {
  readonly name: string;
  readonly offset: number;
  /** In bytes: 1, 2, 4 or 8 for a number; 8 for a pointer; anything for bytes. */
  readonly size: number;
  readonly flags?: FlagTable;
  /** How a number is printed; 10 unless told. */
  readonly base?: 8 | 10 | 16;
  readonly signed?: true;
  /** The field holds a pointer; its operand is one that points: string, bytes, struct, address, null. */
  readonly pointer?: true;
  /** The field holds bytes in place (an array of char): its operand is string or bytes. */
  readonly inline?: true;
}

export interface Layout {
  readonly size: number;
  readonly fields: readonly Field[];
}

/** struct open_how, 24 bytes. openat2(2). */
const open_how: Layout = {
  size: 24,
  fields: [
    { offset: 0, size: 8, name: "flags", flags: O },
    { offset: 8, size: 8, name: "mode", base: 8 },
    { offset: 16, size: 8, name: "resolve", flags: RESOLVE },
  ],
};

/** struct mount_attr, 32 bytes. mount_setattr(2). */
const mount_attr: Layout = {
  size: 32,
  fields: [
    { offset: 0, size: 8, name: "attr_set", flags: MOUNT_ATTR },
    { offset: 8, size: 8, name: "attr_clr", flags: MOUNT_ATTR },
    { offset: 16, size: 8, name: "propagation", flags: MS },
    { offset: 24, size: 8, name: "userns_fd" },
  ],
};

/** struct rlimit64, 16 bytes. prlimit(2). 2^64 - 1 is RLIM64_INFINITY. */
const rlimit: Layout = {
  size: 16,
  fields: [
    { offset: 0, size: 8, name: "rlim_cur" },
    { offset: 8, size: 8, name: "rlim_max" },
  ],
};

/** struct ifreq, 40 bytes, with its flags. netdevice(7). The union after the name has 24 bytes. */
const ifreq_flags: Layout = {
  size: 40,
  fields: [
    { offset: 0, size: 16, name: "ifr_name", inline: true },
    { offset: 16, size: 2, name: "ifr_flags", flags: IFF },
  ],
};

/** struct __user_cap_header_struct, 8 bytes. capset(2). */
const user_cap_header: Layout = {
  size: 8,
  fields: [
    { offset: 0, size: 4, name: "version", flags: LINUX_CAPABILITY },
    { offset: 4, size: 4, name: "pid", signed: true },
  ],
};

/** Two struct __user_cap_data_struct, 24 bytes: version 3 has the capabilities 0 to 31 in the first. capset(2). */
const user_cap_data: Layout = {
  size: 24,
  fields: [
    { offset: 0, size: 4, name: "effective0", base: 16 },
    { offset: 4, size: 4, name: "permitted0", base: 16 },
    { offset: 8, size: 4, name: "inheritable0", base: 16 },
    { offset: 12, size: 4, name: "effective1", base: 16 },
    { offset: 16, size: 4, name: "permitted1", base: 16 },
    { offset: 20, size: 4, name: "inheritable1", base: 16 },
  ],
};

/** struct statx, 256 bytes; the times (64 to 127) and the spare room (160 to 255) are left out. statx(2). */
const statx: Layout = {
  size: 256,
  fields: [
    { offset: 0, size: 4, name: "stx_mask", flags: STATX },
    { offset: 4, size: 4, name: "stx_blksize" },
    { offset: 8, size: 8, name: "stx_attributes", flags: STATX_ATTR },
    { offset: 16, size: 4, name: "stx_nlink" },
    { offset: 20, size: 4, name: "stx_uid" },
    { offset: 24, size: 4, name: "stx_gid" },
    { offset: 28, size: 2, name: "stx_mode", flags: S },
    { offset: 32, size: 8, name: "stx_ino" },
    { offset: 40, size: 8, name: "stx_size" },
    { offset: 48, size: 8, name: "stx_blocks" },
    { offset: 56, size: 8, name: "stx_attributes_mask", flags: STATX_ATTR },
    { offset: 128, size: 4, name: "stx_rdev_major" },
    { offset: 132, size: 4, name: "stx_rdev_minor" },
    { offset: 136, size: 4, name: "stx_dev_major" },
    { offset: 140, size: 4, name: "stx_dev_minor" },
    { offset: 144, size: 8, name: "stx_mnt_id" },
    { offset: 152, size: 4, name: "stx_dio_mem_align" },
    { offset: 156, size: 4, name: "stx_dio_offset_align" },
  ],
};

/** struct statfs, 120 bytes, of 64-bit kernels; 32 spare bytes at its end. statfs(2). */
const statfs: Layout = {
  size: 120,
  fields: [
    { offset: 0, size: 8, name: "f_type", flags: MAGIC },
    { offset: 8, size: 8, name: "f_bsize" },
    { offset: 16, size: 8, name: "f_blocks" },
    { offset: 24, size: 8, name: "f_bfree" },
    { offset: 32, size: 8, name: "f_bavail" },
    { offset: 40, size: 8, name: "f_files" },
    { offset: 48, size: 8, name: "f_ffree" },
    { offset: 56, size: 8, name: "f_fsid" },
    { offset: 64, size: 8, name: "f_namelen" },
    { offset: 72, size: 8, name: "f_frsize" },
    { offset: 80, size: 8, name: "f_flags", flags: ST },
  ],
};

/** struct winsize, 8 bytes. ioctl_tty(2). */
const winsize: Layout = {
  size: 8,
  fields: [
    { offset: 0, size: 2, name: "ws_row" },
    { offset: 2, size: 2, name: "ws_col" },
    { offset: 4, size: 2, name: "ws_xpixel" },
    { offset: 6, size: 2, name: "ws_ypixel" },
  ],
};

/** struct iovec, 16 bytes: one piece of a message. */
const iovec: Layout = {
  size: 16,
  fields: [
    { offset: 0, size: 8, name: "iov_base", pointer: true },
    { offset: 8, size: 8, name: "iov_len" },
  ],
};

/** Three struct iovec, 48 bytes: a message in up to three pieces. */
const iovec3: Layout = {
  size: 48,
  fields: [
    { offset: 0, size: 8, name: "iov_base0", pointer: true },
    { offset: 8, size: 8, name: "iov_len0" },
    { offset: 16, size: 8, name: "iov_base1", pointer: true },
    { offset: 24, size: 8, name: "iov_len1" },
    { offset: 32, size: 8, name: "iov_base2", pointer: true },
    { offset: 40, size: 8, name: "iov_len2" },
  ],
};

/** struct nlmsghdr and, where its type is NLMSG_ERROR, the errno below zero that begins struct nlmsgerr: 20 bytes. netlink(7). */
const nlmsgerr: Layout = {
  size: 20,
  fields: [
    { offset: 0, size: 4, name: "nlmsg_len" },
    { offset: 4, size: 2, name: "nlmsg_type", flags: { ...NLMSG, ...RTM } },
    { offset: 6, size: 2, name: "nlmsg_flags", base: 16 },
    { offset: 8, size: 4, name: "nlmsg_seq" },
    { offset: 12, size: 4, name: "nlmsg_pid" },
    { offset: 16, size: 4, name: "error", signed: true },
  ],
};

/** struct msghdr, 56 bytes. sendmsg(2). */
const msghdr: Layout = {
  size: 56,
  fields: [
    { offset: 0, size: 8, name: "msg_name", pointer: true },
    { offset: 8, size: 4, name: "msg_namelen" },
    { offset: 16, size: 8, name: "msg_iov", pointer: true },
    { offset: 24, size: 8, name: "msg_iovlen" },
    { offset: 32, size: 8, name: "msg_control", pointer: true },
    { offset: 40, size: 8, name: "msg_controllen" },
    { offset: 48, size: 4, name: "msg_flags", flags: MSG },
  ],
};

/** struct cmsghdr with one file descriptor, 24 bytes: CMSG_SPACE(4); cmsg_len is 20, CMSG_LEN(4). cmsg(3). */
const cmsg_fd: Layout = {
  size: 24,
  fields: [
    { offset: 0, size: 8, name: "cmsg_len" },
    { offset: 8, size: 4, name: "cmsg_level", flags: SOL },
    { offset: 12, size: 4, name: "cmsg_type", flags: SCM },
    { offset: 16, size: 4, name: "cmsg_data", signed: true },
  ],
};

/** int, 4 bytes: for example what ioctl(fd, TIOCSPTLCK, &int) reads. */
const int: Layout = { size: 4, fields: [{ offset: 0, size: 4, name: "value", signed: true }] };

/** Room for a path, 4096 bytes (PATH_MAX): what getcwd(2) fills. Its first byte tells `/` (0x2f) from `(unreachable)`. */
const path: Layout = { size: 4096, fields: [{ offset: 0, size: 1, name: "first", base: 16 }] };

/** 8 bytes of text or of a small message. */
const char8: Layout = { size: 8, fields: [{ offset: 0, size: 8, name: "value", inline: true }] };

/** struct timespec, 16 bytes. nanosleep(2). */
const timespec: Layout = {
  size: 16,
  fields: [
    { offset: 0, size: 8, name: "tv_sec", signed: true },
    { offset: 8, size: 8, name: "tv_nsec", signed: true },
  ],
};

/** struct pollfd, 8 bytes. poll(2). */
const pollfd: Layout = {
  size: 8,
  fields: [
    { offset: 0, size: 4, name: "fd", signed: true },
    { offset: 4, size: 2, name: "events", flags: POLL },
    { offset: 6, size: 2, name: "revents", flags: POLL },
  ],
};

/** struct clone_args, 88 bytes. clone3(2). */
const clone_args: Layout = {
  size: 88,
  fields: [
    { offset: 0, size: 8, name: "flags", flags: CLONE },
    { offset: 8, size: 8, name: "pidfd", pointer: true },
    { offset: 16, size: 8, name: "child_tid", pointer: true },
    { offset: 24, size: 8, name: "parent_tid", pointer: true },
    { offset: 32, size: 8, name: "exit_signal" },
    { offset: 40, size: 8, name: "stack", pointer: true },
    { offset: 48, size: 8, name: "stack_size" },
    { offset: 56, size: 8, name: "tls" },
    { offset: 64, size: 8, name: "set_tid", pointer: true },
    { offset: 72, size: 8, name: "set_tid_size" },
    { offset: 80, size: 8, name: "cgroup" },
  ],
};

/** struct sched_attr, 56 bytes: version 1, of Linux 5.3. sched_setattr(2). */
const sched_attr: Layout = {
  size: 56,
  fields: [
    { offset: 0, size: 4, name: "size" },
    { offset: 4, size: 4, name: "sched_policy", flags: SCHED },
    { offset: 8, size: 8, name: "sched_flags", flags: SCHED_FLAG },
    { offset: 16, size: 4, name: "sched_nice", signed: true },
    { offset: 20, size: 4, name: "sched_priority" },
    { offset: 24, size: 8, name: "sched_runtime" },
    { offset: 32, size: 8, name: "sched_deadline" },
    { offset: 40, size: 8, name: "sched_period" },
    { offset: 48, size: 4, name: "sched_util_min" },
    { offset: 52, size: 4, name: "sched_util_max" },
  ],
};

/** struct sock_fprog, 16 bytes: a filter, and how many instructions of 8 bytes it has. seccomp(2). */
const sock_fprog: Layout = {
  size: 16,
  fields: [
    { offset: 0, size: 2, name: "len" },
    { offset: 8, size: 8, name: "filter", pointer: true },
  ],
};

const TABLE = {
  open_how,
  mount_attr,
  rlimit,
  ifreq_flags,
  user_cap_header,
  user_cap_data,
  statx,
  statfs,
  winsize,
  iovec,
  iovec3,
  nlmsgerr,
  msghdr,
  cmsg_fd,
  int,
  path,
  char8,
  timespec,
  pollfd,
  clone_args,
  sched_attr,
  sock_fprog,
} as const;

export type LayoutName = keyof typeof TABLE;

export const LAYOUTS: Readonly<Record<LayoutName, Layout>> = TABLE;
