// SPDX-License-Identifier: Apache-2.0
/** `tsrun kill`: runtime.md#kill. */
import type { Invocation } from "../command.ts";
import { matching } from "../matching.ts";
import { parseSignal, stopSignal } from "../signals.ts";

export async function perform({ options, args: [id = "", signal], context }: Invocation<"kill">): Promise<number> {
  const asked = signal === undefined ? undefined : parseSignal(signal);
  const runtime = await context.runtime();
  for (const each of options.regex ? await matching(runtime, id) : [id]) {
    const number = asked ?? stopSignal((await runtime.state(each)).annotations);
    await runtime.kill(each, number, { all: options.all });
  }
  return 0;
}
