// SPDX-License-Identifier: Apache-2.0
/** `tsrun ps`: the processes of a container, as ps(1) of the host shows them. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { HostError } from "../../errors/errors.ts";
import type { Invocation } from "../command.ts";
import { print } from "../output.ts";

export async function perform({ options, args, context }: Invocation<"ps">): Promise<number> {
  const [id = "", ...asked] = args;
  const pids = await (await context.runtime()).processes(id);
  if (options.format === "json") print(`${JSON.stringify(pids)}\n`);
  else print(linesOf(await listAll(asked.length === 0 ? ["-ef"] : asked), pids));
  return 0;
}

async function listAll(options: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)("ps", options, { maxBuffer: 64 << 20 });
    return stdout;
  } catch (error) {
    const { code, stderr = "" } = error as { code?: unknown; stderr?: string };
    if (code === "ENOENT") throw new HostError("ps(1) is not installed (Debian: procps); --format json needs none");
    throw new HostError(`ps ${options.join(" ")}: ${stderr.trim() || String(error)}`);
  }
}

/** The heading, and the lines with one of the pids in its column. */
export function linesOf(listing: string, pids: readonly number[]): string {
  const [heading = "", ...rows] = listing.split("\n");
  const column = heading.trim().split(/\s+/).indexOf("PID");
  if (column < 0) throw new HostError("ps(1) shows no PID: its options must let it");
  const own = rows.filter((row) => pids.includes(Number(row.trim().split(/\s+/)[column])));
  return `${[heading, ...own].join("\n")}\n`;
}
