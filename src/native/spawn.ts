// SPDX-License-Identifier: Apache-2.0
/** Starting a program without forking this process's memory. posix_spawn(3). */
import { readdirSync } from "node:fs";
import { quote } from "../kernel/quote.ts";
import type { Bound } from "./addon.ts";
import { bind, failure } from "./call.ts";
import { close, duplicate, type Fd, isInherited } from "./fd.ts";

export interface Program {
  /** A path, or an open file: run as /proc/self/fd/N, so it may be a memfd. */
  readonly file: string | Fd;
  readonly argv: readonly string[];
  /** `NAME=value` each. */
  readonly env: readonly string[];
  /** `[from, to]`: the program has this process's `from` as its `to`. Everything else must be close-on-exec, or `alone`. */
  readonly fds: readonly (readonly [from: number, to: number])[];
  /** Close what this process would pass on beside them. */
  readonly alone?: boolean;
  /** The program's working directory; this process's if absent. */
  readonly cwd?: string;
  /** The program leads a process group of its own. */
  readonly group?: boolean;
}

/**
 * `posix_spawn(&pid, file, actions, attributes, argv, envp)` → pid
 *
 * The program starts with every signal at its default and none blocked, in this process's session.
 * Blocks until the program's execve has succeeded or failed. ENOENT, EACCES, ENOEXEC: as execve(2).
 */
export function spawn(program: Program): number {
  const calls = bindAll();
  const copies: Fd[] = [];
  try {
    const { file, fds } = separate(program, copies);
    const actions = Buffer.alloc(OPAQUE_SIZE);
    calls.actionsInit(actions);
    for (const [from, to] of fds) calls.addDup2(actions, from, to);
    if (program.alone === true) closeOthers(actions, fds);
    if (program.cwd !== undefined) addChdir(actions, program.cwd);
    const pid = Buffer.alloc(4);
    const argv = [...program.argv, null];
    const how = program.group === true ? attributes(POSIX_SPAWN_SETPGROUP) : calls.attributes;
    const error = Number(calls.spawn(pid, file, actions, how, argv, [...program.env, null]));
    calls.actionsDestroy(actions);
    // The result is the errno; the variable errno is not set.
    if (error !== 0)
      throw failure(-error, `posix_spawn(${quote(file)}, [${program.argv.map((word) => quote(word)).join(", ")}])`);
    return pid.readInt32LE();
  } finally {
    for (const copy of copies) close(copy);
  }
}

// posix_spawnattr_t is 336 bytes in glibc and musl, posix_spawn_file_actions_t 80.
const OPAQUE_SIZE = 512;
const POSIX_SPAWN_SETPGROUP = 0x02;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;

interface SpawnCalls {
  readonly spawn: Bound;
  readonly actionsInit: Bound;
  readonly actionsDestroy: Bound;
  readonly addDup2: Bound;
  readonly attributes: Buffer;
}

let bound: SpawnCalls | undefined;

function bindAll(): SpawnCalls {
  bound ??= {
    spawn: bind("posix_spawn", "int", ["void *", "str", "void *", "void *", "str *", "str *"]),
    actionsInit: bind("posix_spawn_file_actions_init", "int", ["void *"]),
    actionsDestroy: bind("posix_spawn_file_actions_destroy", "int", ["void *"]),
    addDup2: bind("posix_spawn_file_actions_adddup2", "int", ["void *", "int", "int"]),
    attributes: attributes(0),
  };
  return bound;
}

function attributes(more: number): Buffer {
  const bytes = Buffer.alloc(OPAQUE_SIZE);
  // sigset_t is 128 bytes. 32 and 33, which libc keeps for its threads, must be in: glibc would make them ignored.
  const all = Buffer.alloc(128, 0xff);
  bind("posix_spawnattr_init", "int", ["void *"])(bytes);
  bind("posix_spawnattr_setsigdefault", "int", ["void *", "void *"])(bytes, all);
  bind("posix_spawnattr_setsigmask", "int", ["void *", "void *"])(bytes, Buffer.alloc(128));
  bind("posix_spawnattr_setflags", "int", ["void *", "int"])(
    bytes,
    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | more,
  );
  return bytes;
}

function closeOthers(actions: Buffer, fds: readonly (readonly [number, number])[]): void {
  const addClose = bind("posix_spawn_file_actions_addclose", "int", ["void *", "int"]);
  const kept = new Set(fds.map(([, to]) => to));
  for (const fd of readdirSync("/proc/self/fd").map(Number)) {
    if (fd > 2 && !kept.has(fd) && isInherited(fd)) addClose(actions, fd);
  }
}

function addChdir(actions: Buffer, path: string): void {
  bind("posix_spawn_file_actions_addchdir_np", "int", ["void *", "str"])(actions, path);
}

/** Copies what stands in the way of a target: dup2 onto a number destroys what was there before. */
function separate(program: Program, copies: Fd[]): { file: string; fds: (readonly [number, number])[] } {
  const targets = new Set(program.fds.map(([, to]) => to));
  const above = Math.max(2, ...targets) + 1;
  const clear = (fd: number): number => {
    const copy = duplicate(fd as Fd, above);
    copies.push(copy);
    return copy;
  };
  // dup2 of a number onto itself only clears close-on-exec, and no other pair may have that target.
  const fds = program.fds.map(([from, to]) =>
    from !== to && targets.has(from) ? ([clear(from), to] as const) : ([from, to] as const),
  );
  if (typeof program.file === "string") return { file: program.file, fds };
  const file = targets.has(program.file) ? clear(program.file) : program.file;
  return { file: `/proc/self/fd/${file}`, fds };
}
