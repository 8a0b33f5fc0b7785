// SPDX-License-Identifier: Apache-2.0
/**
 * A container of the live tests, from its bundle to its end.
 *
 *   const c = container(t, (spec) => shell(spec, "echo up; exec sleep 1000"));
 *   await c.ok("create");                   // tsrun --root … create --bundle … ID
 *   expect(await c.status()).toBe("created");
 *
 * Unlike `run`, a command ends when its process does, not when the container lets go of the output, which goes to
 * a file: `c.stdout()`.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestContext } from "vitest";
import { type Bundle, type BundleOptions, bundle, temporary } from "./bundle.ts";
import { PATIENCE } from "./patience.ts";
import { runtimeRoot, TSRUN } from "./run.ts";
import type { Spec } from "./spec.ts";

export type Command = "create" | "start" | "state" | "kill" | "delete" | "run";

export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface State {
  readonly ociVersion: string;
  readonly id: string;
  readonly status: string;
  readonly pid: number;
  readonly bundle: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Container extends Bundle {
  readonly id: string;
  /** The state directory, `--root`. */
  readonly root: string;
  /** Runs a command on the container: options before its id, arguments after it. */
  call(command: Command, options?: readonly string[], args?: readonly string[]): Promise<Answer>;
  /** The same, and throws unless it succeeds. */
  ok(command: Command, options?: readonly string[], args?: readonly string[]): Promise<Answer>;
  state(): Promise<State>;
  status(): Promise<string>;
  /** What the program has written so far, with what the commands have. */
  stdout(): string;
}

export interface ContainerOptions extends BundleOptions {
  readonly id?: string;
  /** The state directory of another container. */
  readonly root?: string;
}

export function container(
  t: TestContext,
  edit?: (spec: Spec, dir: string) => void,
  options: ContainerOptions = {},
): Container {
  const root = options.root ?? runtimeRoot(t);
  const made = bundle(t, edit, options);
  const files = temporary(t);
  const id = options.id ?? freshId();
  const call: Container["call"] = (command, before = [], after = []) => {
    const where = command === "create" || command === "run" ? ["--bundle", made.dir] : [];
    return tsrunAnswer(["--root", root, command, ...where, ...before, id, ...after], files);
  };
  const ok: Container["ok"] = async (...words) => {
    const answer = await call(...words);
    if (answer.status !== 0) throw new Error(`${words[0]} ended with ${answer.status}: ${answer.stderr}`);
    return answer;
  };
  const state = async () => JSON.parse((await ok("state")).stdout) as State;
  return {
    ...made,
    id,
    root,
    call,
    ok,
    state,
    status: async () => (await state()).status,
    stdout: () => readFileSync(join(files, "create"), "utf8"),
  };
}

let count = 0;

/** An id that no other test has: the cgroup of a container without a cgroupsPath is called like it. */
export function freshId(): string {
  return `test-${process.pid}-${++count}`;
}

/** Runs tsrun with its output in files of `dir`, which it appends to; one file for the output of create and run. */
export async function tsrunAnswer(args: readonly string[], dir: string, cwd = "/"): Promise<Answer> {
  const command = args.includes("create") || args.includes("run") ? "create" : "command";
  const [stdout, stderr] = [join(dir, command), join(dir, "stderr")];
  const fds = [openSync(stdout, command === "create" ? "a" : "w"), openSync(stderr, "w")];
  const env = { PATH: process.env.PATH, HOME: "/" };
  const child = spawn(TSRUN, args, { cwd, env, stdio: ["ignore", ...fds] });
  for (const fd of fds) closeSync(fd);
  const status = await new Promise<number | null>((resolve, reject) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000 * PATIENCE);
    child.on("error", reject).on("exit", (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
  return { status, stdout: readFileSync(stdout, "utf8"), stderr: readFileSync(stderr, "utf8") };
}

/** Makes the program a script of the busybox shell. */
export function shell(spec: Spec, script: string): void {
  spec.process.args = ["/bin/sh", "-c", script];
}

/** Asks again and again until the answer is true, or throws after `limitMs`. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 5000): Promise<void> {
  for (const end = Date.now() + limitMs * PATIENCE; Date.now() < end; await sleep(20)) if (await holds()) return;
  throw new Error(`not within ${limitMs * PATIENCE} ms: ${what}`);
}

/** Runs the container in the foreground and tells what its program wrote; throws unless it ends with status 0. */
export async function output(t: TestContext, script: string, edit: (spec: Spec) => void = () => {}): Promise<string> {
  const c = container(t, (spec) => {
    shell(spec, script);
    edit(spec);
  });
  return (await c.ok("run")).stdout;
}
