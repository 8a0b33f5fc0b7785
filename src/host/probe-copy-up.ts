// SPDX-License-Identifier: Apache-2.0
/** What `tmpcopyup` has to copy. config.md#linux-mount-options. */
import { closeSync, lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { O, RESOLVE } from "../kernel/open.ts";
import type { Fd } from "../native/fd.ts";
import { openInRoot } from "../native/in-root.ts";
import type { CopyUpEntry } from "./facts.ts";

/** The tree below `path` of the root: names in order, parents first. Sockets, FIFOs and devices are left out. */
export function listCopyUp(root: Fd, path: string): CopyUpEntry[] {
  return listDirectory(root, path, "");
}

/** No symlink is followed: a directory that turns into one between two calls is left out. */
function listDirectory(parent: Fd, name: string, prefix: string): CopyUpEntry[] {
  const fd = openInRoot(parent, name, O.O_PATH | O.O_DIRECTORY | O.O_NOFOLLOW, RESOLVE.RESOLVE_NO_SYMLINKS);
  if (fd === undefined) return [];
  try {
    const here = `/proc/self/fd/${fd}`;
    return readdirSync(here)
      .sort()
      .flatMap((child) => {
        const stat = lstatSync(`${here}/${child}`, { throwIfNoEntry: false });
        const entry = stat && describe(`${here}/${child}`, `${prefix}${child}`, stat);
        if (entry === undefined) return [];
        return entry.kind === "directory" ? [entry, ...listDirectory(fd, child, `${entry.path}/`)] : [entry];
      });
  } finally {
    closeSync(fd);
  }
}

function describe(file: string, path: string, stat: Stats): CopyUpEntry | undefined {
  const { uid, gid, size } = stat;
  const common = { path, mode: stat.mode & 0o7777, uid, gid, size };
  if (stat.isDirectory()) return { ...common, kind: "directory" };
  if (stat.isFile()) return { ...common, kind: "file" };
  return stat.isSymbolicLink() ? { ...common, kind: "symlink", link: readlinkSync(file) } : undefined;
}
