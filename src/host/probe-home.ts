// SPDX-License-Identifier: Apache-2.0
/** HOME of the container's user when config.json says nothing, as runc finds it: from the rootfs's own /etc/passwd. passwd(5). */
import { closeSync, fstatSync, readSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { Fd } from "../native/fd.ts";
import { openRegularInRoot } from "../native/in-root.ts";

const NOWHERE = "/";
// More than any real one has; a hostile rootfs may have a file of any size.
const MAX_BYTES = 4 << 20;

export function findHome(config: Config, root: Fd): string {
  const { env = [], user } = config.process ?? {};
  const set = env.findLast((line) => line.startsWith("HOME="));
  if (config.process === undefined || (set !== undefined && set !== "HOME=")) return NOWHERE;
  const fd = openRegularInRoot(root, "etc/passwd");
  if (fd === undefined) return NOWHERE;
  try {
    const bytes = Buffer.alloc(Math.min(fstatSync(fd).size, MAX_BYTES));
    return homeOf(user?.uid ?? 0, bytes.toString("utf8", 0, readSync(fd, bytes)));
  } finally {
    closeSync(fd);
  }
}

/** The home directory in the first line of that user id: `name:password:uid:gid:comment:home:shell`. */
export function homeOf(uid: number, passwd: string): string {
  for (const line of passwd.split("\n")) {
    const fields = line.split(":");
    if (fields[2] === String(uid) && fields.length >= 6) return fields[5] || NOWHERE;
  }
  return NOWHERE;
}
