// SPDX-License-Identifier: Apache-2.0
/** Where one more process of a container joins its cgroup. cgroups(7). */
import { existsSync } from "node:fs";
import { HostError, UsageError } from "../errors/errors.ts";
import { read, within } from "./files.ts";
import type { CgroupDir } from "./place.ts";

/**
 * The directories to join: the container's own, or below it what `asked` names, each as `PATH` for all hierarchies or
 * as `CONTROLLER[,CONTROLLER...]:PATH` for one.
 *
 * v2 lets no process into a cgroup that hands controllers to its children; then the init has moved into one of those, and
 * it is the one to join. UsageError: a path that leads out of the container's cgroup. HostError: there is no such cgroup.
 */
export function joinDirs(dirs: readonly CgroupDir[], asked: readonly string[], init: number): readonly CgroupDir[] {
  const wishes = asked.map(parseWish);
  for (const { controllers, text } of wishes) {
    if (controllers.every((name) => dirs.some((dir) => dir.controllers.includes(name)))) continue;
    throw new UsageError("--cgroup", `--cgroup ${text}: the container has no cgroup of that controller`);
  }
  return dirs.map((dir) => {
    const wish = wishes.find(({ controllers }) => controllers.some((name) => dir.controllers.includes(name)));
    const below = (wish ?? wishes.find(({ controllers }) => controllers.length === 0))?.below;
    if (below !== undefined) return inside(dir, `${dir.path}${below}`);
    return dir.version === 2 && handsOn(dir) ? inside(dir, ownOf(dir, init)) : dir;
  });
}

interface Wish {
  readonly text: string;
  readonly controllers: readonly string[];
  /** "" or "/a/b". */
  readonly below: string;
}

function parseWish(text: string): Wish {
  const [, controllers = "", path = ""] = /^(?:([\w=,-]+):)?(.*)$/s.exec(text) ?? [];
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..")) throw new UsageError("--cgroup", `--cgroup ${text}: must not contain ".."`);
  return { text, controllers: controllers.split(",").filter(Boolean), below: names.map((name) => `/${name}`).join("") };
}

function inside(dir: CgroupDir, path: string): CgroupDir {
  if (!existsSync(path)) throw new HostError(`cgroup ${path}: it does not exist`);
  return { ...dir, path, procs: `${path}/${dir.procs.slice(dir.path.length + 1)}` };
}

function handsOn({ path }: CgroupDir): boolean {
  return (read(within(path, "cgroup.subtree_control"))?.trim() ?? "") !== "";
}

/** The cgroup of the init, which may be any below the container's. */
function ownOf({ path, mountpoint }: CgroupDir, init: number): string {
  const own = /^0::(.*)$/m.exec(read(`/proc/${init}/cgroup`) ?? "")?.[1] ?? "";
  const found = `${mountpoint}${own}`;
  return found.startsWith(`${path}/`) ? found : path;
}
