// SPDX-License-Identifier: Apache-2.0
/** HOME of the container's user when config.json says nothing, as runc finds it: from the rootfs's own /etc/passwd. passwd(5). */
import { closeSync, fstatSync, readSync } from "node:fs";
import { normalize, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import type { Fd } from "../native/fd.ts";
import { openDirectory, openRegularInRoot } from "../native/in-root.ts";

const NOWHERE = "/";
// More than any real one has; a hostile rootfs may have a file of any size.
const MAX_BYTES = 4 << 20;

export function findHome(config: Config, root: Fd, bundle: string): string {
  return homeFrom(config, () => openPasswd(config, root, bundle));
}

/** The same in a running container, whose root directory shows its mounts. */
export function findHomeInside(config: Config, directory: string): string {
  return homeFrom(config, () => {
    const root = openDirectory(directory);
    try {
      return openRegularInRoot(root, PASSWD);
    } finally {
      closeSync(root);
    }
  });
}

function homeFrom({ process }: Config, passwd: () => Fd | undefined): string {
  const { env = [], user } = process ?? {};
  const set = env.findLast((line) => line.startsWith("HOME="));
  if (process === undefined || (set !== undefined && set !== "HOME=")) return NOWHERE;
  const fd = passwd();
  if (fd === undefined) return NOWHERE;
  try {
    const bytes = Buffer.alloc(Math.min(fstatSync(fd).size, MAX_BYTES));
    return homeOf(user?.uid ?? 0, bytes.toString("utf8", 0, readSync(fd, bytes)));
  } finally {
    closeSync(fd);
  }
}

/** The file as the container will see it: the rootfs's, unless a mount or a mask lies on it. */
function openPasswd(config: Config, root: Fd, bundle: string): Fd | undefined {
  if (config.linux?.maskedPaths?.some((path) => normalize(path) === PASSWD)) return undefined;
  const mount = config.mounts?.findLast(({ destination }) =>
    `${PASSWD}/`.startsWith(`${normalize(`/${destination}`)}/`),
  );
  const { destination = "", source = "", options = [] } = mount ?? {};
  if (mount === undefined || options.includes("tmpcopyup")) return openRegularInRoot(root, PASSWD);
  if (!options.includes("bind") && !options.includes("rbind")) return undefined;
  const host = openDirectory("/");
  try {
    return openRegularInRoot(host, resolve(bundle, source, PASSWD.slice(normalize(`/${destination}`).length + 1)));
  } finally {
    closeSync(host);
  }
}

const PASSWD = "/etc/passwd";

/** The home directory in the first line of that user id: `name:password:uid:gid:comment:home:shell`. */
export function homeOf(uid: number, passwd: string): string {
  for (const line of passwd.split("\n")) {
    const fields = line.split(":");
    if (fields[2] !== String(uid) || fields.length < 6) continue;
    const home = fields[5] ?? "";
    // No environment has a NUL.
    return home === "" || home.includes("\0") ? NOWHERE : home;
  }
  return NOWHERE;
}
