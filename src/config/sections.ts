// SPDX-License-Identifier: Apache-2.0
/** Which section of the specification describes a place in config.json. */

/** The longest place that a pointer begins with counts. A number in a pointer is written 0 here. */
const SECTIONS: readonly (readonly [place: string, section: string])[] = [
  ["", "config.md#configuration"],
  ["/ociVersion", "config.md#specification-version"],
  ["/root", "config.md#root"],
  ["/mounts", "config.md#mounts"],
  ["/mounts/0/options", "config.md#linux-mount-options"],
  ["/mounts/0/type", "config.md#posix-platform-mounts"],
  ["/mounts/0/uidMappings", "config.md#posix-platform-mounts"],
  ["/mounts/0/gidMappings", "config.md#posix-platform-mounts"],
  ["/process", "config.md#process"],
  ["/process/rlimits", "config.md#posix-process"],
  ["/process/apparmorProfile", "config.md#linux-process"],
  ["/process/capabilities", "config.md#linux-process"],
  ["/process/noNewPrivileges", "config.md#linux-process"],
  ["/process/oomScoreAdj", "config.md#linux-process"],
  ["/process/scheduler", "config.md#linux-process"],
  ["/process/selinuxLabel", "config.md#linux-process"],
  ["/process/ioPriority", "config.md#linux-process"],
  ["/process/execCPUAffinity", "config.md#linux-process"],
  ["/process/user", "config.md#posix-platform-user"],
  ["/hostname", "config.md#hostname"],
  ["/domainname", "config.md#domainname"],
  ["/hooks", "config.md#posix-platform-hooks"],
  ["/annotations", "config.md#annotations"],
  ["/linux", "config.md#platform-specific-configuration"],
  ["/linux/namespaces", "config-linux.md#namespaces"],
  ["/linux/uidMappings", "config-linux.md#user-namespace-mappings"],
  ["/linux/gidMappings", "config-linux.md#user-namespace-mappings"],
  ["/linux/timeOffsets", "config-linux.md#offset-for-time-namespace"],
  ["/linux/devices", "config-linux.md#devices"],
  ["/linux/netDevices", "config-linux.md#network-devices"],
  ["/linux/cgroupsPath", "config-linux.md#cgroups-path"],
  ["/linux/resources", "config-linux.md#control-groups"],
  ["/linux/resources/devices", "config-linux.md#allowed-device-list"],
  ["/linux/resources/memory", "config-linux.md#memory"],
  ["/linux/resources/cpu", "config-linux.md#cpu"],
  ["/linux/resources/blockIO", "config-linux.md#block-io"],
  ["/linux/resources/hugepageLimits", "config-linux.md#huge-page-limits"],
  ["/linux/resources/network", "config-linux.md#network"],
  ["/linux/resources/pids", "config-linux.md#pids"],
  ["/linux/resources/rdma", "config-linux.md#rdma"],
  ["/linux/resources/unified", "config-linux.md#unified"],
  ["/linux/rootfsPropagation", "config-linux.md#rootfs-mount-propagation"],
  ["/linux/seccomp", "config-linux.md#seccomp"],
  ["/linux/sysctl", "config-linux.md#sysctl"],
  ["/linux/maskedPaths", "config-linux.md#masked-paths"],
  ["/linux/readonlyPaths", "config-linux.md#readonly-paths"],
  ["/linux/mountLabel", "config-linux.md#mount-label"],
  ["/linux/intelRdt", "config-linux.md#intelrdt"],
  ["/linux/memoryPolicy", "config-linux.md#memory-policy"],
  ["/linux/personality", "config-linux.md#personality"],
];
const BY_PLACE: ReadonlyMap<string, string> = new Map(SECTIONS);

/** `/process/rlimits/3/soft` -> `config.md#posix-process` */
export function sectionOf(path: string): string {
  for (let place = path.replace(/\/\d+(?=\/|$)/g, "/0"); place !== ""; place = place.slice(0, place.lastIndexOf("/"))) {
    const section = BY_PLACE.get(place);
    if (section !== undefined) return section;
  }
  return "config.md#configuration";
}
