// SPDX-License-Identifier: Apache-2.0
/** A start under strace, beside its plan. */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "vitest";
import type { Plan } from "../../../src/plan/step.ts";
import { Runtime } from "../../../src/runtime/runtime.ts";
import { matchStrace } from "../../strace/match.ts";
import { type Bundle, temporary } from "./bundle.ts";
import { freshId } from "./container.ts";
import { runtimeRoot, TSRUN } from "./run.ts";

/** What `matchStrace` reads; the file for the log follows. */
export const STRACE = ["strace", "-f", "-qq", "-v", "-s", "65535", "-o"];

export interface Traced {
  readonly plan: Plan;
  readonly differences: readonly string[];
  readonly status: number | null;
  readonly stderr: string;
}

/**
 * Plans a bundle, then runs it under strace. Standard input is /dev/null, the output is a file.
 * The runtime reads once who it is: an `owner` is for a test that has a file to itself.
 */
export async function trace(t: TestContext, { dir }: Bundle, { owner }: { owner?: number } = {}): Promise<Traced> {
  const files = temporary(t);
  const root = runtimeRoot(t, owner === undefined ? {} : { owner });
  const [log, out, err] = ["log", "out", "err"].map((name) => join(files, name)) as [string, string, string];
  const fds: [number, number, number] = [openSync("/dev/null", "r"), openSync(out, "w"), openSync(err, "w")];
  const id = freshId();
  // Which cgroups an ordinary user may make is only known when they are made.
  const cgroupManager = owner === undefined ? "cgroupfs" : "disabled";
  const user = owner === undefined ? [] : ["setpriv", `--reuid=${owner}`, `--regid=${owner}`, "--clear-groups"];
  try {
    const plan = await asUser(owner, () => new Runtime({ root, cgroupManager }).plan({ bundle: dir, id, stdio: fds }));
    const command = [TSRUN, "--root", root, "--cgroup-manager", cgroupManager, "run", "--bundle", dir, id];
    // strace is root: the memory of a process that cannot be dumped is closed to its own user.
    const [file = "", ...args] = [...STRACE, log, ...user, ...command];
    const status = await end(file, args, fds);
    const text = readFileSync(log, "utf8");
    return { plan, differences: matchStrace(plan, text), status, stderr: readFileSync(err, "utf8") };
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

function end(file: string, args: readonly string[], stdio: readonly [number, number, number]): Promise<number | null> {
  const env = { PATH: process.env.PATH, HOME: "/" };
  const child = spawn(file, args, { stdio: [...stdio], env, cwd: "/" });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), 25_000);
    child.on("error", reject).on("exit", (status) => {
      clearTimeout(timer);
      resolve(status);
    });
  });
}

/** The plan depends on who asks; this process becomes that user for a while. */
async function asUser<T>(uid: number | undefined, action: () => Promise<T>): Promise<T> {
  if (uid === undefined) return action();
  process.setegid?.(uid);
  process.seteuid?.(uid);
  try {
    return await action();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
