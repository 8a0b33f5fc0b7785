// SPDX-License-Identifier: Apache-2.0
/** futex(2). */

/** Operations, with FUTEX_PRIVATE_FLAG. */
export const FUTEX = {
  FUTEX_WAIT_PRIVATE: 0x80,
} as const;
