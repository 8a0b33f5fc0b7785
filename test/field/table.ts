// SPDX-License-Identifier: Apache-2.0
/** The table of features. */
import type { Chapter } from "./row.ts";
import { CGROUP_FEATURES } from "./rows-cgroups.ts";
import { MOUNT_FEATURES, PROCESS_FEATURES } from "./rows-config.ts";
import { LINUX_FEATURES } from "./rows-linux.ts";
import { RUNTIME_FEATURES, SECCOMP_FEATURES } from "./rows-runtime.ts";

export const CHAPTERS: readonly Chapter[] = [
  MOUNT_FEATURES,
  PROCESS_FEATURES,
  LINUX_FEATURES,
  CGROUP_FEATURES,
  SECCOMP_FEATURES,
  RUNTIME_FEATURES,
];
