// SPDX-License-Identifier: Apache-2.0
/** `tsrun completion`: a script that teaches a shell the commands and options. */
import { UsageError } from "../../errors/errors.ts";
import type { Invocation } from "../command.ts";
import { completionFor, SHELLS } from "../completion.ts";
import { print } from "../output.ts";

export async function perform({ args: [name = ""] }: Invocation<"completion">): Promise<number> {
  const shell = SHELLS.find((each) => each === name);
  if (shell === undefined)
    throw new UsageError("shell", `completion knows ${SHELLS.join(", ")}, not ${JSON.stringify(name)}`);
  print(completionFor(shell));
  return 0;
}
