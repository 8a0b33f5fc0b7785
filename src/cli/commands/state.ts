// SPDX-License-Identifier: Apache-2.0
/** `tsrun state`: runtime.md#query-state. */
import type { Invocation } from "../command.ts";
import { print } from "../output.ts";
import { stateDocument } from "../state-document.ts";

export async function perform({ args: [id = ""], context }: Invocation<"state">): Promise<number> {
  const runtime = await context.runtime();
  const state = await runtime.state(id);
  print(`${JSON.stringify(stateDocument(state), null, 2)}\n`);
  return 0;
}
