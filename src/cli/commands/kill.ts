// SPDX-License-Identifier: Apache-2.0
/** `tsrun kill`: runtime.md#kill. */
import type { Invocation } from "../command.ts";
import { matching } from "../matching.ts";
import { parseSignal } from "../signals.ts";

export async function perform({ options, args: [id = "", signal], context }: Invocation<"kill">): Promise<number> {
  const number = parseSignal(signal ?? "SIGTERM");
  const runtime = await context.runtime();
  for (const each of options.regex ? await matching(runtime, id) : [id]) {
    await runtime.kill(each, number, { all: options.all });
  }
  return 0;
}
