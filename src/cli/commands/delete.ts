// SPDX-License-Identifier: Apache-2.0
/** `tsrun delete`: runtime.md#delete. */
import type { Invocation } from "../command.ts";

export async function perform({ options, args: [id = ""], context }: Invocation<"delete">): Promise<number> {
  const runtime = await context.runtime();
  await runtime.delete(id, { force: options.force });
  return 0;
}
