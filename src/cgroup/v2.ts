// SPDX-License-Identifier: Apache-2.0
/** cgroup v2: one hierarchy. cgroups(7), the kernel's admin-guide/cgroup-v2. */
import { HostError } from "../errors/errors.ts";
import type { Driver } from "./driver.ts";
import { demandWritable, read, within, write } from "./files.ts";

export const v2: Driver = {
  prepare(dir) {
    const type = read(within(dir.path, "cgroup.type"))?.trim();
    if (type === "threaded" || type === "domain invalid") {
      throw new HostError(
        `cgroup ${dir.path}: its type is "${type}", and the kernel lets no process into such a cgroup`,
      );
    }
    const enabled = read(within(dir.path, "cgroup.subtree_control"))?.trim() ?? "";
    if (enabled !== "" && type === "domain") {
      throw new HostError(
        `cgroup ${dir.path}: it hands ${enabled} to its children, so it cannot hold processes itself`,
      );
    }
    if (dir.ancestor !== undefined) demandWritable(`${dir.ancestor}/cgroup.procs`);
  },

  // Since Linux 5.2.
  freezes: () => true,

  frozen(path) {
    return read(within(path, "cgroup.freeze"))?.trim() === "1" || v2.stopped(path);
  },

  stopped: (path) => /^frozen 1$/m.test(read(within(path, "cgroup.events")) ?? ""),

  setFrozen: (path, frozen) => write(within(path, "cgroup.freeze"), frozen ? "1" : "0"),

  // Since Linux 5.14; a threaded cgroup answers EOPNOTSUPP.
  kill: (path) => write(within(path, "cgroup.kill"), "1"),
};
