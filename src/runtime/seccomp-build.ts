// SPDX-License-Identifier: Apache-2.0
/** A profile as the program of a filter, made by libseccomp. config-linux.md#seccomp, seccomp_rule_add(3). */
import { decodeClassic, encodeClassic } from "../bpf/classic.ts";
import { enosysPrelude, type NewestCalls } from "../bpf/enosys.ts";
import type { Seccomp, SeccompRule } from "../config/config.ts";
import type { Finding } from "../errors/errors.ts";
import { ERRNO } from "../kernel/errno.ts";
import {
  MACHINE_ARCHES,
  SCMP_ACT,
  SCMP_ARCH,
  SCMP_CMP,
  SCMP_FLTATR,
  type ScmpArch,
  WITH_ERRNO,
} from "../kernel/seccomp-profile.ts";
import {
  type Comparison,
  type FilterContext,
  seccomp_arch_add,
  seccomp_arch_remove,
  seccomp_attr_set,
  seccomp_export_bpf,
  seccomp_init,
  seccomp_release,
  seccomp_rule_add,
  seccomp_syscall_resolve_name,
  seccomp_syscall_resolve_name_arch,
} from "../native/libseccomp.ts";

export interface Built {
  readonly program: Uint8Array;
  readonly warnings: readonly string[];
  readonly findings: readonly Finding[];
}

type Machine = "x64" | "arm64";

/** The findings are what libseccomp refuses; the program means nothing then. HostError: there is no libseccomp. */
export function buildFilter(seccomp: Seccomp, machine: Machine): Built {
  const warnings: string[] = [];
  const findings: Finding[] = [];
  const arches = archesOf(seccomp, machine);
  const context = seccomp_init(actionOf(seccomp.defaultAction, seccomp.defaultErrnoRet));
  try {
    addArches(context, arches);
    const count = addRules(context, seccomp, { warnings, findings });
    if (count > FEW) seccomp_attr_set(context, SCMP_FLTATR.SCMP_FLTATR_CTL_OPTIMIZE, 2);
    const program = withPrelude(seccomp, arches, seccomp_export_bpf(context));
    if (program.length > MAX_SIZE) findings.push(tooLong(program.length));
    return { program, warnings, findings };
  } finally {
    seccomp_release(context);
  }
}

/** With more rules than these a binary tree is faster than a list; libseccomp up to 2.5.4 cannot make one without rules. */
const FEW = 32;
const INSTRUCTION = 8;
const MAX_SIZE = 4096 * INSTRUCTION;

function tooLong(size: number): Finding {
  const message = `makes a filter of ${size / INSTRUCTION} instructions; the kernel takes 4096`;
  return { pointer: "/linux/seccomp/syscalls", message, spec: SPEC };
}

const SPEC = "config-linux.md#seccomp";

/** The machine's own architecture, which libseccomp always filters, and those of the profile that it can run. */
function archesOf({ architectures = [] }: Seccomp, machine: Machine): readonly ScmpArch[] {
  return MACHINE_ARCHES[machine].filter((arch, index) => index === 0 || architectures.includes(arch));
}

function addArches(context: FilterContext, arches: readonly ScmpArch[]): void {
  const [own] = MACHINE_ARCHES[process.arch === "arm64" ? "arm64" : "x64"];
  for (const arch of arches) seccomp_arch_add(context, SCMP_ARCH[arch]);
  if (own !== undefined && !arches.includes(own)) seccomp_arch_remove(context, SCMP_ARCH[own]);
}

export function actionOf(name: string, errno: number | undefined): number {
  const action = (SCMP_ACT as Readonly<Record<string, number>>)[name];
  if (action === undefined) throw new RangeError(`no action ${name}`);
  return WITH_ERRNO.includes(name) ? action + (errno ?? ERRNO.EPERM) : action;
}

