// SPDX-License-Identifier: Apache-2.0
/** Rules of config.md#posix-platform-hooks. */
import { quote } from "../kernel/quote.ts";
import type { HookName } from "./config.ts";
import { pointer } from "./pointer.ts";
import type { Fault, Rule } from "./rule.ts";

/** The kinds of hooks, in the order in which they are called. */
const HOOKS: Readonly<Record<HookName, true>> = {
  prestart: true,
  createRuntime: true,
  createContainer: true,
  startContainer: true,
  poststart: true,
  poststop: true,
};

export const HOOK_NAMES = Object.keys(HOOKS) as readonly HookName[];

export const HOOK_RULES: readonly Rule[] = [
  {
    name: "paths of hooks are absolute",
    spec: "config.md#posix-platform-hooks",
    reads: ["/hooks"],
    level: "error",
    *check({ hooks = {} }): Iterable<Fault> {
      for (const name of HOOK_NAMES) {
        for (const [index, { path }] of (hooks[name] ?? []).entries()) {
          const message = `expected an absolute path, found ${quote(path)}`;
          if (!path.startsWith("/")) yield { pointer: pointer("hooks", name, index, "path"), message };
        }
      }
    },
  },
];
