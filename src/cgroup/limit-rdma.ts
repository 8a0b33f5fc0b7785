// SPDX-License-Identifier: Apache-2.0
/** linux.resources.rdma as a file of a cgroup. config-linux.md#rdma; the kernel's cgroup-v1/rdma and cgroup-v2. */
import type { Resources } from "../config/config.ts";
import { pointer } from "../config/pointer.ts";
import { inBoth, type LimitDesk } from "./limit-desk.ts";

/** One line a device. 0 is a limit; what is absent stays as it is. */
export function rdmaWrites(rdma: NonNullable<Resources["rdma"]>, desk: LimitDesk): void {
  for (const [device, { hcaHandles, hcaObjects }] of Object.entries(rdma)) {
    const handles = hcaHandles === undefined ? "" : ` hca_handle=${hcaHandles}`;
    const objects = hcaObjects === undefined ? "" : ` hca_object=${hcaObjects}`;
    const from = pointer("linux", "resources", "rdma", device);
    desk.put("rdma", from, inBoth("rdma.max", `${device}${handles}${objects}`));
  }
}
