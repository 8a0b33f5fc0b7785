// SPDX-License-Identifier: Apache-2.0
/** `tsrun delete`: runtime.md#delete. */
import type { Invocation } from "../command.ts";
import { matching } from "../matching.ts";

export async function perform({ options, args: [id = ""], context }: Invocation<"delete">): Promise<number> {
  const runtime = await context.runtime();
  for (const each of options.regex ? await matching(runtime, id) : [id]) {
    await runtime.delete(each, { force: options.force });
  }
  return 0;
}
