// SPDX-License-Identifier: Apache-2.0
/** Hooks in the runtime's own namespaces: prestart, createRuntime, poststart, poststop. config.md#posix-platform-hooks. */
import { statSync } from "node:fs";
import { programOf } from "../compile/hooks.ts";
import type { Hooks } from "../config/config.ts";
import { SIG } from "../kernel/signal.ts";
import { close, type Fd } from "../native/fd.ts";
import { fillSealed, memfile, memlog } from "../native/memfd.ts";
import { kill, pidfd_open } from "../native/process.ts";
import { spawn } from "../native/spawn.ts";
import { waitExit, waitPidfd } from "../native/wait.ts";
import type { HookProgram } from "../plan/step.ts";
import { hookError, OVERDUE, readOutput, stateText, told } from "./hooks-text.ts";
import type { ContainerRecord } from "./record.ts";

/** Those that commands after `create` run: config.json may be another by then. */
export type LaterHooks = Pick<Hooks, "poststart" | "poststop">;

/** One after the other. HostError: one of them failed, and those behind it were not run. */
export async function poststart(record: ContainerRecord): Promise<void> {
  const state = stateText(record, "running", record.pid);
  for (const [index, hook] of (record.hooks?.poststart ?? []).entries()) {
    await runHook({ name: `poststart/${index}`, state, bundle: record.bundle }, programOf(hook));
  }
}

/** All of them: one that fails is only warned of. runtime.md#lifecycle. */
export async function poststop(record: ContainerRecord, warn: (warning: string) => void): Promise<void> {
  const state = stateText(record, "stopped", 0);
  for (const [index, hook] of (record.hooks?.poststop ?? []).entries()) {
    const scene = { name: `poststop/${index}`, state, bundle: record.bundle };
    await runHook(scene, programOf(hook)).catch((error: Error) => warn(error.message));
  }
}

/** What a hook is run with beside its program. */
export interface Scene {
  /** The kind and the index: "poststart/0". */
  readonly name: string;
  readonly state: string;
  readonly bundle: string;
}

/** Files, not pipes: nobody has to read or write in time, and whom the hook leaves behind is not waited for. */
export async function runHook({ name, state, bundle }: Scene, program: HookProgram): Promise<void> {
  const stdin = memfile("state");
  const output = memlog("output");
  try {
    fillSealed(stdin, Buffer.from(state));
    const pid = begin(name, program, { cwd: directory(bundle), stdin, output });
    const reason = await reasonOfEnd(pid, program);
    if (reason !== undefined) throw hookError(name, reason, readOutput(output));
  } finally {
    close(stdin);
    close(output);
  }
}

/** Whoever ends us at the terminal ends a hook without a limit as well; one with a limit is ended with all its children. */
function begin(name: string, program: HookProgram, given: { cwd: string; stdin: Fd; output: Fd }): number {
  const { path, args, env, timeout } = program;
  const { cwd, stdin, output } = given;
  const fds = [stdin, output, output].map((from, to) => [from, to] as const);
  try {
    return spawn({ file: path, argv: args, env, fds, cwd, alone: true, group: timeout !== undefined });
  } catch (error) {
    throw hookError(name, error instanceof Error ? error.message : String(error), "");
  }
}

/** As runc and crun do; what is left of a container may have lost its bundle. */
function directory(bundle: string): string {
  return statSync(bundle, { throwIfNoEntry: false })?.isDirectory() === true ? bundle : "/";
}

// The longest that a timer of Node's can wait, some 24 days.
const LONGEST_MS = 0x7fff_ffff;

/** Undefined: it has succeeded. */
async function reasonOfEnd(pid: number, { timeout }: HookProgram): Promise<string | undefined> {
  const overdue = timeout !== undefined && !(await endsWithin(pid, Math.min(Number(timeout) * 1000, LONGEST_MS)));
  if (overdue) kill(-pid, SIG.SIGKILL);
  const status = await waitExit(pid);
  if (overdue) return OVERDUE;
  return status !== undefined && "exited" in status && status.exited === 0 ? undefined : told(status);
}

async function endsWithin(pid: number, limitMs: number): Promise<boolean> {
  const pidfd = pidfd_open(pid);
  if (pidfd === undefined) return true;
  try {
    return await waitPidfd(pidfd, limitMs);
  } finally {
    close(pidfd);
  }
}
