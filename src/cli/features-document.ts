// SPDX-License-Identifier: Apache-2.0
/** What this runtime can do: features.md, features-linux.md. Made of the tables that do it. */
import { PROPERTY_ANNOTATIONS } from "../cgroup/systemd-annotations.ts";
import { MOUNT_OPTIONS } from "../compile/mount-options.ts";
import type { NamespaceKind } from "../config/config.ts";
import { STOP_SIGNAL } from "../config/rules-document.ts";
import { HOOK_NAMES } from "../config/rules-hooks.ts";
import { CAP } from "../kernel/capability.ts";
import { MPOL, MPOL_F } from "../kernel/mempolicy.ts";
import { PROFILE_FLAGS, SCMP_ACT, SCMP_ARCH, SCMP_CMP } from "../kernel/seccomp-profile.ts";
import { knowsFlag } from "../runtime/seccomp.ts";
import { SPEC_VERSION } from "./version.ts";

/** The document says what is recognized; what is not listed, and what is not `true`, comes in a later version. */
export function featuresDocument(): Record<string, unknown> {
  return {
    ociVersionMin: "1.0.0",
    ociVersionMax: SPEC_VERSION,
    hooks: HOOK_NAMES,
    mountOptions: Object.keys(MOUNT_OPTIONS).sort(),
    linux: {
      namespaces: Object.keys(NAMESPACES).sort(),
      capabilities: Object.keys(CAP),
      cgroup: { v1: true, v2: true, systemd: true, systemdUser: true, rdma: true },
      seccomp: {
        enabled: true,
        actions: Object.keys(SCMP_ACT),
        operators: Object.keys(SCMP_CMP),
        archs: Object.keys(SCMP_ARCH),
        knownFlags: PROFILE_FLAGS,
        supportedFlags: PROFILE_FLAGS.filter(knowsFlag),
      },
      apparmor: { enabled: true },
      selinux: { enabled: true },
      memoryPolicy: { modes: Object.keys(MPOL), flags: Object.keys(MPOL_F) },
      intelRdt: { enabled: true, schemata: true, monitoring: true },
      mountExtensions: { idmap: { enabled: true } },
      netDevices: { enabled: true },
    },
    potentiallyUnsafeConfigAnnotations: ["org.criu.config", PROPERTY_ANNOTATIONS, STOP_SIGNAL].sort(),
  };
}

// A type that the configuration learns must be listed here before it compiles.
const NAMESPACES: Readonly<Record<NamespaceKind, true>> = {
  cgroup: true,
  ipc: true,
  mount: true,
  network: true,
  pid: true,
  time: true,
  user: true,
  uts: true,
};
