// SPDX-License-Identifier: Apache-2.0
/** `tsrun run`: create, start, and without --detach, wait and delete. */
import { UsageError } from "../../errors/errors.ts";
import type { CreateOptions, Runtime } from "../../runtime/runtime.ts";
import type { Invocation } from "../command.ts";
import { createOptions } from "../create-options.ts";

export async function perform({ options, args: [id = ""], context }: Invocation<"run">): Promise<number> {
  const { detach, keep } = options;
  if (!detach && options["console-socket"] !== undefined) {
    // In the words of runc, which callers look for: the terminal of a foreground run is relayed, not handed over.
    const message = "cannot use console socket if tsrun will not detach or allocate tty";
    throw new UsageError("--console-socket", message);
  }
  const runtime = await context.runtime();
  if (detach) return runDetached(runtime, id, { ...createOptions(options), keep });
  const { runForeground } = await import("../foreground.ts");
  return runForeground(runtime, id, { ...createOptions(options), keep });
}

/** A container that cannot be started is not left behind, unless --keep asks for it. */
async function runDetached(runtime: Runtime, id: string, options: CreateOptions & { keep: boolean }): Promise<number> {
  await runtime.create(id, { ...options, detached: true });
  try {
    await runtime.start(id);
  } catch (error) {
    if (!options.keep) await runtime.delete(id, { force: true });
    throw error;
  }
  return 0;
}
