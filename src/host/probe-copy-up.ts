// SPDX-License-Identifier: Apache-2.0
/** What `tmpcopyup` has to copy. config.md#linux-mount-options. */
import { closeSync, lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { HostError } from "../errors/errors.ts";
import { O, RESOLVE } from "../kernel/open.ts";
import { quote } from "../kernel/quote.ts";
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
    return namesIn(here, prefix === "" ? name : prefix)
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
  const link = stat.isSymbolicLink() ? linkAt(file) : undefined;
  return link === undefined ? undefined : { ...common, kind: "symlink", link };
}

/** HostError: an ordinary user may not read it, and a copy with holes would be none. */
function namesIn(directory: string, path: string): string[] {
  try {
    return readdirSync(directory);
  } catch (cause) {
    throw new HostError(`tmpcopyup: ${quote(path)} of the root filesystem cannot be read`, { cause });
  }
}

/** Undefined: it is no link any more. */
function linkAt(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}
