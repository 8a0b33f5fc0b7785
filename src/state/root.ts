// SPDX-License-Identifier: Apache-2.0
/** The directory that holds the directories of all containers. */
import { accessSync, constants, mkdirSync, type Stats, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { HostError } from "../errors/errors.ts";

export interface RootOptions {
  /** `--root`, relative to the current directory. */
  readonly root?: string | undefined;
  /** Effective id of the runtime. */
  readonly uid: number;
  /** Whether that is root of a user namespace only, who cannot write to /run. */
  readonly confined?: () => boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The root's absolute path. HostError: an ordinary user without XDG_RUNTIME_DIR, who did not name a root either. */
export function stateRoot({ root, uid, confined = isConfined, env }: RootOptions): string {
  if (root !== undefined && root !== "") return resolve(root);
  const runtimeDir = env.XDG_RUNTIME_DIR;
  if (uid === 0 && !(runtimeDir && confined())) return "/run/tsrun";
  if (runtimeDir) return join(resolve(runtimeDir), "tsrun");
  throw new HostError(
    "XDG_RUNTIME_DIR is not set: there is no place for the state of containers, name one with --root",
  );
}

/** podman, for an ordinary user, runs us as root of that user's namespace. */
function isConfined(): boolean {
  try {
    accessSync("/run", constants.W_OK);
    return false;
  } catch {
    return true;
  }
}

/** Makes the root, 0700, if it is not there. HostError: another user could change what we remember. */
export function ensureRoot(root: string): void {
  if (statSync(root, { throwIfNoEntry: false }) === undefined) mkdirSync(root, { recursive: true, mode: 0o700 });
  checkRoot(root, statSync(root));
}

/** Whether the root is there; throws as `ensureRoot` does. */
export function hasRoot(root: string): boolean {
  const stat = statSync(root, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  checkRoot(root, stat);
  return true;
}

const OTHERS_WRITE = 0o002;

function checkRoot(root: string, stat: Stats): void {
  if (!stat.isDirectory()) throw new HostError(`${JSON.stringify(root)} is not a directory`);
  const uid = process.geteuid?.();
  if (stat.uid !== uid) {
    throw new HostError(
      `${JSON.stringify(root)} belongs to user ${stat.uid}, not to user ${uid}: its content cannot be trusted`,
    );
  }
  if ((stat.mode & OTHERS_WRITE) !== 0) {
    throw new HostError(`every user may write to ${JSON.stringify(root)}: its content cannot be trusted (chmod o-w)`);
  }
}
