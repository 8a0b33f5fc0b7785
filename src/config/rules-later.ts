// SPDX-License-Identifier: Apache-2.0
/** Rules about parts that this version checks, but does not carry out: hooks, seccomp. */
import { quote } from "../kernel/quote.ts";
import { pointer } from "./pointer.ts";
import { type Fault, linuxOf, type Rule } from "./rule.ts";

/** The actions that carry a number. seccomp_rule_add(3). */
const WITH_ERRNO = ["SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"];

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
  {
    name: "an errno goes with an action that returns one",
    spec: "config-linux.md#seccomp",
    reads: ["/linux/seccomp"],
    level: "error",
    *check(config): Iterable<Fault> {
      const { seccomp } = linuxOf(config);
      if (seccomp === undefined) return;
      const { defaultAction, defaultErrnoRet, syscalls = [] } = seccomp;
      if (defaultErrnoRet !== undefined && !WITH_ERRNO.includes(defaultAction)) {
        yield { pointer: "/linux/seccomp/defaultErrnoRet", message: `${defaultAction} returns no errno` };
      }
      for (const [index, { action, errnoRet }] of syscalls.entries()) {
        if (errnoRet === undefined || WITH_ERRNO.includes(action)) continue;
        const path = pointer("linux", "seccomp", "syscalls", index, "errnoRet");
        yield { pointer: path, message: `${action} returns no errno` };
      }
    },
  },
  {
    name: "data for a seccomp listener go with its path",
    spec: "config-linux.md#seccomp",
    reads: ["/linux/seccomp"],
    level: "error",
    *check(config): Iterable<Fault> {
      const { listenerPath, listenerMetadata } = linuxOf(config).seccomp ?? {};
      if (!listenerMetadata || listenerPath) return;
      yield { pointer: "/linux/seccomp/listenerMetadata", message: `needs "listenerPath"` };
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
