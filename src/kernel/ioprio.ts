// SPDX-License-Identifier: Apache-2.0
/** ioprio_set(2). */

/** Whose priority it is. */
export const IOPRIO_WHO = {
  IOPRIO_WHO_PROCESS: 1,
  IOPRIO_WHO_PGRP: 2,
  IOPRIO_WHO_USER: 3,
} as const;

/** Classes of I/O scheduling; in a priority they stand above the 13 bits of the level. */
export const IOPRIO_CLASS = {
  IOPRIO_CLASS_NONE: 0,
  IOPRIO_CLASS_RT: 1,
  IOPRIO_CLASS_BE: 2,
  IOPRIO_CLASS_IDLE: 3,
} as const;

export const IOPRIO_CLASS_SHIFT = 13;
