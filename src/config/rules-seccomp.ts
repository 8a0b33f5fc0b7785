// SPDX-License-Identifier: Apache-2.0
/** What holds in a profile of system calls, and what of one has no effect. config-linux.md#seccomp, seccomp_rule_add(3). */
import { quote } from "../kernel/quote.ts";
import { WITH_ERRNO } from "../kernel/seccomp-profile.ts";
import type { Config, Seccomp, SeccompRule } from "./config.ts";
import { pointer } from "./pointer.ts";
import { type Fault, linuxOf, type Rule, repeated } from "./rule.ts";

export const SECCOMP_RULES: readonly Rule[] = [
  error("an errno goes with an action that returns one", function* (seccomp) {
    for (const { path, action, errno } of results(seccomp)) {
      const most = MOST[action];
      if (errno === undefined) continue;
      if (most === undefined) yield { pointer: path, message: `${action} returns no errno` };
      else if (errno > most) yield { pointer: path, message: `expected at most ${most} for ${action}, found ${errno}` };
    }
  }),
  error("data for a seccomp listener go with its path", function* ({ listenerPath, listenerMetadata }) {
    if (!listenerMetadata || listenerPath) return;
    yield { pointer: "/linux/seccomp/listenerMetadata", message: `needs "listenerPath"` };
  }),
  error("a system call has a name", function* (seccomp) {
    for (const { name, index, n } of names(seccomp)) {
      if (name !== "") continue;
      yield { pointer: placeOfName(index, n), message: "expected the name of a system call, found an empty string" };
    }
  }),
  error("a system call has six arguments", function* (seccomp) {
    for (const { path, arg } of args(seccomp)) {
      if (arg.index > 5) yield { pointer: `${path}/index`, message: `expected at most 5, found ${arg.index}` };
    }
  }),
  warning("a second value is compared", function* (seccomp) {
    for (const { path, arg } of args(seccomp)) {
      if (arg.op === "SCMP_CMP_MASKED_EQ" || BigInt(arg.valueTwo ?? 0) === 0n) continue;
      yield { pointer: `${path}/valueTwo`, message: `has no effect with ${arg.op}` };
    }
  }),
  warning("an argument has one condition", function* ({ syscalls = [] }) {
    for (const [index, rule] of syscalls.entries()) {
      for (const [later] of repeated((rule.args ?? []).map((arg) => String(arg.index)))) {
        const path = pointer("linux", "seccomp", "syscalls", index, "args", later);
        const message = "a second condition for the same argument: each condition of this rule is enough by itself";
        yield { pointer: path, message };
      }
    }
  }),
  warning("a rule says something new", function* (seccomp) {
    yield* overruled(seccomp);
  }),
  warning("a listener is told of something", function* (seccomp) {
    if (results(seccomp).some(({ action }) => action === "SCMP_ACT_NOTIFY")) return;
    const message = "has no effect without SCMP_ACT_NOTIFY";
    if (seccomp.listenerPath) yield { pointer: "/linux/seccomp/listenerPath", message };
    const index = seccomp.flags?.indexOf("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") ?? -1;
    if (index >= 0) yield { pointer: `/linux/seccomp/flags/${index}`, message };
  }),
  warning("the program can be executed", function* (seccomp) {
    const { defaultAction, syscalls = [] } = seccomp;
    if (GOES_ON.includes(defaultAction)) return;
    if (syscalls.some(({ names, action }) => GOES_ON.includes(action) && names.includes("execve"))) return;
    const message = `no rule allows execve, with which the program begins: ${defaultAction} ends the start`;
    yield { pointer: "/linux/seccomp", message };
  }),
];

/** libseccomp takes no errno above 4094, the kernel none above 4095, and 16 bits for a tracer. */
const MOST: Readonly<Record<string, number>> = { SCMP_ACT_ERRNO: 4094, SCMP_ACT_TRACE: 65535 };

/** Actions after which a call may still be made. */
const GOES_ON: readonly string[] = ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY"];

type Check = (seccomp: Seccomp) => Iterable<Fault>;

function error(name: string, check: Check): Rule {
  return ruleOf(name, "error", check);
}

function warning(name: string, check: Check): Rule {
  return ruleOf(name, "warning", check);
}

function ruleOf(name: string, level: Rule["level"], check: Check): Rule {
  return {
    name,
    spec: "config-linux.md#seccomp",
    reads: ["/linux/seccomp"],
    level,
    check(config: Config): Iterable<Fault> {
      const { seccomp } = linuxOf(config);
      return seccomp === undefined ? [] : check(seccomp);
    },
  };
}

/** The default action and those of the rules, with the place of their errno. */
function results({ defaultAction, defaultErrnoRet, syscalls = [] }: Seccomp) {
  const rules = syscalls.map(({ action, errnoRet }, index) => {
    return { path: pointer("linux", "seccomp", "syscalls", index, "errnoRet"), action, errno: errnoRet };
  });
  return [{ path: "/linux/seccomp/defaultErrnoRet", action: defaultAction, errno: defaultErrnoRet }, ...rules];
}

function names({ syscalls = [] }: Seccomp) {
  return syscalls.flatMap((rule, index) => rule.names.map((name, n) => ({ name, rule, index, n })));
}

function placeOfName(index: number, n: number): string {
  return pointer("linux", "seccomp", "syscalls", index, "names", n);
}

function args({ syscalls = [] }: Seccomp) {
  return syscalls.flatMap((rule, index) =>
    (rule.args ?? []).map((arg, n) => {
      return { path: pointer("linux", "seccomp", "syscalls", index, "args", n), arg };
    }),
  );
}

/** The first rule of a call without conditions decides; and the default action need not be named. */
function* overruled(seccomp: Seccomp): Iterable<Fault> {
  const usual = outcome({ action: seccomp.defaultAction, errnoRet: seccomp.defaultErrnoRet });
  const decided = new Map<string, { readonly index: number; readonly rule: SeccompRule }>();
  for (const { name, rule, index } of names(seccomp)) {
    const isDecisive = (rule.args ?? []).length === 0 && outcome(rule) !== usual && !decided.has(name);
    if (isDecisive) decided.set(name, { index, rule });
  }
  for (const { name, rule, index, n } of names(seccomp)) {
    const first = decided.get(name);
    if (first === undefined || first.index === index || outcome(first.rule) === outcome(rule)) continue;
    const message = `has no effect: ${quote(name)} is decided by /linux/seccomp/syscalls/${first.index}`;
    yield { pointer: placeOfName(index, n), message };
  }
  for (const [index, rule] of (seccomp.syscalls ?? []).entries()) {
    const path = pointer("linux", "seccomp", "syscalls", index, "action");
    if (outcome(rule) === usual) yield { pointer: path, message: "is what happens without the rule, too" };
  }
}

function outcome({ action, errnoRet }: { readonly action: string; readonly errnoRet?: number | undefined }): string {
  if (WITH_ERRNO.includes(action)) return `${action} ${errnoRet ?? 1}`;
  return action === "SCMP_ACT_KILL" ? "SCMP_ACT_KILL_THREAD" : action;
}
