// SPDX-License-Identifier: Apache-2.0
/** `tmpcopyup`: what the rootfs has at the place of a tmpfs is copied into it. config.md#linux-mount-options. */
import type { CopyUpEntry } from "../host/facts.ts";
import { AT, O, RESOLVE } from "../kernel/open.ts";
import { flags, int, mode, NULL, ref, string, struct } from "../plan/operands.ts";
import type { Call } from "../plan/step.ts";
import type { MountJob } from "./mount-job.ts";
import { close, type Make } from "./scope.ts";

/** Copies into the detached tmpfs `$mount`. The list was read before the start; a file that changes since then ends it. */
export function copyUp({ scope, make, mount, path }: MountJob): Call[] {
  const entries = scope.facts.copyUp[mount.destination] ?? [];
  return entries.flatMap((entry) => {
    if (entry.kind === "directory") return copyDirectory(make, entry);
    if (entry.kind === "symlink") return copySymlink(make, entry);
    return copyFile(make, entry, [...path, entry.path].join("/"));
  });
}

function copyDirectory(make: Make, entry: CopyUpEntry): Call[] {
  return [make("mkdirat", [ref("mount"), string(entry.path), mode(entry.mode)]), ...owner(make, entry)];
}

function copySymlink(make: Make, entry: CopyUpEntry): Call[] {
  return [make("symlinkat", [string(entry.link ?? ""), ref("mount"), string(entry.path)]), ...owner(make, entry)];
}

function owner(make: Make, { path, uid, gid }: CopyUpEntry): Call[] {
  if (uid === 0 && gid === 0) return [];
  const nofollow = flags(AT, AT.AT_SYMLINK_NOFOLLOW);
  return [make("fchownat", [ref("mount"), string(path), int(uid), int(gid), nofollow])];
}

function copyFile(make: Make, entry: CopyUpEntry, source: string): Call[] {
  const read = struct("open_how", {
    flags: flags(O, O.O_RDONLY | O.O_NONBLOCK | O.O_NOFOLLOW | O.O_CLOEXEC),
    resolve: flags(RESOLVE, RESOLVE.RESOLVE_IN_ROOT | RESOLVE.RESOLVE_NO_SYMLINKS),
  });
  const write = flags(O, O.O_WRONLY | O.O_CREAT | O.O_EXCL | O.O_NOFOLLOW | O.O_CLOEXEC);
  return [
    make("openat2", [ref("root"), string(source), read, int(24)], { result: "from" }),
    make("openat", [ref("mount"), string(entry.path), write, mode(entry.mode)], { result: "to" }),
    ...(entry.size === 0
      ? []
      : [make("sendfile", [ref("to"), ref("from"), NULL, int(entry.size)], { expect: entry.size })]),
    make("fchown", [ref("to"), int(entry.uid), int(entry.gid)]),
    // chown(2) takes the set-user-ID bit away.
    make("fchmod", [ref("to"), mode(entry.mode)]),
    close(make, "to"),
    close(make, "from"),
  ];
}
