// SPDX-License-Identifier: Apache-2.0
/** The same start under another name: most of a plan need not be put together again. */
import { isRenamed } from "../plan/same.ts";
import { type Call, isCall, type Plan, type Step } from "../plan/step.ts";
import type { Draft } from "./scope.ts";

type Chapters = readonly (readonly Draft[])[];

/** The plan of `chapters`, from that of `before`; undefined when they differ in more than the container's name. */
export function renamedPlan(plan: Plan, before: Chapters, chapters: Chapters): Plan | undefined {
  const steps = plan.steps.slice();
  let at = 0;
  for (const [n, drafts] of chapters.entries()) {
    const old = before[n] ?? [];
    if (drafts !== old) {
      if (drafts.length !== old.length || !drafts.every((draft, m) => isAlike(draft, old[m] as Draft)))
        return undefined;
      for (const [m, step] of drafts.filter(isStep).entries()) steps[at + m] = inPlace(step, steps[at + m] as Step);
    }
    for (const draft of old) if (isStep(draft)) at += 1;
  }
  return { ...plan, steps };
}

function isAlike(draft: Draft, old: Draft): boolean {
  if (!isStep(draft) || !isStep(old)) return !isStep(draft) && !isStep(old) && draft.mark === old.mark;
  return isRenamed(draft, old);
}

function isStep(draft: Draft): draft is Step {
  return !("mark" in draft);
}

/** Labels have been placed there. */
function inPlace(step: Step, old: Step): Step {
  return isCall(step) ? { ...(old as Call), args: step.args } : step;
}
