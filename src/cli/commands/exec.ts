// SPDX-License-Identifier: Apache-2.0
/** `tsrun exec`: one more process in a container, as runc has it. */
import { UsageError } from "../../errors/errors.ts";
import type { ExecOptions } from "../../runtime/runtime.ts";
import type { Invocation } from "../command.ts";
import { processOptions } from "../create-options.ts";
import { execOptions } from "../exec-options.ts";

export async function perform({ options, args, context }: Invocation<"exec">): Promise<number> {
  const [id = "", ...words] = args;
  const asked: ExecOptions = { ...processOptions(options), ...execOptions(options, words) };
  if (!options.detach && options["console-socket"] !== undefined) {
    throw new UsageError("--console-socket", "cannot use console socket if tsrun will not detach or allocate tty");
  }
  const runtime = await context.runtime();
  if (options.detach) {
    // A monitor wants the status of even the shortest process.
    await runtime.exec(id, { ...asked, detached: true });
    return 0;
  }
  const { execForeground } = await import("../foreground.ts");
  return execForeground(runtime, id, asked);
}
