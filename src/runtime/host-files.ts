// SPDX-License-Identifier: Apache-2.0
/** The acts on files of the host: limits, id maps, owners. A failure tells which property asked for it. */
import { chownSync, closeSync, constants, openSync, writeSync } from "node:fs";
import { SyscallError } from "../errors/errors.ts";
import { errnoName, errnoText } from "../kernel/errno.ts";
import { quote } from "../kernel/quote.ts";

/** Never creates: a file that is not there is a feature that the kernel does not have. */
export async function writeHostFile(path: string, data: string, from: string): Promise<void> {
  try {
    const fd = openSync(path, constants.O_WRONLY);
    try {
      writeSync(fd, data);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw await failure(error, { path, line: `write(${quote(path)}, ${quote(data)})`, from });
  }
}

export interface Gift {
  readonly path: string;
  readonly uid: number;
  readonly optional: boolean;
  readonly from: string;
}

/** Gives a file to another user; the group stays. */
export async function giveAway({ path, uid, optional, from }: Gift): Promise<void> {
  try {
    chownSync(path, uid, -1);
  } catch (error) {
    if (optional && (error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw await failure(error, { path, line: `chown(${quote(path)}, ${uid}, -1)`, from });
  }
}

interface Failed {
  readonly path: string;
  readonly line: string;
  readonly from: string;
}

async function failure(error: unknown, { path, line, from }: Failed): Promise<SyscallError> {
  const { hintFor } = await import("../errors/hints.ts");
  // Node's own names differ (ENOTSUP for EOPNOTSUPP); its number is the kernel's, negated.
  const errno = errnoName(-((error as NodeJS.ErrnoException).errno ?? 0)) ?? "EIO";
  const name = path.slice(path.lastIndexOf("/") + 1);
  const hints = [hintFor(name, errno, line) ?? hintFor(line.slice(0, line.indexOf("(")), errno, line)];
  if (name === "cgroup.subtree_control") {
    const { subtreeTrouble } = await import("../cgroup/subtree-trouble.ts");
    hints.push(subtreeTrouble(path, errno));
  }
  const hint = hints.filter((one) => one !== undefined).join("; ") || undefined;
  return new SyscallError(line, errno, { text: `${errnoText(errno)}, for ${from}`, hint, cause: error });
}
