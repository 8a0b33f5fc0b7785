// SPDX-License-Identifier: Apache-2.0
/** The named list of what a config.json must keep to besides its schema. */
import type { Rule } from "./rule.ts";
import { DEVICE_RULES } from "./rules-devices.ts";
import { DOCUMENT_RULES } from "./rules-document.ts";
import { HOOK_RULES } from "./rules-hooks.ts";
import { IDMAP_RULES } from "./rules-idmap.ts";
import { ID_RULES } from "./rules-ids.ts";
import { INTEL_RDT_RULES } from "./rules-intel-rdt.ts";
import { LINUX_RULES } from "./rules-linux.ts";
import { MOUNT_RULES } from "./rules-mounts.ts";
import { NAMESPACE_RULES } from "./rules-namespaces.ts";
import { NET_DEVICE_RULES } from "./rules-net-devices.ts";
import { PROCESS_RULES } from "./rules-process.ts";
import { RESOURCE_RULES } from "./rules-resources.ts";
import { SCHEDULING_RULES } from "./rules-scheduling.ts";
import { SECCOMP_RULES } from "./rules-seccomp.ts";

/** In the order in which findings are told. */
export const RULES: readonly Rule[] = [
  ...DOCUMENT_RULES,
  ...PROCESS_RULES,
  ...ID_RULES,
  ...SCHEDULING_RULES,
  ...MOUNT_RULES,
  ...IDMAP_RULES,
  ...NAMESPACE_RULES,
  ...LINUX_RULES,
  ...DEVICE_RULES,
  ...NET_DEVICE_RULES,
  ...INTEL_RDT_RULES,
  ...RESOURCE_RULES,
  ...HOOK_RULES,
  ...SECCOMP_RULES,
];
