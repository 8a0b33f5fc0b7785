// SPDX-License-Identifier: Apache-2.0
/** What a command is given, and what it is. */
import type { Runtime } from "../runtime/runtime.ts";
import type { Log } from "./log.ts";
import type { CommandName, CommandValues } from "./table.ts";

export interface Context {
  readonly log: Log;
  /** The runtime of the global options; loaded when first asked for. */
  runtime(): Promise<Runtime>;
}

export interface Invocation<Name extends CommandName> {
  readonly options: CommandValues<Name>;
  /** As many as the table demands. */
  readonly args: readonly string[];
  readonly context: Context;
}

/** Returns the exit code. */
export type Command<Name extends CommandName> = (invocation: Invocation<Name>) => Promise<number>;

/** The exit code of every failure. runc's callers know 0, 1 and the status of the process, so usage errors are 1 too. */
export const FAILURE = 1;
/** That of `exec`, to be told from what the process may return. */
export const EXEC_FAILURE = 255;
