// SPDX-License-Identifier: Apache-2.0
/** `tsrun plan`: what a start of the bundle would do, step by step. */
import { planToJson, printPlan } from "../../plan/print.ts";
import { bundleOf } from "../bundle.ts";
import type { Invocation } from "../command.ts";
import { print } from "../output.ts";

export async function perform({ options, args, context }: Invocation<"plan">): Promise<number> {
  const bundle = bundleOf(options.bundle, args[0]);
  const runtime = await context.runtime();
  const plan = await runtime.plan({ bundle });
  print(options.format === "json" ? `${JSON.stringify(planToJson(plan), null, 2)}\n` : printPlan(plan));
  return 0;
}
