// SPDX-License-Identifier: Apache-2.0
/** Who makes the cgroups: this process, nobody, or systemd, to which there is a connection only while it is needed. */
import type { SystemdUnits } from "../cgroup/systemd.ts";

export type CgroupDriver = "cgroupfs" | "disabled" | "systemd";

/** HostError: systemd is asked for, and cannot be reached. */
export async function withSystemd<T>(
  manager: CgroupDriver | undefined,
  work: (systemd: SystemdUnits | undefined) => Promise<T>,
): Promise<T> {
  if (manager !== "systemd") return work(undefined);
  const { SystemdUnits } = await import("../cgroup/systemd.ts");
  const systemd = await SystemdUnits.open();
  try {
    return await work(systemd);
  } finally {
    systemd.close();
  }
}
