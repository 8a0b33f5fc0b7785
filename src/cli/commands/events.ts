// SPDX-License-Identifier: Apache-2.0
/** `tsrun events`: a line of JSON for what a container uses, and for what happens to it, as runc has it. */
import { printJson } from "../../config/json.ts";
import { UsageError } from "../../errors/errors.ts";
import type { Invocation } from "../command.ts";
import { parseDuration } from "../duration.ts";
import { print } from "../output.ts";

export async function perform({ options, args: [id = ""], context }: Invocation<"events">): Promise<number> {
  const intervalMs = parseDuration(options.interval ?? INTERVAL);
  if (intervalMs === undefined || intervalMs <= 0) {
    const what = "--interval needs a length of time above 0, such as 5s or 500ms";
    throw new UsageError("--interval", `${what}, got ${JSON.stringify(options.interval)}`);
  }
  const tell = (event: object) => print(`${printJson(event)}\n`);
  const runtime = await context.runtime();
  if (options.stats) tell({ type: "stats", id, data: await runtime.stats(id) });
  else await runtime.events(id, tell, { intervalMs });
  return 0;
}

const INTERVAL = "5s";
