// SPDX-License-Identifier: Apache-2.0
/** `tsrun resume`: the processes of a paused container go on. */
import type { Invocation } from "../command.ts";

export async function perform({ args: [id = ""], context }: Invocation<"resume">): Promise<number> {
  await (await context.runtime()).resume(id);
  return 0;
}
