// SPDX-License-Identifier: Apache-2.0
/** Paths inside the root filesystem: cleaned, with known symlinks resolved inside it, and opened component by component. */
import { O, RESOLVE, S } from "../kernel/open.ts";
import { components } from "../kernel/path.ts";
import { flags, int, mode, ref, string, struct } from "../plan/operands.ts";
import { type Call, NEXT, type Operand } from "../plan/step.ts";
import { close, type Make, type Scope } from "./scope.ts";

const MAX_LINKS = 40;

/**
 * The components of `path` after the symlinks of the rootfs, as a chroot would walk them.
 * Below `covered` paths (mount points of earlier mounts) the rootfs's links say nothing.
 */
export function resolveInRoot(scope: Scope, path: string, covered: readonly string[]): string[] {
  let todo = components(path);
  let done: string[] = [];
  for (let links = 0; todo.length > 0; ) {
    const [part = "", ...rest] = todo;
    const link = lookUp(scope, [...done, part], covered);
    if (link === undefined || links === MAX_LINKS) {
      done.push(part);
      todo = rest;
      continue;
    }
    links += 1;
    todo = components(`/${[...(link.startsWith("/") ? [] : done), link, ...rest].join("/")}`);
    done = [];
  }
  return done;
}

function lookUp(scope: Scope, walked: readonly string[], covered: readonly string[]): string | undefined {
  const path = `/${walked.join("/")}`;
  return covered.some((mount) => path.startsWith(`${mount}/`)) ? undefined : scope.facts.links[path];
}

export interface Target {
  /** Components inside the root. */
  readonly path: readonly string[];
  readonly kind: "directory" | "file";
  /** The name under which the O_PATH file descriptor is kept. */
  readonly name: string;
  /** More of openat2's `resolve`, for example RESOLVE_NO_SYMLINKS for /proc. */
  readonly resolve?: number;
  /** A descriptor that is open already for the first `depth` components. */
  readonly from?: { readonly name: string; readonly depth: number } | undefined;
}

/** Opens a path inside the root as an O_PATH file descriptor. What is missing is made: 0755, never through a symlink. */
export function openTarget(make: Make, target: Target): Call[] {
  const { path, kind, name, resolve = 0, from = { name: "root", depth: 0 } } = target;
  if (path.length === 0) return [openInRoot(make, ".", { name, flags: O.O_DIRECTORY, resolve: 0 })];
  const steps: Call[] = [];
  for (let depth = from.depth; depth < path.length; depth++) {
    const last = depth === path.length - 1;
    const isFile = last && kind === "file";
    const first = depth === from.depth;
    const parent = ref(first ? from.name : "parent");
    const part = string(path[depth] ?? "");
    steps.push(isFile ? makeFile(make, parent, part) : makeDirectory(make, parent, part));
    if (!first) steps.push(close(make, "parent"));
    const opened = path.slice(0, depth + 1).join("/");
    steps.push(openInRoot(make, opened, { name: last ? name : "parent", flags: isFile ? 0 : O.O_DIRECTORY, resolve }));
  }
  return steps;
}

/** Makes the directories on the way to `path` and opens the last of them; returns the name that it is kept under. */
export function openParent(make: Make, path: readonly string[]): { readonly steps: Call[]; readonly parent: string } {
  if (path.length < 2) return { steps: [], parent: "root" };
  const steps = openTarget(make, { path: path.slice(0, -1), kind: "directory", name: "directory" });
  return { steps, parent: "directory" };
}

const DIRECTORY_MODE = mode(0o755);
const FILE_MODE = flags(S, S.S_IFREG | 0o755);
const OR_THERE = { tolerate: { EEXIST: NEXT } } as const;

function makeDirectory(make: Make, parent: Operand, name: Operand): Call {
  return make("mkdirat", [parent, name, DIRECTORY_MODE], OR_THERE);
}

function makeFile(make: Make, parent: Operand, name: Operand): Call {
  return make("mknodat", [parent, name, FILE_MODE, int(0)], OR_THERE);
}

interface Opening {
  readonly name: string;
  /** More flags of openat2 beside O_PATH and O_CLOEXEC. */
  readonly flags: number;
  readonly resolve: number;
}

const ROOT = ref("root");
const HOW_BYTES = int(24);
const INSIDE = RESOLVE.RESOLVE_IN_ROOT | RESOLVE.RESOLVE_NO_MAGICLINKS;

/** `openat2($root, path, {O_PATH|O_CLOEXEC, RESOLVE_IN_ROOT})`: no symlink of the rootfs leads out of it. */
export function openInRoot(make: Make, path: string, opening: Opening, extra: Parameters<Make>[2] = {}): Call {
  const how = struct("open_how", {
    flags: flags(O, opening.flags | O.O_PATH | O.O_CLOEXEC),
    resolve: flags(RESOLVE, INSIDE | opening.resolve),
  });
  return make("openat2", [ROOT, string(path), how, HOW_BYTES], { result: opening.name, ...extra });
}
