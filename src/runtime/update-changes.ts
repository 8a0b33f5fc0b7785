// SPDX-License-Identifier: Apache-2.0
/** Changes of a container that are made one after the other, and taken back when a later one fails. */
import { basename } from "node:path/posix";
import { read, writeThere } from "../cgroup/files.ts";
import type { LimitWrite } from "../cgroup/limit-desk.ts";
import { SyscallError } from "../errors/errors.ts";
import { hintFor } from "../errors/hints.ts";
import { type ErrnoName, errnoText } from "../kernel/errno.ts";

export interface Change {
  /** An error leaves everything as it was before. */
  make(): void | Promise<void>;
  takeBack(): void | Promise<void>;
}

/** Throws what the change that failed has thrown; `warn` is told of those before it that could not be taken back. */
export async function makeAll(changes: readonly Change[], warn: (warning: string) => void): Promise<void> {
  const made: Change[] = [];
  try {
    for (const change of changes) {
      await change.make();
      made.unshift(change);
    }
  } catch (error) {
    for (const change of made) await attempt(change, warn);
    throw error;
  }
}

async function attempt(change: Change, warn: (warning: string) => void): Promise<void> {
  try {
    await change.takeBack();
  } catch (error) {
    warn(`not taken back: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A limit is written; `name` is what the caller calls the property, for the error. */
export function writeChange(write: LimitWrite, name: string): Change {
  let before: string | undefined;
  return {
    make() {
      before = present(write);
      try {
        writeThere(write.path, write.data);
      } catch (error) {
        throw named(error, write, name);
      }
    },
    takeBack() {
      if (before !== undefined) writeThere(write.path, before);
    },
  };
}

/** What has to be written for the file to say what it says; undefined: it does not tell. */
export function present(write: LimitWrite): string | undefined {
  try {
    return dataBefore(write, read(write.path));
  } catch (error) {
    // A file that is there to be written only.
    if (error instanceof SyscallError) return undefined;
    throw error;
  }
}

/** Pure: what takes back a write to a file that said `text` before. */
export function dataBefore({ path, data }: LimitWrite, text: string | undefined): string | undefined {
  const file = basename(path);
  if (text === undefined) return undefined;
  if (file === "cgroup.subtree_control") return data.replace(/^\+/, "-");
  const [key = "", ...values] = data.split(" ");
  const lines = text.split("\n").filter((line) => line !== "");
  if (values.length > 0 && KEYED.test(file)) {
    return lines.find((line) => line.startsWith(`${key} `)) ?? `${key} ${unsetIn(file)}`;
  }
  // `oom_kill_disable 0`, and further lines that nobody sets. An empty list of CPUs is written as an empty line.
  if (file === "memory.oom_control") return lines[0]?.split(" ")[1];
  return lines[0] ?? "\n";
}

/** Files with a line for a device, or for an interface. */
const KEYED =
  /^(?:blkio\.throttle\.|blkio\.bfq\.weight_device|io\.(?:max|latency|weight|bfq\.weight)|net_prio\.|rdma\.max)/;

/** What a file of lines says of a device that has none. */
function unsetIn(file: string): string {
  if (file === "io.max") return "rbps=max wbps=max riops=max wiops=max";
  if (file === "rdma.max") return "hca_handle=max hca_object=max";
  if (file === "io.latency") return "target=0";
  return file.includes("weight") ? "default" : "0";
}

function named(error: unknown, { path, from }: LimitWrite, name: string): unknown {
  if (!(error instanceof SyscallError)) return error;
  const { call, cause } = error;
  const errno = error.errno as ErrnoName;
  const hint = usedHint(path, errno) ?? hintFor("write", errno, `${call}  # ${from}`);
  return new SyscallError(call, errno, { text: `${errnoText(errno)}, for ${name}`, hint, cause });
}

/** v1 refuses a limit of memory below what is in use. */
function usedHint(path: string, errno: ErrnoName): string | undefined {
  if (errno !== "EBUSY" || !path.endsWith("limit_in_bytes")) return undefined;
  const used = read(path.replace("limit_in_bytes", "usage_in_bytes"))?.trim();
  return used === undefined ? undefined : `the cgroup uses ${used} bytes, which the kernel cannot free`;
}
