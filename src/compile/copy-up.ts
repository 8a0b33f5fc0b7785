// SPDX-License-Identifier: Apache-2.0
/** `tmpcopyup`: what the rootfs has at the place of a tmpfs is copied into it. config.md#linux-mount-options. */
import type { CopyUpEntry } from "../host/facts.ts";
import { AT, O, RESOLVE, S } from "../kernel/open.ts";
import { flags, int, mode, NULL, ref, string, struct } from "../plan/operands.ts";
import type { Call } from "../plan/step.ts";
import type { MountJob } from "./mount-job.ts";
import { close, type Make } from "./scope.ts";

/**
 * Copies into a tmpfs that nobody has seen yet, kept as `$name`: directories, files and symlinks with their owners and
 * modes. The list was read before the start; a file that changes since then ends it. Extended attributes (ACLs, file
 * capabilities) are not copied, and times are those of the start. The root of the tmpfs belongs to root, as runc's does.
 */
export function copyUp({ scope, make, mount, path }: MountJob, name: string): Call[] {
  const entries = scope.facts.copyUp[mount.destination] ?? [];
  const into: Into = { make, name };
  return [
    ...entries.flatMap((entry) => {
      if (entry.kind === "directory") return copyDirectory(into, entry);
      if (entry.kind === "symlink") return copySymlink(into, entry);
      return copyFile(into, entry, [...path, entry.path].join("/"));
    }),
    // Last, for a set-group-ID directory passes its group on to what is made in it; and mkdir(2) ignores the bit.
    ...entries
      .filter(({ kind, mode: bits }) => kind === "directory" && (bits & SET_IDS) !== 0)
      .map((entry) => make("fchmodat", [ref(name), string(entry.path), mode(entry.mode)])),
  ];
}

const SET_IDS = S.S_ISUID | S.S_ISGID;

interface Into {
  readonly make: Make;
  /** The tmpfs. */
  readonly name: string;
}

function copyDirectory({ make, name }: Into, entry: CopyUpEntry): Call[] {
  return [
    make("mkdirat", [ref(name), string(entry.path), mode(entry.mode & ~SET_IDS)]),
    ...owner({ make, name }, entry),
  ];
}

function copySymlink({ make, name }: Into, entry: CopyUpEntry): Call[] {
  return [
    make("symlinkat", [string(entry.link ?? ""), ref(name), string(entry.path)]),
    ...owner({ make, name }, entry),
  ];
}

function owner({ make, name }: Into, { path, uid, gid }: CopyUpEntry): Call[] {
  if (uid === 0 && gid === 0) return [];
  const nofollow = flags(AT, AT.AT_SYMLINK_NOFOLLOW);
  return [make("fchownat", [ref(name), string(path), int(uid), int(gid), nofollow])];
}

function copyFile({ make, name }: Into, entry: CopyUpEntry, source: string): Call[] {
  const read = struct("open_how", {
    flags: flags(O, O.O_RDONLY | O.O_NONBLOCK | O.O_NOFOLLOW | O.O_CLOEXEC),
    resolve: flags(RESOLVE, RESOLVE.RESOLVE_IN_ROOT | RESOLVE.RESOLVE_NO_SYMLINKS),
  });
  const write = flags(O, O.O_WRONLY | O.O_CREAT | O.O_EXCL | O.O_NOFOLLOW | O.O_CLOEXEC);
  return [
    make("openat2", [ref("root"), string(source), read, int(24)], { result: "from" }),
    make("openat", [ref(name), string(entry.path), write, mode(entry.mode)], { result: "to" }),
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
