// SPDX-License-Identifier: Apache-2.0
/** The tools with which an ordinary user maps more than their own id. newuidmap(1), newgidmap(1). */
import { accessSync, constants } from "node:fs";
import type { Config, IdMapping } from "../config/config.ts";
import type { Facts } from "./facts.ts";

type Tools = Facts["idmap"];

/** Looked for in PATH, but only if the mappings need them. */
export function probeIdmapTools(config: Config): Tools {
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;
  const { uidMappings = [], gidMappings = [] } = config.linux ?? {};
  if (uid === 0 || (isSelf(uidMappings, uid) && isSelf(gidMappings, gid))) return { newuidmap: null, newgidmap: null };
  const directories = (process.env.PATH ?? "/usr/bin:/bin").split(":").filter((path) => path.startsWith("/"));
  return { newuidmap: find("newuidmap", directories), newgidmap: find("newgidmap", directories) };
}

/** No map at all, or that of one's own id alone: the kernel lets everyone write it. */
function isSelf(mappings: readonly IdMapping[], id: number): boolean {
  const [only] = mappings;
  return only === undefined || (mappings.length === 1 && only.size === 1 && only.hostID === id);
}

function find(name: string, directories: readonly string[]): string | null {
  return directories.map((directory) => `${directory}/${name}`).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
