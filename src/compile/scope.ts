// SPDX-License-Identifier: Apache-2.0
/** What every chapter of the compiler is given, and the few words in which it writes steps. */
import type { Config, NamespaceKind } from "../config/config.ts";
import type { Finding } from "../errors/errors.ts";
import type { Facts } from "../host/facts.ts";
import type { CallName } from "../kernel/calls.ts";
import { ref } from "../plan/operands.ts";
import type { Call, Operand, Stage, Step, UnitProperty } from "../plan/step.ts";

/** How a start differs from what config.json and the host say: flags of the command line, and what has the container's name. */
export interface CompileOptions {
  /** `--no-pivot`: move the root mount over "/" and chroot, for hosts whose root is an initramfs. */
  readonly noPivot?: boolean;
  /** `--preserve-fds`: file descriptors 3 to 2+N stay open in the container. */
  readonly preserveFds?: number;
  /** How many of those are sockets of socket activation, which the program is told of. sd_listen_fds(3). */
  readonly listenFds?: number;
  /** The cgroup directories of the container, in the order in which they are joined. */
  readonly cgroup?: readonly CgroupDirectory[];
  /** The running container that a process is to join, by the input `$container`: a pidfd of its init. */
  readonly join?: JoinTarget;
  /** Of a process that joins: its caller is given its terminal, its pid or a descriptor of it, before the program runs. */
  readonly handedOver?: boolean;
  /** `linux.seccomp` as the kernel takes it. */
  readonly seccomp?: FilterProgram;
  /** The unit of systemd that the cgroup is. */
  readonly unit?: CgroupUnit;
  /** The container's id, which names its directories in resctrl. */
  readonly id?: string;
  /** The name of the session keyring that is made. Absent, `--no-new-keyring`: the caller's is kept. */
  readonly keyring?: string;
}

export interface JoinTarget {
  /** Those in which the runtime is not itself. `apart`: another user namespace than the container's owns it. */
  readonly namespaces: readonly { readonly kind: NamespaceKind; readonly apart: boolean }[];
  /** Whether its root directory is the input `$root`: it has no mount namespace of its own. */
  readonly root: boolean;
}

export interface FilterProgram {
  /** struct sock_filter, 8 bytes each. */
  readonly program: Uint8Array;
  /** SECCOMP_FILTER_FLAG_. */
  readonly flags: number;
  /** Whether the call returns a listener. */
  readonly notifies: boolean;
}

export interface CgroupDirectory {
  readonly path: string;
  /** The file that takes "0": cgroup.procs of `path`. */
  readonly procs: string;
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
  /** What is written to files of the cgroup, and of those above it, before anything joins. */
  readonly writes?: readonly FileWrite[];
  /** The same, when the init is there: what limits the number of processes counts the runtime's own, too. */
  readonly late?: readonly FileWrite[];
  /** v2: the program that the kernel asks about devices, and its rules as text. */
  readonly filter?: { readonly rules: readonly string[]; readonly program: Uint8Array; readonly from: string };
  /** Who is given the directory and those of these files that it has. */
  readonly owner?: { readonly uid: number; readonly files: readonly string[] };
}

export interface CgroupUnit {
  readonly unit: string;
  /** The directories that systemd makes, and puts the image's first process in. */
  readonly made: readonly string[];
  readonly properties: readonly UnitProperty[];
  /** Those that are set when the init is there. */
  readonly late: readonly UnitProperty[];
}

export interface FileWrite {
  readonly path: string;
  readonly data: string;
  /** JSON pointer of the property that asks for it. */
  readonly from: string;
}

export interface Scope {
  readonly config: Config;
  readonly facts: Facts;
  readonly options: CompileOptions;
  /** What cannot be done on this host; the compiler ends with all of them. */
  readonly findings: Finding[];
  /** What is done otherwise than asked, and may be. */
  readonly warnings: string[];
}

/** A place between steps; `compile.ts` makes it the label of the call that follows. */
export interface Mark {
  readonly mark: string;
}

export type Draft = Step | Mark;

/** A part of the start: pure, in the order of `compile.ts`. */
export type Chapter = (scope: Scope) => readonly Draft[];

type Extra = Partial<Omit<Call, "stage" | "from" | "call" | "args">>;
export type Make = (call: CallName, args: readonly Operand[], extra?: Extra) => Call;

/** Writes calls of one stage that one JSON pointer asked for. */
export function at(stage: Stage, from: string): Make {
  return (call, args, extra) =>
    extra === undefined ? { stage, from, call, args } : ordered({ stage, from, call, args }, extra);
}

/** `extra` is added in one order, whoever writes it: few shapes of objects, so the readers of the plan stay fast. */
function ordered(step: { -readonly [Key in keyof Call]: Call[Key] }, extra: Extra): Call {
  if (extra.result !== undefined) step.result = extra.result;
  if (extra.label !== undefined) step.label = extra.label;
  if (extra.tolerate !== undefined) step.tolerate = extra.tolerate;
  if (extra.expect !== undefined) step.expect = extra.expect;
  if (extra.branch !== undefined) step.branch = extra.branch;
  if (extra.checks !== undefined) step.checks = extra.checks;
  if (extra.context !== undefined) step.context = extra.context;
  return step;
}

/** The same call with another or one more of those. */
export function withExtra({ stage, from, call, args, ...before }: Call, extra: Extra): Call {
  return ordered({ stage, from, call, args }, { ...before, ...extra });
}

export function close(make: Make, name: string): Call {
  return make("close", [ref(name)]);
}

/** How the container gets its namespace of that kind. */
export function namespaceOf(scope: Scope, kind: NamespaceKind): "new" | "joined" | "inherited" {
  const entry = scope.config.linux?.namespaces?.find((namespace) => namespace.type === kind);
  if (entry === undefined) return "inherited";
  return entry.path === undefined || entry.path === "" ? "new" : "joined";
}

/** JSON pointer of the namespaces entry of that kind; "" when there is none. */
export function namespacePointer(scope: Scope, kind: NamespaceKind): string {
  const index = scope.config.linux?.namespaces?.findIndex((namespace) => namespace.type === kind) ?? -1;
  return index < 0 ? "" : `/linux/namespaces/${index}`;
}

/** Whether device nodes can be made: not in a user namespace other than the first (user_namespaces(7)). */
export function canMakeDevices(scope: Scope): boolean {
  return namespaceOf(scope, "user") === "inherited" && !scope.facts.userns;
}

/** A new user namespace made by root: its init may not reach what root reaches, so sources are opened before it. */
export function opensBeforeUser(scope: Scope): boolean {
  return namespaceOf(scope, "user") !== "inherited" && scope.facts.uid === 0;
}
