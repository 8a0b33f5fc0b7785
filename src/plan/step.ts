// SPDX-License-Identifier: Apache-2.0
/**
 * The language of a container start: a step is one system call, or one named act of the runtime.
 * Everything here is plain data; `print`, `emit` and `perform` are three folds over it, in the same order.
 */
import type { CallName } from "../kernel/calls.ts";
import type { ErrnoName } from "../kernel/errno.ts";
import type { FlagTable } from "../kernel/flags.ts";
import type { LayoutName } from "../kernel/layouts.ts";

export type Stage = "runtime" | "bootstrap" | "init" | "join" | "process";

/** An operand of a call. Each kind can be printed as strace(1) prints it, and encoded into the image. */
export type Operand =
  /** A number; `base` says how strace prints it (10 unless told). */
  | { readonly kind: "int"; readonly value: number | bigint; readonly base?: 8 | 10 | 16 }
  /** A value of named bits, or one named value. */
  | { readonly kind: "flags"; readonly table: FlagTable; readonly value: number | bigint }
  /** A pointer to a NUL-terminated string. `named`: the container's name is in it, and the image has room for another. */
  | { readonly kind: "string"; readonly value: string; readonly named?: true }
  /** A pointer to bytes whose length is an operand of its own. A string means its UTF-8 bytes. */
  | { readonly kind: "bytes"; readonly value: string | Uint8Array }
  /** NULL. */
  | { readonly kind: "null" }
  /** What an earlier step returned, or an input of the plan (`plan.inputs`). Printed `$name`. */
  | { readonly kind: "result"; readonly name: string }
  /** A pointer to the 8 bytes in which that result is kept. Printed `&$name`. */
  | { readonly kind: "address"; readonly name: string }
  /** A NULL-terminated vector of pointers to strings: argv, envp. */
  | { readonly kind: "strings"; readonly value: readonly string[] }
  /** A pointer to a structure, as kernel/layouts.ts lays it out; fields that are not named are zero. */
  | { readonly kind: "struct"; readonly layout: LayoutName; readonly fields: Readonly<Record<string, Operand>> }
  /** A pointer to zeroed memory that the kernel fills: a struct of that layout, or `size` bytes. */
  | { readonly kind: "out"; readonly layout?: LayoutName; readonly size?: number };

/** Asked of the structure that the call filled (its `out` operand): `(field & mask) == value`, or the start fails. */
export interface Check {
  readonly field: string;
  readonly mask?: bigint;
  readonly value: bigint;
  /** The errno that the failure is told with. */
  readonly errno: ErrnoName;
}

interface Origin {
  readonly stage: Stage;
  /** JSON pointer into config.json of what asked for the step; "" when no single property did. */
  readonly from: string;
}

/** One system call, made by the image. Never of stage `runtime`. */
export interface Call extends Origin {
  readonly call: CallName;
  readonly args: readonly Operand[];
  /** The name under which the result is kept. A later step may store to the same name again. */
  readonly result?: string;
  /** A place that earlier steps may jump to; jumps go forwards only. */
  readonly label?: string;
  /** Errnos that do not end the start: go on with the next step, or at a label. */
  readonly tolerate?: Readonly<Partial<Record<ErrnoName, typeof NEXT | string>>>;
  /** The result that is demanded; another is a failure told with errno EINVAL. */
  readonly expect?: number | bigint;
  /** On success: to `equal` if the result is `value`, else to `other`; NEXT is the step that follows. */
  readonly branch?: { readonly value: number; readonly equal: string; readonly other: string };
  readonly checks?: readonly Check[];
  /** The name of a filesystem context (fsopen(2)); if this call fails, its log tells why. */
  readonly context?: string;
}

/** The step that follows. */
export const NEXT = "";

