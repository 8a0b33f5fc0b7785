// SPDX-License-Identifier: Apache-2.0
/** The mount options that the runtime itself understands; all others are for the file system. config.md#linux-mount-options. */

const FLAGS = [
  "async atime dev diratime dirsync exec iversion lazytime loud mand noatime nodev nodiratime noexec noiversion",
  "nolazytime nomand norelatime nostrictatime nosuid nosymfollow relatime ro rw silent strictatime suid symfollow sync",
  "defaults remount bind rbind",
];
const PROPAGATION = ["private rprivate shared rshared slave rslave unbindable runbindable"];
/** Set by mount_setattr(2) with AT_RECURSIVE. */
const RECURSIVE = [
  "ratime rdev rdiratime rexec rnoatime rnodev rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow",
  "rrelatime rro rrw rstrictatime rsuid rsymfollow",
];
const ACTS = ["tmpcopyup idmap ridmap"];

export const MOUNT_OPTION_NAMES: ReadonlySet<string> = new Set(
  [...FLAGS, ...PROPAGATION, ...RECURSIVE, ...ACTS].join(" ").split(" "),
);
