// SPDX-License-Identifier: Apache-2.0
/** Flags that statfs(2) tells in f_flags. */

/** Flags of a mount and its filesystem. ST_VALID means that the kernel filled them. */
export const ST = {
  ST_VALID: 0x20,
  ST_RDONLY: 0x1,
  ST_NOSUID: 0x2,
  ST_NODEV: 0x4,
  ST_NOEXEC: 0x8,
  ST_SYNCHRONOUS: 0x10,
  ST_MANDLOCK: 0x40,
  ST_NOATIME: 0x400,
  ST_NODIRATIME: 0x800,
  ST_RELATIME: 0x1000,
  ST_NOSYMFOLLOW: 0x2000,
} as const;
