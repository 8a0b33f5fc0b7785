// SPDX-License-Identifier: Apache-2.0
/**
 * The few calls that are made on a cgroup filesystem. They are synchronous: none waits for a disk, and a trip through
 * the thread pool takes longer. Names below a container's cgroup are bytes, since the container chose them.
 */
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeSync,
} from "node:fs";
import { SyscallError } from "../errors/errors.ts";
import { type ErrnoName, errnoName, errnoText } from "../kernel/errno.ts";
import { AT } from "../kernel/open.ts";
import { quote } from "../kernel/quote.ts";
import { callNumber, cString, rawSyscall } from "../native/syscall.ts";

export type Path = string | Buffer;

/** `mkdir(path, 0755)` → whether it is new. */
export function mkdir(path: string): boolean {
  return attempt(`mkdir(${quote(path)}, 0755)`, () => mkdirSync(path, 0o755), ["EEXIST"]) !== "EEXIST";
}

/**
 * `rmdir(path)` → "EBUSY" when processes or other cgroups are in it, else undefined. A cgroup that is gone is removed.
 */
export function rmdir(path: Path): "EBUSY" | undefined {
  const failure = attempt(`rmdir(${quote(path)})`, () => rmdirSync(path), ["EBUSY", "ENOENT", "ENODEV"]);
  return failure === "EBUSY" ? failure : undefined;
}

/** The text of a file of a cgroup; undefined when the cgroup or the file is not there. */
export function read(path: Path): string | undefined {
  let text: string | undefined;
  // EOPNOTSUPP: cgroup.procs of a threaded cgroup; its processes are listed further up.
  const tolerated = ["ENOENT", "ENODEV", "ENOTDIR", "EOPNOTSUPP"] as const;
  attempt(`open(${quote(path)}, O_RDONLY)`, () => (text = readFileSync(path, "utf8")), tolerated);
  return text;
}

/** Writes to a file of a cgroup, and answers whether it is there. */
export function write(path: Path, data: string): boolean {
  const tolerated = ["ENOENT", "ENODEV", "EOPNOTSUPP"] as const;
  const call = `write(${quote(path)}, ${quote(data)}, ${data.length})`;
  return attempt(call, () => overwrite(path, data), tolerated) === undefined;
}

/** The same where the file has to be there. */
export function writeThere(path: string, data: string): void {
  attempt(`write(${quote(path)}, ${quote(data)}, ${data.length})`, () => overwrite(path, data), []);
}

/** Opens a file for writing and writes nothing; throws when the runtime may not. access(2) would ask for the real user. */
export function demandWritable(path: string): void {
  attempt(`open(${quote(path)}, O_WRONLY)`, () => closeSync(openSync(path, constants.O_WRONLY)), []);
}

/** `faccessat2(AT_FDCWD, path, W_OK|X_OK, AT_EACCESS)` → whether the effective user may make something in a directory. */
export function mayMakeIn(path: string): boolean {
  const [W_OK, X_OK] = [2, 1];
  return rawSyscall(callNumber("faccessat2"), AT.AT_FDCWD, cString(path), W_OK | X_OK, AT.AT_EACCESS) === 0;
}

/** The cgroups right below one; none when it is gone. */
export function children(path: Path): readonly Buffer[] {
  let names: readonly Buffer[] = [];
  const list = () => {
    const entries = readdirSync(path, { encoding: "buffer", withFileTypes: true });
    names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  };
  attempt(`open(${quote(path)}, O_RDONLY|O_DIRECTORY)`, list, ["ENOENT", "ENODEV"]);
  return names.map((name) => within(path, name));
}

/** A cgroup and all below it, parents first; none when it is gone. */
export function subtree(path: Path): readonly Path[] {
  return existsSync(path) ? [path, ...children(path).flatMap(subtree)] : [];
}

/** The path of a file or cgroup in a cgroup. */
export function within(path: Path, name: Path): Buffer {
  return Buffer.concat([Buffer.from(path as string), Buffer.from("/"), Buffer.from(name as string)]);
}

/** Never creates: a file that is not there is a feature that the kernel does not have. */
function overwrite(path: Path, data: string): void {
  const fd = openSync(path, constants.O_WRONLY);
  try {
    writeSync(fd, data);
  } finally {
    closeSync(fd);
  }
}

/** Runs a call; answers with the errno when it is one of those tolerated, and throws SyscallError for another. */
function attempt(call: string, run: () => unknown, tolerated: readonly ErrnoName[]): ErrnoName | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    if (tolerated.includes(errno)) return errno;
    throw new SyscallError(call, errno, { text: errnoText(errno), cause: error });
  }
}

/** Node's `code` has names of its own (ENOTSUP for EOPNOTSUPP); its `errno` is the kernel's number, negated. */
function errnoOf(error: unknown): ErrnoName | undefined {
  const { errno } = error as NodeJS.ErrnoException;
  return typeof errno === "number" ? errnoName(-errno) : undefined;
}

/** Lets time pass. node:timers/promises would be one more module to load at every start. */
export function wait(timeMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, timeMs));
}
