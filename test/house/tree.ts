// SPDX-License-Identifier: Apache-2.0
/** The files of the project, as the house tests read them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** Made by tools, or by other people. */
const NOT_OURS = new Set(["node_modules", "dist", ".git", ".cache", "rootfs", "coverage"]);

/** All files below a directory of the project, relative to it. */
export function filesIn(directory: string, suffix: RegExp): readonly string[] {
  const walk = (below: string): readonly string[] =>
    readdirSync(join(ROOT, directory, below), { withFileTypes: true }).flatMap((entry) => {
      const path = join(below, entry.name);
      if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : walk(path);
      return entry.isFile() && suffix.test(entry.name) && !entry.name.includes(".generated.") ? [path] : [];
    });
  return walk("").toSorted();
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The sources of src/, for example `cgroup/place.ts`. */
export const SOURCES = filesIn("src", /\.[cm]?[jt]s$/);

/** Each room that has something in it. */
export const ROOMS: readonly string[] = [...new Set(SOURCES.map(roomOf))];

export function roomOf(file: string): string {
  return file.split("/")[0] ?? "";
}

/**
 * A source without its comments; strings stay. Text inside of templates and regular expressions is not told apart
 * from code, which is enough to look for imports and exports.
 */
export function withoutComments(source: string): string {
  const token = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  return source.replace(token, (found) => (/^\/[*/]/.test(found) ? " " : found));
}

export interface Import {
  readonly target: string;
  /** Erased before anything runs. */
  readonly typeOnly: boolean;
}

/** What a source imports: static, re-exported, for its effects only, dynamic, and by require. */
export function importsOf(source: string): readonly Import[] {
  const code = withoutComments(source);
  const statics = /^\s*(?:import|export)\s+(type\s)?(?:[\w*{][^;"'()]*?\sfrom\s*)?"([^"]+)"/gm;
  const dynamics = /\b(?:import|require|createRequire\([^)]*\))\s*\(\s*["'`]([^"'`]+)["'`]/g;
  return [
    ...Array.from(code.matchAll(statics), (m) => ({ target: m[2] ?? "", typeOnly: m[1] !== undefined })),
    ...Array.from(code.matchAll(dynamics), (m) => ({ target: m[1] ?? "", typeOnly: false })),
  ];
}
