// SPDX-License-Identifier: Apache-2.0
/** `tsrun plan`: what a start of the bundle would do, step by step. */
import { UsageError } from "../../errors/errors.ts";
import { planToJson, printPlan } from "../../plan/print.ts";
import { bundleOf } from "../bundle.ts";
import type { Invocation } from "../command.ts";
import { print } from "../output.ts";

export async function perform({ options, args, context }: Invocation<"plan">): Promise<number> {
  const runtime = await context.runtime();
  const plan = await (options.exec === undefined
    ? runtime.plan({ bundle: bundleOf(options.bundle, onlyOne(args)) })
    : runtime.planExec(options.exec, { args }));
  print(options.format === "json" ? `${JSON.stringify(planToJson(plan), null, 2)}\n` : printPlan(plan));
  return 0;
}

function onlyOne([first, surplus]: readonly string[]): string | undefined {
  if (surplus === undefined) return first;
  throw new UsageError(surplus, `plan has no use for the argument ${JSON.stringify(surplus)}`);
}
