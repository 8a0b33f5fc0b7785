// SPDX-License-Identifier: Apache-2.0
/** The mounts of config.json, in the listed order. config.md#mounts. */

import { components } from "../kernel/path.ts";
import type { Step } from "../plan/step.ts";
import { bindMount } from "./bind-mounts.ts";
import { cgroupMount } from "./cgroup-mount.ts";
import { remount } from "./classic-mount.ts";
import { filesystemMount, isDev } from "./filesystems.ts";
import { isBind, type MountJob, mountJobs } from "./mount-job.ts";
import { checkMountLabel } from "./mount-label.ts";
import { namespaceOf, type Scope } from "./scope.ts";

/** Files of /proc that may be mounted over, for tools that fake them; runc has the same list. */
const PROC_FILES = new Set([
  ...["cpuinfo", "diskstats", "meminfo", "stat", "swaps", "uptime", "loadavg", "slabinfo"],
  ...["sys/kernel/ns_last_pid", "sys/crypto/fips_enabled"],
]);

export function mounts(scope: Scope): readonly Step[] {
  checkMountLabel(scope);
  const jobs = mountJobs(scope);
  if (jobs.length > 0 && namespaceOf(scope, "mount") === "inherited") {
    const message =
      'need a mount namespace, or they would be made on the host; add {"type": "mount"} to /linux/namespaces';
    scope.findings.push({ pointer: "/mounts", message, spec: "config-linux.md#namespaces" });
    return [];
  }
  let devIsOpen = false;
  return jobs.flatMap((job) => {
    const steps = mountSteps({ ...job, devIsOpen });
    if (job.path.length === 1 && job.path[0] === "dev") devIsOpen = isDev(job);
    return steps;
  });
}

function mountSteps(job: MountJob): Step[] {
  const { scope, mount, options, path, index } = job;
  if (path.length === 0) {
    const message = 'must lie below "/"; the root itself is /root';
    scope.findings.push({ pointer: `/mounts/${index}/destination`, message, spec: "config.md#mounts" });
    return [];
  }
  checkProc(job);
  if (options.remount) return remount(job);
  if (isBind(job)) return bindMount(job);
  if (mount.type === undefined || mount.type === "") {
    const message = "is needed for a mount that is no bind mount (options without bind and rbind)";
    scope.findings.push({ pointer: `/mounts/${index}/type`, message, spec: "config.md#posix-platform-mounts" });
    return [];
  }
  if (mount.type === "cgroup" || mount.type === "cgroup2") return cgroupMount(job);
  return filesystemMount(job);
}

/** A label or a sysctl must never be written to a file that only looks like procfs: CVE-2019-16884. */
function checkProc({ scope, mount, path, index }: MountJob): void {
  if (path[0] !== "proc" || (path.length === 1 && mount.type === "proc")) return;
  const below = path.slice(1).join("/");
  if (PROC_FILES.has(below)) return;
  const source = components(mount.source ?? "").join("/");
  if (path.length === 1 && source === "proc") return;
  const message = `${JSON.stringify(mount.destination)} lies in /proc, where only a proc filesystem and a few files may be mounted`;
  scope.findings.push({ pointer: `/mounts/${index}/destination`, message, spec: "tsrun rule (runc refuses this too)" });
}
