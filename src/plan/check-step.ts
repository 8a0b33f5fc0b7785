// SPDX-License-Identifier: Apache-2.0
/** What the checks of a plan share. */
import type { Call, Operand } from "./step.ts";

/** The operands of a call and those inside its structures. */
export function allOperands({ args }: Call): readonly Operand[] {
  return args.flatMap(withInner);
}

function withInner(operand: Operand): readonly Operand[] {
  return operand.kind === "struct" ? [operand, ...Object.values(operand.fields).flatMap(withInner)] : [operand];
}

/** A finding about the step with that index, which is printed with the number after it. */
export function atStep(index: number, problem: string): string {
  return `step ${index + 1}: ${problem}`;
}
