// SPDX-License-Identifier: Apache-2.0
/** Plain data that is equal, and steps that are equal but for the container's name. */
import { isCall, type Operand, type Step } from "./step.ts";

/** Whether two values of plain data are equal. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length || Array.isArray(one) !== Array.isArray(other)) return false;
  return keys.every((key) => Object.hasOwn(other, key) && isSame(Reflect.get(one, key), Reflect.get(other, key)));
}

/** Whether the image has the same for both, but for named strings. It has nothing of an act. */
export function isRenamed(one: Step, other: Step): boolean {
  if (!isCall(one) || !isCall(other)) return isCall(one) === isCall(other);
  const { args, ...rest } = one;
  const { args: otherArgs, ...otherRest } = other;
  if (args.length !== otherArgs.length || !isSame(rest, otherRest)) return false;
  return args.every((arg, index) => {
    const otherArg = otherArgs[index] as Operand;
    return (isNamed(arg) && isNamed(otherArg)) || isSame(arg, otherArg);
  });
}

type Named = Extract<Operand, { kind: "string" }>;

export function isNamed(operand: Operand): operand is Named {
  return operand.kind === "string" && operand.named === true;
}
