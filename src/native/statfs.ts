// SPDX-License-Identifier: Apache-2.0
/** What filesystem a path lies on. statfs(2). */
import { quote } from "../kernel/quote.ts";
import { libcCall, must } from "./call.ts";

export interface Filesystem {
  /** A magic number, kernel/magic.ts. */
  readonly type: number;
  /** ST_ flags of the mount and of the filesystem. */
  readonly flags: number;
}

const statfsCall = libcCall("statfs", "int", ["str", "void *"]);

/**
 * `statfs(path, &buf)` → the type and the flags of the mount under `path`, symlinks followed
 *
 * struct statfs is 120 bytes on 64-bit machines: f_type 0-7, f_flags 80-87. node:fs leaves the flags out.
 * ENOENT, EACCES, ELOOP.
 */
export function statfs(path: string): Filesystem {
  const bytes = Buffer.alloc(120);
  must(statfsCall(path, bytes), () => `statfs(${quote(path)}, [])`);
  return { type: bytes.readUInt32LE(0), flags: bytes.readUInt32LE(80) };
}
