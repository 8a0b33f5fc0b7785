// SPDX-License-Identifier: Apache-2.0
/** Steps in words, for when they fail: said beforehand of those that `start` sets off, when the plan is gone. */
import { type FailedStep, HostError } from "../errors/errors.ts";
import { printCall } from "../plan/print.ts";
import { isCall, type Plan } from "../plan/step.ts";

/** What can be said of a step that failed; kept in state.json for the steps that `start` sets off. */
export interface StepText {
  readonly call: string;
  readonly line: string;
  readonly step: FailedStep;
}

export function stepText(plan: Plan, index: number): StepText {
  const step = plan.steps[index];
  if (step === undefined || !isCall(step)) throw new HostError(`step ${index + 1} of the plan is not one of the image`);
  const { stage, from } = step;
  return { call: step.call, line: printCall(step), step: { number: index + 1, of: plan.steps.length, stage, from } };
}

/** The steps that follow the start socket's accept4(2), by the index of the image's record. */
export function textsAfterStart(plan: Plan, records: readonly number[]): Record<number, StepText> {
  const begin = plan.steps.findIndex((step) => isCall(step) && step.call === "accept4");
  const texts: Record<number, StepText> = {};
  records.forEach((step, record) => {
    if (step >= begin) texts[record] ??= stepText(plan, step);
  });
  return texts;
}