/** Something that the runtime does itself, in Node; a closed list. */
export type Act = Origin &
  (
    | { readonly act: "mkdir"; readonly path: string; readonly mode: number }
    | { readonly act: "write"; readonly path: string; readonly data: string }
    /** Attaches a program for devices to a cgroup (v2), in the place of another. `rules` are what it was made of. */
    | {
        readonly act: "device-filter";
        readonly path: string;
        readonly rules: readonly string[];
        readonly program: Uint8Array;
      }
    /** Gives a file of a cgroup to another user. `optional`: not every cgroup has it. */
    | { readonly act: "chown"; readonly path: string; readonly uid: number; readonly optional: boolean }
    /** Has systemd make a unit with the bootstrap process in it, and waits until it is there. */
    | { readonly act: "start-unit"; readonly unit: string; readonly properties: readonly UnitProperty[] }
    /** Has systemd change properties of a unit. */
    | { readonly act: "set-unit"; readonly unit: string; readonly properties: readonly UnitProperty[] }
    /** Makes a group of resctrl, writes its schemata, or assigns the bootstrap process to it. */
    | { readonly act: "resctrl"; readonly does: "mkdir"; readonly path: string }
    | { readonly act: "resctrl"; readonly does: "schemata"; readonly path: string; readonly data: string }
    | { readonly act: "resctrl"; readonly does: "tasks"; readonly path: string }
    /** Moves the network device `name` to the init's network namespace, where it is called `passing` at first. */
    | { readonly act: "move-link"; readonly name: string; readonly index: number; readonly passing: string }
    /** Writes a file of the bootstrap process's /proc directory: uid_map, gid_map, setgroups. */
    | { readonly act: "write-proc"; readonly file: string; readonly data: string }
    /** Runs newuidmap(1) or newgidmap(1) for the bootstrap process. `ranges` are its arguments after the pid. */
    | { readonly act: "idmap-tool"; readonly path: string; readonly ranges: readonly string[] }
    /** Starts the image with posix_spawn(3). */
    | { readonly act: "spawn" }
    /** Waits for a message of the image: its words, or `pid`, which carries the init's pid. */
    | { readonly act: "wait"; readonly message: Message }
    /** Answers the image, which waits for one byte. */
    | { readonly act: "answer"; readonly message: Message }
    /** Waits until execve(2) has closed the report socket of the image. */
    | { readonly act: "wait-exec" }
    /** Writes state.json with that status. */
    | { readonly act: "state"; readonly status: "creating" | "created" }
    /** Runs a hook in the runtime's namespaces, with the container's state as its stdin, and waits for its end. */
    | ({ readonly act: "hook"; readonly kind: "prestart" | "createRuntime"; readonly index: number } & HookProgram)
    /** Fills an input of the image with the container's state, for the hooks that the image runs. */
    | { readonly act: "hook-state"; readonly input: string; readonly status: "creating" | "created" }
  );

export interface HookProgram {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** Seconds. */
  readonly timeout?: number | bigint;
}

/** A property of a unit of systemd; `type` is its D-Bus signature. */
export interface UnitProperty {
  readonly name: string;
  readonly type: string;
  readonly value: UnitValue;
}

/** A variant has a type of its own. */
export type UnitValue =
  | boolean
  | number
  | bigint
  | string
  | readonly UnitValue[]
  | { readonly type: string; readonly value: UnitValue };

/**
 * What the image says to the runtime: each is sent as its own word, but for `pid`, which is 8 bytes of number.
 * `join`: the bootstrap is there, and nothing of it yet; `map`: it is in its user namespace; `entered`: the init is in
 * all namespaces; `mounted`: its mounts are there, and the host is still in sight; `created`: it waits for `start`; `joined`: a
 * process is ready to run in a container, and its caller has not been told.
 */
export type Message = "join" | "map" | "pid" | "entered" | "mounted" | "created" | "joined";

export type Step = Call | Act;

export interface Plan {
  /** The architecture whose call numbers and machine code the image has. */
  readonly arch: "x64" | "arm64";
  /** The ordered steps of all stages. */
  readonly steps: readonly Step[];
  /** File descriptors that the image starts with, by name; `report` and `start` are always there. */
  readonly inputs: Readonly<Record<string, number>>;
}

export function isCall(step: Step): step is Call {
  return "call" in step;
}
