// SPDX-License-Identifier: Apache-2.0
/**
 * A container that is there to be joined.
 *
 *   const c = await sleeping(t, (spec) => { spec.process.cwd = "/home"; });
 *   expect(await execIn(c, ["pwd"])).toMatchObject({ status: 0, stdout: "/home\n" });
 */
import type { TestContext } from "vitest";
import { type Container, type ContainerOptions, container, shell } from "./container.ts";
import { type Outcome, type RunOptions, run, TSRUN } from "./run.ts";
import type { Spec } from "./spec.ts";

/** A container whose program sleeps. */
export async function sleeping(
  t: TestContext,
  edit: (spec: Spec, dir: string) => void = () => {},
  options: ContainerOptions = {},
): Promise<Container> {
  const c = container(
    t,
    (spec, dir) => {
      shell(spec, "exec sleep 1000");
      edit(spec, dir);
    },
    options,
  );
  await c.ok("create");
  await c.ok("start");
  return c;
}

/** The command line of an exec. */
export function execLine(c: Container, words: readonly string[], options: readonly string[] = []): readonly string[] {
  return [TSRUN, "--root", c.root, "exec", ...options, c.id, ...words];
}

export interface ExecRun extends RunOptions {
  /** Options of `exec`. */
  readonly options?: readonly string[];
}

export function execIn(c: Container, words: readonly string[], { options, ...more }: ExecRun = {}): Promise<Outcome> {
  return run(execLine(c, words, options), more);
}

/** A script of the busybox shell. */
export function shellIn(c: Container, script: string, more: ExecRun = {}): Promise<Outcome> {
  return execIn(c, ["sh", "-c", script], more);
}

/** tsrun with its output thrown away: what it leaves running would keep a pipe open. */
export function quietly(words: readonly string[]): Promise<Outcome> {
  return run(["sh", "-c", '"$@" >/dev/null 2>&1', "sh", TSRUN, ...words]);
}
