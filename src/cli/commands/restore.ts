// SPDX-License-Identifier: Apache-2.0
/** `tsrun restore`: a container from the files of a checkpoint; without --detach, wait and delete. */
import { UsageError } from "../../errors/errors.ts";
import { restoreOptions } from "../checkpoint-options.ts";
import type { Invocation } from "../command.ts";

export async function perform({ options, args: [id = ""], context }: Invocation<"restore">): Promise<number> {
  const { detach, keep } = options;
  const asked = restoreOptions(options);
  if (!detach && options["console-socket"] !== undefined) {
    throw new UsageError("--console-socket", "cannot use console socket if tsrun will not detach or allocate tty");
  }
  const runtime = await context.runtime();
  if (detach) {
    await runtime.restore(id, { ...asked, detached: true });
    return 0;
  }
  const { restoreForeground } = await import("../foreground.ts");
  return restoreForeground(runtime, id, { ...asked, keep });
}
