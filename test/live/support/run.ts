// SPDX-License-Identifier: Apache-2.0
/**
 * Running runtimes from the live tests.
 *
 *   const root = runtimeRoot(t);                                   // a state directory that ends with the test
 *   const out = await tsrun(["--root", root, "run", "c1"], { cwd: dir });
 *   expect(out).toMatchObject({ status: 0, stdout: "0\n", stderr: "" });
 *
 * `tsrun`, `runc` and `crun` take the same arguments and options; `run` takes any command; `launch` is `run` whose
 * child can be talked to while it runs. TSRUN_BIN names another program to be tested in tsrun's place.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import type { TestContext } from "vitest";
import { requires } from "../../requires.ts";
import { temporary } from "./bundle.ts";
import { PATIENCE } from "./patience.ts";
import { ORDINARY } from "./spec.ts";

export interface Outcome {
  /** Exit status; null if a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** "user": as the ordinary user 65534 without any capability. */
  readonly as?: "root" | "user";
  /** Added to an environment of PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** What standard input reads; without it, /dev/null. */
  readonly stdin?: string;
  /** Shell commands run first, in a mount namespace of the command's own, as root. */
  readonly prelude?: string;
  /** What file descriptors 3 and on are: see child_process.spawn. */
  readonly fds?: readonly ("pipe" | "ignore" | number)[];
  /** The command is killed after it. */
  readonly timeoutMs?: number;
}

export interface Running {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

export const TSRUN = process.env.TSRUN_BIN ?? new URL("../../../dist/tsrun", import.meta.url).pathname;

export function tsrun(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run([TSRUN, ...args], options);
}

export function runc(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run(["runc", ...args], options);
}

/** Debian's crun refuses a hybrid cgroup layout; a view without the v2 tree is v1 to it. */
export function crun(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run(["crun", "--cgroup-manager=disabled", ...args], { prelude: PURE_V1, ...options });
}

/**
 * A prelude, for crun: hides the cgroup2 tree of a hybrid host, and gives it a /dev/null of its own, since crun chowns that
 * of the host to the user of a container.
 */
export const PURE_V1 = [
  "if grep -q ' /sys/fs/cgroup/unified ' /proc/self/mountinfo; then umount /sys/fs/cgroup/unified; fi",
  "mount -t tmpfs tmpfs /mnt",
  "mknod -m 666 /mnt/null c 1 3",
  "mount --bind /mnt/null /dev/null",
  "umount -l /mnt",
].join("; ");

export function run(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return launch(command, options).outcome;
}

export function launch(command: readonly string[], options: RunOptions = {}): Running {
  const [file = "", ...args] = [...wrapper(options), ...command];
  const child = spawn(file, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { PATH: process.env.PATH, HOME: "/", ...options.env },
    stdio: ["pipe", "pipe", "pipe", ...(options.fds ?? [])],
    detached: true,
  });
  if (options.stdin === undefined) child.stdin?.end();
  else child.stdin?.end(options.stdin);
  return { child, outcome: outcomeOf(child, (options.timeoutMs ?? 20_000) * PATIENCE) };
}

/** A state directory for `--root`. When the test ends, the containers left in it are deleted by force. */
export function runtimeRoot(t: TestContext, options: { bin?: string; owner?: number } = {}): string {
  const bin = options.bin ?? TSRUN;
  if (bin === TSRUN && process.env.TSRUN_BIN === undefined) requires(t, "dist");
  const dir = temporary(t);
  if (options.owner !== undefined) spawnSync("chown", [`${options.owner}:${options.owner}`, dir]);
  t.onTestFinished(() => {
    if (!existsSync(dir)) return;
    for (const id of readdirSync(dir)) spawnSync(bin, ["--root", dir, "delete", "--force", id], { stdio: "ignore" });
  });
  return dir;
}

function wrapper(options: RunOptions): string[] {
  const user = options.as === "user" ? ["setpriv", `--reuid=${ORDINARY}`, `--regid=${ORDINARY}`, "--clear-groups"] : [];
  if (options.prelude === undefined) return user;
  return ["unshare", "--mount", "sh", "-ec", `${options.prelude}\nexec "$@"`, "sh", ...user];
}

function outcomeOf(child: ChildProcess, timeoutMs: number): Promise<Outcome> {
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
    });
  }
  // A command that was refused before it read its input is no fault of the test's.
  child.stdin?.on("error", () => {});
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      // The command leads a group of its own: what it started goes with it.
      if (child.pid !== undefined) killGroup(child.pid);
      text.stderr += `\n(killed after ${timeoutMs} ms)`;
    }, timeoutMs);
    child.on("error", reject);
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      resolve({ status, signal, ...text });
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // It has ended, and somebody else holds its output.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
