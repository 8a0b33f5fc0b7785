// SPDX-License-Identifier: Apache-2.0
/**
 * Hooks that tell what they see.
 *
 *   const c = withHooks(t, { prestart: [witness("first")], startContainer: [script("exit 3")] });
 *   await c.ok("create");
 *   hookLog(c).map(({ label }) => label);
 *
 * The bundle is mounted on /bundle in the container, so that hooks on both sides write to the same file.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { type Container, type ContainerOptions, container, shell } from "./container.ts";
import type { HookName, HookSpec, HooksSpec, Spec } from "./spec.ts";

export const KINDS = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const satisfies readonly HookName[];

/** What a witness has seen. */
export interface Logged {
  readonly label: string;
  readonly state: string;
  readonly cwd: string;
  /** Its environment with what the shell adds, each entry with a comma behind it. */
  readonly env: string;
  readonly umask: string;
  readonly uid: string;
  readonly capabilities: string;
  readonly fds: string;
  /** mnt pid net uts ipc user */
  readonly namespaces: readonly string[];
}

const SEEN = [
  "$(cat)",
  "$(pwd)",
  "$(env | sort | tr '\\n' ,)",
  "$(umask)",
  "$(id -u)",
  "$(sed -n s/CapEff:.//p /proc/self/status)",
  "$(ls /proc/self/fd | tr '\\n' ,)",
  ...["mnt", "pid", "net", "uts", "ipc", "user"].map((kind) => `$(readlink /proc/self/ns/${kind})`),
];

/** A hook that runs lines of shell; DIR is the bundle, on either side. */
export function script(text: string, more: Partial<HookSpec> = {}): HookSpec {
  return { path: "/bin/sh", args: ["sh", "-c", `DIR=/bundle; test -d $DIR/rootfs || DIR=@DIR@; ${text}`], ...more };
}

/** A hook that writes what it sees under that label, one line. */
export function witness(label: string, more: Partial<HookSpec> = {}): HookSpec {
  const words = [label, ...SEEN].map((word) => `"${word}"`).join(" ");
  return script(`printf '%s\\t' ${words} >>$DIR/hook.log; echo >>$DIR/hook.log`, {
    env: ["PATH=/usr/bin:/bin"],
    ...more,
  });
}

/** A container of the base config with those hooks; its program sleeps. */
export function withHooks(
  t: TestContext,
  hooks: HooksSpec,
  edit: (spec: Spec, dir: string) => void = () => {},
  options: ContainerOptions = {},
): Container {
  return container(
    t,
    (spec, dir) => {
      shell(spec, "exec sleep 1000");
      spec.annotations = { "org.test": "hooks" };
      spec.mounts.push({ destination: "/bundle", type: "bind", source: dir, options: ["bind"] });
      spec.hooks = JSON.parse(JSON.stringify(hooks).replaceAll("@DIR@", dir));
      edit(spec, dir);
    },
    options,
  );
}

/** What the witnesses have written, in the order in which they ran. */
export function hookLog({ dir }: { readonly dir: string }): readonly Logged[] {
  const file = join(dir, "hook.log");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((text) => {
    const [label = "", state = "", cwd = "", env = "", ...rest] = text.split("\t");
    const [umask = "", uid = "", capabilities = "", fds = "", ...namespaces] = rest;
    return { label, state, cwd, env, umask, uid, capabilities, fds, namespaces: namespaces.slice(0, 6) };
  });
}
