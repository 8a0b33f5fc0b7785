// SPDX-License-Identifier: Apache-2.0
/** What a step says of its result: demanded, allowed, decided. */
import type { ErrnoName } from "../kernel/errno.ts";
import { hex, octal } from "../kernel/flags.ts";
import { type Field, LAYOUTS } from "../kernel/layouts.ts";
import { printFieldNumber } from "./print-struct.ts";
import { type Call, type Check, NEXT } from "./step.ts";

/** Label -> the number of its step, as printed. */
export type LabelNumbers = ReadonlyMap<string, number>;

/** What is demanded, allowed and decided: empty for a call that has to succeed, whatever it returns. */
export function printOutcome(call: Call, numbers: LabelNumbers): string {
  const to = (label: string) => {
    if (label === NEXT) return "→ next";
    const number = numbers.get(label);
    if (number === undefined) throw new RangeError(`no step has the label ${label}`);
    return `→ ${number}`;
  };
  const parts: string[] = [];
  const { expect, branch } = call;
  if (expect !== undefined) parts.push(`= ${expect}`);
  if (branch !== undefined) parts.push(`= ${branch.value} ${to(branch.equal)}, else ${to(branch.other)}`);
  for (const [target, errnos] of groupTolerated(call)) parts.push(`or ${errnos.join(", ")} ${to(target)}`);
  for (const [errno, checks] of groupChecks(call)) parts.push(`where ${checks.join(", ")} else ${errno}`);
  return parts.map((part) => ` ${part}`).join("");
}

/** Target -> the errnos that lead there, in the order of the plan. */
function groupTolerated(call: Call): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const [errno, target] of Object.entries(call.tolerate ?? {}) as [ErrnoName, string][]) {
    groups.set(target, [...(groups.get(target) ?? []), errno]);
  }
  return groups;
}

/** Errno -> the checks that end the start with it. */
function groupChecks(call: Call): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const check of call.checks ?? []) {
    groups.set(check.errno, [...(groups.get(check.errno) ?? []), printCheck(call, check)]);
  }
  return groups;
}

function printCheck(call: Call, { field: name, mask, value }: Check): string {
  const field = fieldOf(call, name);
  const left = mask === undefined ? name : `${name} & ${printBits(field, mask)}`;
  return `${left} == ${printBits(field, value)}`;
}

function fieldOf(call: Call, name: string): Field {
  for (const arg of call.args) {
    const field =
      arg.kind === "out" && arg.layout !== undefined
        ? LAYOUTS[arg.layout].fields.find((field) => field.name === name)
        : undefined;
    if (field !== undefined) return field;
  }
  throw new RangeError(`${call.call} fills no field ${name}`);
}

/** A name for exactly this number, if the field has one: S_IFMT, and S_IFCHR without permissions. */
function printBits(field: Field, value: bigint): string {
  const named = Object.entries(field.flags ?? {}).find(([, number]) => BigInt(number) === value);
  if (named !== undefined) return named[0];
  if (field.name === "stx_mode") return octal(value);
  if (value === 0n) return "0";
  if (field.flags !== undefined) return hex(value);
  return printFieldNumber(field, field.signed ? BigInt.asIntN(8 * field.size, value) : value);
}
