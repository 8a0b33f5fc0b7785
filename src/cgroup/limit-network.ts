// SPDX-License-Identifier: Apache-2.0
/** linux.resources.network as files of a cgroup. config-linux.md#network; the kernel's net_cls and net_prio, v1 alone. */
import type { NetworkClass } from "../config/config.ts";
import type { LimitDesk } from "./limit-desk.ts";

const PLACE = "/linux/resources/network";

/** A class of 0 is none: nothing is set, as with runc. */
export function networkWrites({ classID = 0, priorities = [] }: NetworkClass, desk: LimitDesk): void {
  if (classID > 0) {
    desk.put("net_cls", `${PLACE}/classID`, { v1: { file: "net_cls.classid", data: String(classID) } });
  }
  for (const [index, { name, priority }] of priorities.entries()) {
    const v1 = { file: "net_prio.ifpriomap", data: `${name} ${priority}` };
    desk.put("net_prio", `${PLACE}/priorities/${index}`, { v1 });
  }
}
