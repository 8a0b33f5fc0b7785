// SPDX-License-Identifier: Apache-2.0
/** Paths as text. path_resolution(7). */

/** `"/a//b/../c/"` → `["a", "c"]`; relative paths are relative to "/", and `..` ends there. */
export function components(path: string): string[] {
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") kept.pop();
    else kept.push(part);
  }
  return kept;
}
