// SPDX-License-Identifier: Apache-2.0
/** The ways through a plan: jumps lead forwards to labels that are there, and what a step uses is known on every way. */
import { allOperands, atStep } from "./check-step.ts";
import { type Call, isCall, NEXT, type Plan } from "./step.ts";

interface Numbered {
  readonly call: Call;
  /** Index into the steps of the plan. */
  readonly step: number;
}

/** Calls that never return when they succeed. */
const FINAL: readonly string[] = ["execve", "execveat", "exit", "exit_group"];

/**
 * Walks the calls once, in order: jumps lead forwards, so each step's ways in are complete when it is reached.
 * A name counts as known where every way defines it.
 */
export function checkPaths(plan: Plan): string[] {
  const calls = plan.steps.flatMap((step, index) => (isCall(step) ? [{ call: step, step: index }] : []));
  const findings = checkLabels(calls);
  const labels = new Map(calls.flatMap(({ call }, index) => (call.label === undefined ? [] : [[call.label, index]])));
  const known: (ReadonlySet<string> | undefined)[] = [new Set(Object.keys(plan.inputs))];
  for (const [index, { call, step }] of calls.entries()) {
    const names = known[index];
    if (names === undefined) {
      findings.push(atStep(step, "no way leads here"));
      continue;
    }
    for (const name of namesOf(call)) {
      if (!names.has(name)) findings.push(atStep(step, `$${name} is not known on every way to it`));
    }
    for (const { label, success } of waysOut(call)) {
      const target = label === NEXT ? index + 1 : labels.get(label);
      if (target === undefined || target <= index) continue;
      const then = success && call.result !== undefined ? new Set([...names, call.result]) : names;
      if (target === calls.length) findings.push(atStep(step, "nothing follows it, but it can return"));
      else known[target] = meet(known[target], then);
    }
  }
  return findings;
}

function checkLabels(calls: readonly Numbered[]): string[] {
  const places = new Map<string, number>();
  const findings: string[] = [];
  for (const { call, step } of calls) {
    if (call.label === undefined) continue;
    if (call.label === NEXT) findings.push(atStep(step, "a label needs a name"));
    if (places.has(call.label)) findings.push(atStep(step, `the label ${call.label} stands twice`));
    places.set(call.label, step);
  }
  for (const { call, step } of calls) {
    for (const { label } of waysOut(call)) {
      if (label === NEXT) continue;
      const place = places.get(label);
      if (place === undefined) findings.push(atStep(step, `no step has the label ${label}`));
      else if (place <= step) findings.push(atStep(step, `the label ${label} lies behind it`));
    }
  }
  return findings;
}

/** Where a call may lead: on success, and with each errno that it tolerates. */
function waysOut({ call, branch, tolerate }: Call): readonly { label: string; success: boolean }[] {
  const success = FINAL.includes(call) ? [] : branch === undefined ? [NEXT] : [branch.equal, branch.other];
  const failure = Object.values(tolerate ?? {});
  return [
    ...success.map((label) => ({ label, success: true })),
    ...failure.map((label) => ({ label, success: false })),
  ];
}

function namesOf(call: Call): readonly string[] {
  const names = allOperands(call).flatMap((operand) =>
    operand.kind === "result" || operand.kind === "address" ? [operand.name] : [],
  );
  return [...new Set(call.context === undefined ? names : [...names, call.context])];
}

/** What two ways have in common. */
function meet(one: ReadonlySet<string> | undefined, other: ReadonlySet<string>): ReadonlySet<string> {
  return one === undefined ? other : new Set([...one].filter((name) => other.has(name)));
}
