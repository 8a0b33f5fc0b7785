// SPDX-License-Identifier: Apache-2.0
/** The directory of a container: made, filled, read and removed. */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { StateError } from "../errors/errors.ts";
import { type ContainerState, parseState, printState } from "./container-state.ts";
import { containerPath, type Held, hold, notFound, release } from "./hold.ts";
import { checkId } from "./id.ts";
import { ensureRoot, hasRoot } from "./root.ts";

const STATE = "state.json";
const START = "start";
const CONFIG = "config.json";

/** Makes the directory of a new container and holds it. StateError ETSRUN_EXISTS, ETSRUN_INVALID_ID. */
export async function createState(root: string, id: string): Promise<Held> {
  const path = containerPath(root, id);
  ensureRoot(root);
  try {
    mkdirSync(path, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new StateError("ETSRUN_EXISTS", id, `container ${JSON.stringify(id)} exists already`);
  }
  return hold(root, id);
}

/** Replaces state.json at once: a reader sees the old one or the new one. */
export function writeState(held: Held, state: ContainerState): void {
  replace(held, STATE, printState(state));
}

/** The first one: half-written, it counts as none, and nothing that it tells of has been made yet. */
export function writeFirstState(held: Held, state: ContainerState): void {
  writeFileSync(join(held.path, STATE), printState(state), { flag: "wx", mode: 0o600 });
}

/** Keeps the config.json that the container was made of, for commands that come later. */
export function writeConfig({ path }: Held, text: string): void {
  writeFileSync(join(path, CONFIG), text, { mode: 0o600 });
}

/** Replaces it at once, after an update. */
export function replaceConfig(held: Held, text: string): void {
  replace(held, CONFIG, text);
}

/** The kept config.json of a container that is created or running. */
export function readConfigOf(root: string, id: string): string {
  return readFileSync(join(containerPath(root, id), CONFIG), "utf8");
}

/** A new file and a rename; a left-over of a command that was killed is in nobody's way while the lock is held. */
function replace({ path }: Held, name: string, text: string): void {
  const next = join(path, `${name}.new`);
  writeFileSync(next, text, { mode: 0o600 });
  renameSync(next, join(path, name));
}

/**
 * The state that was written last; needs no lock.
 *
 * StateError ETSRUN_NOT_FOUND: no such container. ETSRUN_NOT_CREATED, status `creating`: its create is not that far, or
 * was killed.
 */
export function readState(root: string, id: string): ContainerState {
  checkId(id);
  const found = hasRoot(root) ? look(root, id) : undefined;
  if (found === undefined) throw notFound(id);
  if (found.state !== undefined) return found.state;
  const message = `container ${JSON.stringify(id)} was not created to its end (${found.broken}); delete --force removes it`;
  throw new StateError("ETSRUN_NOT_CREATED", id, message, "creating");
}

/** A container, or what is left of one. */
export type Listed =
  | { readonly id: string; readonly state: ContainerState; readonly broken?: never }
  | { readonly id: string; readonly state?: never; readonly broken: string };

/** Every container below the root, in order of their ids; what is no container's directory is skipped. */
export function listStates(root: string): Listed[] {
  if (!hasRoot(root)) return [];
  const ids = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory() && isId(entry.name));
  return ids
    .map(({ name }) => name)
    .sort()
    .flatMap((id) => look(root, id) ?? []);
}

/**
 * Removes the directory and lets go of it. state.json goes last: a removal that is killed can be done again.
 */
export function removeState(held: Held): void {
  const { path } = held;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) rmSync(join(path, entry.name), { recursive: true, force: true });
    else if (entry.name !== STATE) unlink(join(path, entry.name));
  }
  unlink(join(path, STATE));
  rmdirSync(path);
  release(held);
}

/** Where the image listens for `start`. */
export function startSocket(root: string, id: string): string {
  return join(containerPath(root, id), START);
}

/** Takes the start socket away when the container has been started; twice is once. */
export function removeStartSocket(held: Held): void {
  unlink(join(held.path, START));
}

/** Undefined: there is no such directory. */
function look(root: string, id: string): Listed | undefined {
  const path = join(root, id);
  try {
    const text = read(join(path, STATE));
    if (text !== undefined) return { id, state: parseState(id, text) };
    // Either there is no container, or one without a state.
    return exists(path) ? { id, broken: "no state.json" } : undefined;
  } catch (error) {
    return { id, broken: error instanceof Error ? error.message : String(error) };
  }
}

function isId(name: string): boolean {
  return /^[\w+.-]+$/.test(name);
}

/** Only what is there: `rmSync` with `force` does the same, but has Node load its recursive remover. */
function unlink(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) unlinkSync(path);
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
