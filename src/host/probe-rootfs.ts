// SPDX-License-Identifier: Apache-2.0
/**
 * What lies in the root filesystem on the way to mounts and devices.
 *
 * These are hints for the plan, taken before the start. The image resolves every path again, inside the root and to a
 * file descriptor; a rootfs that changes in between makes the start fail, never leave the root.
 */
import { closeSync, lstatSync, readlinkSync, type Stats } from "node:fs";
import type { Config } from "../config/config.ts";
import { components } from "../kernel/path.ts";
import { openDirectory } from "../native/in-root.ts";
import type { CopyUpEntry, Facts } from "./facts.ts";
import { listCopyUp } from "./probe-copy-up.ts";
import { findHome } from "./probe-home.ts";

// As many as the kernel follows: path_resolution(7).
const MAX_LINKS = 40;

/** `home` is "/" too where config.json sets HOME itself. */
export function probeRootfs(
  config: Config,
  rootfs: string,
  bundle: string,
): Pick<Facts, "links" | "modes" | "copyUp" | "home"> {
  const walker = new Walker(rootfs);
  const modes: Record<string, number> = {};
  const copyUp: Record<string, readonly CopyUpEntry[]> = {};
  const root = openDirectory(rootfs);
  try {
    walker.walk("/dev");
    for (const { path } of config.linux?.devices ?? []) walker.walk(path);
    for (const { destination, options } of config.mounts ?? []) {
      const { path, stat } = walker.walk(destination);
      if (!stat?.isDirectory()) continue;
      modes[path] = stat.mode & 0o7777;
      if (options?.includes("tmpcopyup")) copyUp[destination] = listCopyUp(root, path);
    }
    return { links: Object.fromEntries(walker.links), modes, copyUp, home: findHome(config, root, bundle) };
  } finally {
    closeSync(root);
  }
}

/** Walks paths inside a root as a chroot would, and remembers the symlinks that it met. */
class Walker {
  readonly links = new Map<string, string>();
  private readonly rootfs: string;
  private readonly stats = new Map<string, Stats | undefined>();

  constructor(rootfs: string) {
    this.rootfs = rootfs === "/" ? "" : rootfs;
  }

  /** Where the path leads, and what is there. `..` in it is taken away first, as runc and `compile/` do. */
  walk(path: string): { readonly path: string; readonly stat: Stats | undefined } {
    let todo = components(path);
    let done: string[] = [];
    let stat = this.lstat("/");
    for (let followed = 0; todo.length > 0; ) {
      const [part = "", ...rest] = todo;
      const here = `/${[...done, part].join("/")}`;
      stat = this.lstat(here);
      const link = stat?.isSymbolicLink() && followed < MAX_LINKS ? this.readlink(here) : null;
      if (stat === undefined || link === undefined) {
        return { path: `/${[...done, ...todo].join("/")}`, stat: undefined };
      }
      if (link !== null) {
        followed += 1;
        todo = components([...(link.startsWith("/") ? [] : done), link, ...rest].join("/"));
        done = [];
      } else {
        done.push(part);
        todo = rest;
      }
    }
    return { path: `/${done.join("/")}`, stat };
  }

  private lstat(path: string): Stats | undefined {
    if (this.stats.has(path)) return this.stats.get(path);
    let stat: Stats | undefined;
    try {
      stat = lstatSync(`${this.rootfs}${path}`, { throwIfNoEntry: false });
    } catch {
      // Out of reach (EACCES): nothing is known of it.
    }
    this.stats.set(path, stat);
    return stat;
  }

  /** undefined: it is no link any more, so nothing is known of it. */
  private readlink(path: string): string | undefined {
    const known = this.links.get(path);
    if (known !== undefined) return known;
    try {
      const link = readlinkSync(`${this.rootfs}${path}`);
      this.links.set(path, link);
      return link;
    } catch {
      return undefined;
    }
  }
}
