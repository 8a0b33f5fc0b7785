// SPDX-License-Identifier: Apache-2.0
/** Which rule of a profile has the last word on a system call. config-linux.md#seccomp, seccomp_rule_add(3). */
import { type Verdict, verdictOf } from "../bpf/seccomp-data.ts";
import type { Seccomp, SeccompArg, SeccompRule } from "../config/config.ts";
import { ERRNO } from "../kernel/errno.ts";
import { actionOf } from "./seccomp-build.ts";

/** A rule that looks at the arguments of a call. */
export interface Condition {
  readonly pointer: string;
  readonly verdict: Verdict;
  /** As C writes it: `args[0] & 0x7e020000 == 0`; "" for a rule without a condition. */
  readonly text: string;
}

/** The place in config.json that a verdict comes from, or why there is none. */
export interface Origin {
  readonly pointer: string;
  readonly reason: string;
}

export function conditionsOf({ syscalls = [] }: Seccomp, name: string): readonly Condition[] {
  return syscalls.flatMap((rule, index) => {
    if (!rule.names.includes(name)) return [];
    return [{ pointer: pointerOf(index), verdict: verdictOfRule(rule), text: textOf(rule) }];
  });
}

interface Asked {
  readonly name: string;
  readonly args: readonly bigint[];
  readonly verdict: Verdict;
}

/** Among the rules whose conditions hold, the first whose action is the verdict. */
export function originOf(seccomp: Seccomp, { name, args, verdict }: Asked): Origin {
  const { syscalls = [], defaultAction, defaultErrnoRet } = seccomp;
  const holding = syscalls.flatMap((rule, index) => (rule.names.includes(name) && holds(rule, args) ? [index] : []));
  const speaking = holding.find((index) => isSame(verdictOfRule(syscalls[index] as SeccompRule), verdict));
  if (speaking !== undefined) {
    const text = textOf(syscalls[speaking] as SeccompRule);
    return { pointer: pointerOf(speaking), reason: text === "" ? `names ${name}` : `names ${name}, and ${text}` };
  }
  if (isSame(verdictOf(actionOf(defaultAction, defaultErrnoRet)), verdict)) {
    const reason = syscalls.some((rule) => rule.names.includes(name))
      ? `no rule for ${name} has conditions that hold`
      : `no rule names ${name}`;
    return { pointer: "/linux/seccomp/defaultAction", reason };
  }
  if (verdict.action === "SECCOMP_RET_ERRNO" && verdict.data === ERRNO.ENOSYS) {
    return { pointer: "/linux/seccomp/syscalls", reason: "newer than every call that the profile names" };
  }
  return { pointer: "/linux/seccomp", reason: "libseccomp has made this of several rules" };
}

function pointerOf(index: number): string {
  return `/linux/seccomp/syscalls/${index}`;
}

function verdictOfRule({ action, errnoRet }: SeccompRule): Verdict {
  return verdictOf(actionOf(action, errnoRet));
}

function isSame(one: Verdict, other: Verdict): boolean {
  return one.action === other.action && one.data === other.data;
}

/** All conditions must hold; where two are about one argument, one is enough, as the filter is made. */
function holds({ args: conditions = [] }: SeccompRule, args: readonly bigint[]): boolean {
  if (conditions.length === 0) return true;
  const met = conditions.map((condition) => isMet(condition, args[condition.index] ?? 0n));
  return anyIsEnough(conditions) ? met.includes(true) : !met.includes(false);
}

function anyIsEnough(conditions: readonly SeccompArg[]): boolean {
  return new Set(conditions.map(({ index }) => index)).size < conditions.length;
}

function isMet({ op, value, valueTwo = 0 }: SeccompArg, arg: bigint): boolean {
  const datum = BigInt(value);
  switch (op) {
    case "SCMP_CMP_NE":
      return arg !== datum;
    case "SCMP_CMP_LT":
      return arg < datum;
    case "SCMP_CMP_LE":
      return arg <= datum;
    case "SCMP_CMP_EQ":
      return arg === datum;
    case "SCMP_CMP_GE":
      return arg >= datum;
    case "SCMP_CMP_GT":
      return arg > datum;
    case "SCMP_CMP_MASKED_EQ":
      return (arg & datum) === (BigInt(valueTwo) & datum);
    default:
      throw new RangeError(`no operator ${op}`);
  }
}

const SIGNS: Readonly<Record<string, string>> = {
  SCMP_CMP_NE: "!=",
  SCMP_CMP_LT: "<",
  SCMP_CMP_LE: "<=",
  SCMP_CMP_EQ: "==",
  SCMP_CMP_GE: ">=",
  SCMP_CMP_GT: ">",
};

function textOf({ args = [] }: SeccompRule): string {
  const texts = args.map(({ index, op, value, valueTwo = 0 }) => {
    if (op === "SCMP_CMP_MASKED_EQ") return `(args[${index}] & ${hex(value)}) == ${hex(valueTwo)}`;
    return `args[${index}] ${SIGNS[op]} ${hex(value)}`;
  });
  return texts.join(anyIsEnough(args) ? " or " : " and ");
}

function hex(value: number | bigint): string {
  return value < 10 ? String(value) : `0x${value.toString(16)}`;
}
