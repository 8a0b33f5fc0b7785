// SPDX-License-Identifier: Apache-2.0
/** The image of a plan that differs from another plan in the container's name alone: nothing is laid out anew. */
import { utf8 } from "../kernel/quote.ts";
import { isNamed, isRenamed } from "../plan/same.ts";
import { type Call, isCall, type Plan, type Step } from "../plan/step.ts";
import type { Image } from "./image.ts";

/** Undefined when the plans differ in more than that, or a name does not fit into its room. */
export function renameImage(image: Image, from: Plan, to: Plan): Image | undefined {
  if (from.arch !== to.arch || from.inputs !== to.inputs || from.steps.length !== to.steps.length) return undefined;
  const bytes = image.bytes.slice();
  let next = 0;
  for (let n = 0; n < to.steps.length; n++) {
    const step = to.steps[n] as Step;
    const before = from.steps[n] as Step;
    if (step !== before && !isRenamed(step, before)) return undefined;
    for (const value of isCall(step) ? namesIn(step) : []) {
      const { offset, room } = image.names[next++] as Image["names"][number];
      const name = utf8(value);
      if (name.length >= room || name.includes(0)) return undefined;
      bytes.fill(0, offset, offset + room);
      bytes.set(name, offset);
    }
  }
  return { ...image, bytes };
}

function namesIn({ args }: Call): readonly string[] {
  return args.some(isNamed) ? args.filter(isNamed).map(({ value }) => value) : [];
}
