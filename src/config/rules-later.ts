// SPDX-License-Identifier: Apache-2.0
/** Rules about parts that this version checks, but does not carry out: hooks. */
import { quote } from "../kernel/quote.ts";
import { pointer } from "./pointer.ts";
import type { Fault, Rule } from "./rule.ts";

export const LATER_RULES: readonly Rule[] = [
  {
    name: "paths of hooks are absolute",
    spec: "config.md#posix-platform-hooks",
    reads: ["/hooks"],
    level: "error",
    *check({ hooks = {} }): Iterable<Fault> {
      for (const [name, list] of Object.entries(hooks)) {
        if (!HOOK_NAMES.has(name)) continue;
        for (const [index, { path }] of list.entries()) {
          const message = `expected an absolute path, found ${quote(path)}`;
          if (!path.startsWith("/")) yield { pointer: pointer("hooks", name, index, "path"), message };
        }
      }
    },
  },
];

const HOOK_NAMES: ReadonlySet<string> = new Set([
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
]);
