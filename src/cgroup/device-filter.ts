// SPDX-License-Identifier: Apache-2.0
/** The program for devices of a cgroup (v2): attached, or put in the place of another. cgroup-v2.rst, bpf(2). */
import { closeSync, constants, openSync } from "node:fs";
import {
  attachDeviceProgram,
  detachDeviceProgram,
  devicePrograms,
  loadDeviceProgram,
  programById,
} from "../native/bpf.ts";
import { close, type Fd } from "../native/fd.ts";

/**
 * Makes the program the only one of the cgroup: those of cgroups above it are asked as well, and stay.
 *
 * One that is there is replaced by a single call of the kernel. Of several, all are asked until they are taken away, so
 * that what neither the old nor the new ones allow is not open at any time. An error leaves the old ones where they are.
 */
export function replaceDeviceFilter(cgroupPath: string, program: Uint8Array): void {
  const cgroup = openSync(cgroupPath, constants.O_RDONLY | constants.O_DIRECTORY) as Fd;
  const open: Fd[] = [];
  const kept = (fd: Fd): Fd => {
    open.push(fd);
    return fd;
  };
  try {
    const before = devicePrograms(cgroup).map((id) => kept(programById(id)));
    const made = kept(loadDeviceProgram(program));
    if (before.length === 1) attachDeviceProgram(cgroup, made, before[0]);
    else {
      attachDeviceProgram(cgroup, made);
      for (const old of before) detachDeviceProgram(cgroup, old);
    }
  } finally {
    for (const fd of open) close(fd);
    closeSync(cgroup);
  }
}
