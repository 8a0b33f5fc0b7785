// SPDX-License-Identifier: Apache-2.0
/** A plan as text for people and as JSON for programs: one line a step, in the order of the steps. */
import { printAct } from "./print-act.ts";
import { type NameOf, printArguments } from "./print-operand.ts";
import { type LabelNumbers, printOutcome } from "./print-outcome.ts";
import { type Call, isCall, NEXT, type Plan, type Step } from "./step.ts";

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Where the column of origins begins; a longer line has its origin two blanks behind it. */
const ORIGIN_COLUMN = 100;

/**
 * A header, then for each step its number, stage, the line of strace(1), what else may happen, and `# ` with the JSON
 * pointer that asked for it:
 *
 *     or EEXIST, EROFS → 14     these errnos lead to step 14, or to the next
 *     = 0 → next, else → 20     where the result leads; without an arrow, the result that is demanded
 *     where stx_rdev_major == 1, stx_rdev_minor == 3 else EINVAL      asked of the structure that the call filled
 */
export function printPlan(plan: Plan): string {
  const numbers = numberLabels(plan);
  const digits = String(plan.steps.length).length;
  const lines = plan.steps.map((step, index) => {
    const number = String(index + 1).padStart(Math.max(digits, 3));
    const text = `${number}  ${step.stage.padEnd("bootstrap".length)}  ${printStep(step, plan, numbers)}`;
    return step.from === "" ? text : `${text.padEnd(ORIGIN_COLUMN - 2)}  # ${step.from}`;
  });
  return `${[`# tsrun plan · ${plan.arch} · ${plan.steps.length} steps`, ...lines].join("\n")}\n`;
}

/**
 * `mkdirat($dev, "pts", 0755)`: the line that `strace -v -s 65535` of version 6.1 prints for a call, without the result.
 *
 * `nameOf` says what stands for a result: `$name`, or its number once it is known.
 * What strace 6.1 does not know by name (flags newer than it, MOUNT_ATTR__ATIME as a whole) has its name here.
 * RangeError: a number that no table names.
 */
export function printCall(call: Pick<Call, "call" | "args">, nameOf: NameOf = (name) => `$${name}`): string {
  return `${call.call}(${printArguments(call, nameOf).join(", ")})`;
}

/**
 * The plan with nothing but what JSON can hold: each step has its `number` and its `text` as printPlan prints it;
 * labels are numbers of steps, null the step that follows; a bigint beyond 2^53 is a decimal string; bytes are an
 * array of numbers; a table of flags is left out, the text has the names.
 */
export function planToJson(plan: Plan): JsonValue {
  const labels = numberLabels(plan);
  return {
    arch: plan.arch,
    inputs: { ...plan.inputs },
    steps: plan.steps.map((step, index) => stepToJson(step, index + 1, plan, labels)),
  };
}

function printStep(step: Step, plan: Plan, numbers: LabelNumbers): string {
  if (!isCall(step)) return printAct(step, plan.inputs);
  const result = step.result === undefined ? "" : `$${step.result} = `;
  return `${result}${printCall(step)}${printOutcome(step, numbers)}`;
}

function stepToJson(step: Step, number: number, plan: Plan, labels: LabelNumbers): JsonValue {
  const head = { number, stage: step.stage, from: step.from };
  if (!isCall(step)) {
    const { stage: _stage, from: _from, ...rest } = step;
    return { ...head, text: printAct(step, plan.inputs), ...(toJson(rest) as object) };
  }
  const to = (label: string): JsonValue => (label === NEXT ? null : (labels.get(label) ?? label));
  const { stage: _stage, from: _from, label: _label, tolerate, branch, ...rest } = step;
  return {
    ...head,
    text: printCall(step),
    ...(toJson(rest) as object),
    ...(tolerate && {
      tolerate: Object.fromEntries(Object.entries(tolerate).map(([errno, label]) => [errno, to(label as string)])),
    }),
    ...(branch && { branch: { value: branch.value, equal: to(branch.equal), other: to(branch.other) } }),
  };
}

function toJson(value: unknown): JsonValue {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (value instanceof Uint8Array) return Array.from(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([key, entry]) => entry !== undefined && key !== "table");
    return Object.fromEntries(entries.map(([key, entry]) => [key, toJson(entry)]));
  }
  return value as JsonValue;
}

/** Label -> the number of its step, as printed. */
function numberLabels(plan: Plan): LabelNumbers {
  const labels = new Map<string, number>();
  for (const [index, step] of plan.steps.entries()) {
    if (isCall(step) && step.label !== undefined) labels.set(step.label, index + 1);
  }
  return labels;
}
