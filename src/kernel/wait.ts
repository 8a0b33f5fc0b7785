// SPDX-License-Identifier: Apache-2.0
/** waitid(2), wait4(2), pidfd_open(2). */

/** What waitid(2) waits for. */
export const P = {
  P_ALL: 0,
  P_PID: 1,
  P_PGID: 2,
  P_PIDFD: 3,
} as const;

/** Options of wait4(2) and waitid(2). */
export const W = {
  WNOHANG: 0x1,
  WUNTRACED: 0x2,
  WEXITED: 0x4,
  WCONTINUED: 0x8,
  WNOWAIT: 0x1000000,
  __WNOTHREAD: 0x20000000,
  __WALL: 0x40000000,
  __WCLONE: 0x80000000,
} as const;
