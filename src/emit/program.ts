// SPDX-License-Identifier: Apache-2.0
/** The calls of a plan as records and memory: all of the image that is not layout. */
import { CALLS } from "../kernel/calls.ts";
import { ERRNO, type ErrnoName } from "../kernel/errno.ts";
import { type Call, isCall, NEXT, type Operand, type Plan } from "../plan/step.ts";
import { checkRecord, copyRecord, type Draft, findOut, six } from "./draft.ts";
import { type Memory, newMemory, type Place } from "./memory.ts";
import { encodeOperand, type Surroundings, type Word } from "./operand.ts";
import { FAIL } from "./record.ts";
import { presetInputs, slotFor, slotOf } from "./slots.ts";

export interface Program {
  readonly records: readonly Draft[];
  /** Record -> index into the steps of the plan. */
  readonly steps: readonly number[];
  readonly memory: Memory;
  /** The slot of `report` and, behind it, the room for a report. */
  readonly report: Place;
}

/** Calls after which nothing follows. */
const LAST: readonly string[] = ["execve", "execveat", "exit", "exit_group"];

interface Numbered {
  readonly call: Call;
  /** Index into the steps of the plan. */
  readonly step: number;
  /** The call's first record. */
  readonly first: number;
}

/** Throws an Error for a plan that breaks the rules of plan/step.ts: the compiler has checked before. */
export function toProgram(plan: Plan): Program {
  const memory = newMemory();
  const slots = presetInputs(plan, memory);
  const report = slots.get("report");
  if (report === undefined) throw new Error("a plan needs the input `report`");
  const calls = numberRecords(plan);
  const labels = collectLabels(calls);
  const end = calls.at(-1);
  if (end === undefined || !LAST.includes(end.call.call))
    throw new Error("the last call of a plan must be execve or exit");
  const records: Draft[] = [];
  const steps: number[] = [];
  for (const [n, { call, step, first }] of calls.entries()) {
    const next = calls[n + 1]?.first ?? FAIL;
    const target = (label: string) => (label === NEXT ? next : targetOf(labels, label, first));
    const around: Surroundings = { arch: plan.arch, memory, slot: (name) => slotOf(slots, name), copies: [] };
    records.push(...toRecords(call, first, target, around, slots));
    if (records.length !== (calls[n + 1]?.first ?? records.length))
      throw new Error(`records of step ${step} miscounted`);
    while (steps.length < records.length) steps.push(step);
  }
  return { records, steps, memory, report };
}

/** Each call takes one record, and one more for each result inside a structure and for each check. */
function numberRecords(plan: Plan): readonly Numbered[] {
  const calls: Numbered[] = [];
  let first = 0;
  for (const [step, call] of plan.steps.entries()) {
    if (!isCall(call)) continue;
    calls.push({ call, step, first });
    const copies = call.args.reduce((sum, operand) => sum + countCopies(operand), 0);
    first += copies + 1 + (call.checks?.length ?? 0);
  }
  return calls;
}

function countCopies(operand: Operand): number {
  if (operand.kind !== "struct") return 0;
  return Object.values(operand.fields).reduce(
    (sum, field) => sum + (field.kind === "result" ? 1 : countCopies(field)),
    0,
  );
}

function collectLabels(calls: readonly Numbered[]): ReadonlyMap<string, number> {
  const labels = new Map<string, number>();
  for (const { call, first } of calls) {
    if (call.label === undefined) continue;
    if (labels.has(call.label)) throw new Error(`the label ${call.label} stands twice`);
    labels.set(call.label, first);
  }
  return labels;
}

/** Jumps go forwards only, so that every plan ends. */
function targetOf(labels: ReadonlyMap<string, number>, label: string, from: number): number {
  const target = labels.get(label);
  if (target === undefined) throw new Error(`no step has the label ${label}`);
  if (target <= from) throw new Error(`the label ${label} lies behind the step that jumps to it`);
  return target;
}

type Target = (label: string) => number;

function toRecords(
  call: Call,
  first: number,
  target: Target,
  around: Surroundings,
  slots: Map<string, Place>,
): Draft[] {
  const operands = encodeArgs(call, around);
  const context = call.context === undefined ? undefined : around.slot(call.context);
  const records = around.copies.map((copy, n) => copyRecord(copy, first + n));
  const checks = call.checks ?? [];
  const index = first + records.length;
  if (checks.length > 0 && call.branch !== undefined) throw new Error("a step cannot have both checks and a branch");
  records.push({
    kind: "call",
    number: CALLS[call.call][around.arch],
    index,
    operands,
    ...control(call, checks.length > 0 ? () => index + 1 : target),
    errno: ERRNO.EINVAL,
    // After the operands: a step that stores to a name it uses takes the old value.
    store: call.result === undefined ? undefined : slotFor(slots, call.result, around.memory),
    context,
    tolerate: tolerances(call, target),
  });
  for (const [n, check] of checks.entries()) {
    const own = index + 1 + n;
    const next = n + 1 < checks.length ? own + 1 : target(NEXT);
    records.push(checkRecord(check, own, next, findOut(call, check, operands)));
  }
  return records;
}

function encodeArgs(call: Call, around: Surroundings): readonly Word[] {
  const { args: most, least = most }: { args: number; least?: number } = CALLS[call.call];
  if (call.args.length > most || call.args.length < least) {
    throw new Error(`${call.call} takes ${most} operands, got ${call.args.length}`);
  }
  return six(call.args.map((operand) => encodeOperand(operand, around)));
}

/** Where a success goes. A demanded result leaves a branch nothing to decide. */
function control({ expect, branch }: Call, target: Target): Pick<Draft, "compare" | "equal" | "other"> {
  if (expect !== undefined) {
    const way = branch === undefined ? NEXT : BigInt(branch.value) === BigInt(expect) ? branch.equal : branch.other;
    return { compare: BigInt.asUintN(64, BigInt(expect)), equal: target(way), other: FAIL };
  }
  if (branch === undefined) return { compare: 0n, equal: target(NEXT), other: target(NEXT) };
  const { value, equal, other } = branch;
  return { compare: BigInt.asUintN(64, BigInt(value)), equal: target(equal), other: target(other) };
}

function tolerances(call: Call, target: Target): Draft["tolerate"] {
  if (call.tolerate === undefined) return [];
  return Object.entries(call.tolerate).map(([name, label]) => {
    if (name === "EINTR") throw new Error("EINTR is always retried: no step can tolerate it");
    return { errno: ERRNO[name as ErrnoName], target: target(label) };
  });
}
