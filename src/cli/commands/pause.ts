// SPDX-License-Identifier: Apache-2.0
/** `tsrun pause`: every process of a container stops. */
import type { Invocation } from "../command.ts";

export async function perform({ args: [id = ""], context }: Invocation<"pause">): Promise<number> {
  await (await context.runtime()).pause(id);
  return 0;
}
