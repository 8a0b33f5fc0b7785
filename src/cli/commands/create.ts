// SPDX-License-Identifier: Apache-2.0
/** `tsrun create`: runtime.md#create. */
import type { Invocation } from "../command.ts";
import { createOptions } from "../create-options.ts";

export async function perform({ options, args: [id = ""], context }: Invocation<"create">): Promise<number> {
  const runtime = await context.runtime();
  await runtime.create(id, { ...createOptions(options), detached: true });
  return 0;
}
