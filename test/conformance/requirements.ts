// SPDX-License-Identifier: Apache-2.0
/** The conformance table: every MUST, MUST NOT, REQUIRED and SHALL of the specification that concerns Linux. */
import type { Row } from "./row.ts";
import { ANNOTATIONS } from "./rows/annotations.ts";
import { CGROUPS } from "./rows/cgroups.ts";
import { HOOKS } from "./rows/hooks.ts";
import { INTEL_RDT } from "./rows/intel-rdt.ts";
import { LIFECYCLE } from "./rows/lifecycle.ts";
import { LINUX } from "./rows/linux.ts";
import { MOUNTS } from "./rows/mounts.ts";
import { OPERATIONS } from "./rows/operations.ts";
import { PROCESS } from "./rows/process.ts";
import { RESOURCES } from "./rows/resources.ts";
import { SECCOMP } from "./rows/seccomp.ts";

export const REQUIREMENTS: readonly Row[] = [
  ...LIFECYCLE,
  ...OPERATIONS,
  ...MOUNTS,
  ...PROCESS,
  ...HOOKS,
  ...ANNOTATIONS,
  ...LINUX,
  ...CGROUPS,
  ...RESOURCES,
  ...INTEL_RDT,
  ...SECCOMP,
];
