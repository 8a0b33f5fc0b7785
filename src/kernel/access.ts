// SPDX-License-Identifier: Apache-2.0
/** What faccessat(2) asks. */

/** Kinds of access; F_OK asks only whether the file exists. */
export const ACCESS = {
  F_OK: 0,
  R_OK: 4,
  W_OK: 2,
  X_OK: 1,
} as const;
