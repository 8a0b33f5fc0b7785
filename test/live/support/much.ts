// SPDX-License-Identifier: Apache-2.0
/** A config that asks for a part of everything that a create does beside the container: whatever it makes must go again. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { KINDS } from "./hooks.ts";
import type { Spec } from "./spec.ts";

/** Hooks of all kinds, a filter of system calls, rules for devices, limits, and a mount with mapped ids in a user namespace. */
export function much(spec: Spec, dir: string): void {
  const mapping = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
  spec.linux.namespaces.push({ type: "user" });
  Object.assign(spec.linux, {
    uidMappings: mapping,
    gidMappings: mapping,
    seccomp: { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["uname"], action: "SCMP_ACT_ERRNO" }] },
    resources: {
      devices: [
        { allow: false, access: "rwm" },
        { allow: true, type: "c", major: 10, minor: 229, access: "rw" },
      ],
      pids: { limit: 50 },
      memory: { limit: 100_000_000 },
    },
  });
  for (const name of ["data", "rootfs/mapped"]) mkdirSync(join(dir, name), { recursive: true });
  spec.mounts.push({
    destination: "/mapped",
    source: join(dir, "data"),
    options: ["bind", "idmap"],
    uidMappings: [{ containerID: 0, hostID: 5000, size: 8 }],
    gidMappings: [{ containerID: 0, hostID: 5000, size: 8 }],
  });
  const hook = { path: "/bin/true", timeout: 30 };
  spec.hooks = Object.fromEntries(KINDS.map((kind) => [kind, [hook]]));
}
