// SPDX-License-Identifier: Apache-2.0
/** The SELinux label of what is in a mount. config-linux.md#mount-label, mount(8): `context=`. */

import { O } from "../kernel/open.ts";
import { utf8 } from "../kernel/quote.ts";
import { bytes, flags, int, ref, string } from "../plan/operands.ts";
import type { Call } from "../plan/step.ts";
import type { MountJob } from "./mount-job.ts";
import { close, type Scope } from "./scope.ts";

/** Their files have labels of the kernel's own policy; a context would be refused, or do harm. */
const LABELLED_BY_KERNEL: ReadonlySet<string> = new Set(["proc", "sysfs", "mqueue", "cgroup", "cgroup2"]);
/** What fsconfig(2) takes as a value. */
const VALUE_BYTES = 255;

export function checkMountLabel({ config, facts, findings }: Scope): void {
  const label = config.linux?.mountLabel ?? "";
  if (label === "") return;
  const fault = (message: string) =>
    findings.push({ pointer: "/linux/mountLabel", message, spec: "config-linux.md#mount-label" });
  if (!facts.lsm.selinux) fault("SELinux is not enabled in this kernel");
  if (utf8(label).length > VALUE_BYTES || label.includes('"')) {
    fault(`expected a label of at most ${VALUE_BYTES} bytes and without quotes`);
  }
}

/** The label as a parameter of the filesystem; an option of the mount's own goes before it. */
export function labelOf({ config }: Scope, type: string, data: readonly string[] = []): readonly [string, string][] {
  const label = config.linux?.mountLabel ?? "";
  if (label === "" || LABELLED_BY_KERNEL.has(type) || data.some((option) => /(^|,)context=/.test(option))) return [];
  return [["context", label]];
}

/** A message queue filesystem takes no context; its root directory can be labelled, as runc does. */
export function labelQueues({ scope, make, mount }: MountJob, name: string): Call[] {
  const label = scope.config.linux?.mountLabel ?? "";
  if (label === "" || mount.type !== "mqueue") return [];
  const how = flags(O, O.O_RDONLY | O.O_DIRECTORY | O.O_NOFOLLOW | O.O_CLOEXEC);
  const size = utf8(label).length;
  return [
    make("openat", [ref(name), string("."), how], { result: "queues" }),
    make("fsetxattr", [ref("queues"), string("security.selinux"), bytes(label), int(size), int(0)]),
    close(make, "queues"),
  ];
}
