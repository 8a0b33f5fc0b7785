// SPDX-License-Identifier: Apache-2.0
/** `tsrun checkpoint`: what a container's processes are goes to files, as runc has it. */
import { checkpointOptions } from "../checkpoint-options.ts";
import type { Invocation } from "../command.ts";

export async function perform({ options, args: [id = ""], context }: Invocation<"checkpoint">): Promise<number> {
  const asked = checkpointOptions(options);
  const runtime = await context.runtime();
  await runtime.checkpoint(id, asked);
  return 0;
}
