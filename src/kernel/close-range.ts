// SPDX-License-Identifier: Apache-2.0
/** close_range(2). */

/** Flags. */
export const CLOSE_RANGE = {
  CLOSE_RANGE_UNSHARE: 0x2,
  CLOSE_RANGE_CLOEXEC: 0x4,
} as const;
