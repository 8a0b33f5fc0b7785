// SPDX-License-Identifier: Apache-2.0
/** `tsrun start`: runtime.md#start. */
import type { Invocation } from "../command.ts";

export async function perform({ args: [id = ""], context }: Invocation<"start">): Promise<number> {
  const runtime = await context.runtime();
  await runtime.start(id);
  return 0;
}