/** Returns how many rules there are. */
function addRules(
  context: FilterContext,
  { defaultAction, defaultErrnoRet, syscalls = [] }: Seccomp,
  told: { readonly warnings: string[]; readonly findings: Finding[] },
): number {
  const unknown = new Set<string>();
  let count = 0;
  for (const [index, rule] of syscalls.entries()) {
    const action = actionOf(rule.action, rule.errnoRet);
    // libseccomp takes no rule for what happens anyway.
    const isDefault = action === actionOf(defaultAction, defaultErrnoRet);
    for (const [n, name] of rule.names.entries()) {
      const number = seccomp_syscall_resolve_name(name);
      if (number === undefined) unknown.add(name);
      else if (!isDefault) {
        const pointer = `/linux/seccomp/syscalls/${index}/names/${n}`;
        count += addRule(context, {
          action,
          number,
          rule,
          refuse: (result) => told.findings.push(refusal(pointer, name, result)),
        });
      }
    }
  }
  if (unknown.size > 0)
    told.warnings.push(`/linux/seccomp/syscalls: libseccomp does not know ${[...unknown].join(", ")}`);
  return count;
}

function refusal(pointer: string, name: string, result: number): Finding {
  const message =
    result === -ERRNO.EEXIST
      ? `an earlier rule has another action for the same arguments of ${name}`
      : `libseccomp cannot make this rule for ${name} (error ${-result})`;
  return { pointer, message, spec: SPEC };
}

interface Adding {
  readonly action: number;
  readonly number: number;
  readonly rule: SeccompRule;
  readonly refuse: (result: number) => void;
}

/** All conditions of a rule must hold; where two are about one argument, one is enough, as with runc and crun. */
function addRule(context: FilterContext, { action, number, rule, refuse }: Adding): number {
  const comparisons = (rule.args ?? []).map(comparisonOf);
  const distinct = new Set(comparisons.map(({ arg }) => arg)).size === comparisons.length;
  const rules = distinct ? [comparisons] : comparisons.map((one) => [one]);
  for (const one of rules) {
    const result = seccomp_rule_add(context, action, { number, comparisons: one });
    if (result < 0) refuse(result);
  }
  return rules.length;
}

function comparisonOf({ index, op, value, valueTwo = 0 }: NonNullable<SeccompRule["args"]>[number]): Comparison {
  const operator = (SCMP_CMP as Readonly<Record<string, number>>)[op];
  if (operator === undefined) throw new RangeError(`no operator ${op}`);
  return { arg: index, op: operator, a: BigInt(value), b: BigInt(valueTwo) };
}

/** Where calls are let through unless named, new ones are, too; and a tracer or an agent is to see them itself. */
const PERMISSIVE: readonly string[] = ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY"];

function withPrelude(seccomp: Seccomp, arches: readonly ScmpArch[], program: Uint8Array): Uint8Array {
  if (PERMISSIVE.includes(seccomp.defaultAction)) return program;
  const names = (seccomp.syscalls ?? []).flatMap((rule) => rule.names);
  const newest = (arch: ScmpArch) => newestOf(SCMP_ARCH[arch], names);
  const known = arches
    .filter((arch) => arch !== "SCMP_ARCH_X32")
    .map((arch): NewestCalls => {
      const x32 = arch === "SCMP_ARCH_X86_64" && arches.includes("SCMP_ARCH_X32");
      return { arch: SCMP_ARCH[arch], newest: newest(arch), ...(x32 && { newestX32: newest("SCMP_ARCH_X32") }) };
    });
  return encodeClassic([...enosysPrelude(known), ...decodeClassic(program)]);
}

/** Numbers of 32-bit ARM's own kind tell nothing of how old a profile is. */
const ORDINARY = 0xf0000;

function newestOf(arch: number, names: readonly string[]): number | undefined {
  let newest: number | undefined;
  for (const name of names) {
    const number = seccomp_syscall_resolve_name_arch(arch, name);
    const isPrivate = arch === SCMP_ARCH.SCMP_ARCH_ARM && number !== undefined && number >= ORDINARY;
    if (number !== undefined && !isPrivate && (newest === undefined || number > newest)) newest = number;
  }
  return newest;
}
