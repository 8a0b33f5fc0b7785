// SPDX-License-Identifier: Apache-2.0
/** `tsrun list`. */
import type { State } from "../../runtime/state.ts";
import type { Invocation } from "../command.ts";
import { print } from "../output.ts";
import { stateDocument } from "../state-document.ts";

export async function perform({ options, context }: Invocation<"list">): Promise<number> {
  const runtime = await context.runtime();
  const states = await runtime.list();
  if (options.quiet) print(states.map(({ id }) => `${id}\n`).join(""));
  else if (options.format === "json") print(`${JSON.stringify(states.map(stateDocument))}\n`);
  else print(listTable(states));
  return 0;
}

/** runc's columns: each at least 12 wide, and 3 apart. */
export function listTable(states: readonly State[]): string {
  const rows = [
    ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"],
    ...states.map(({ id, pid, status, bundle, created, owner }) => [id, String(pid), status, bundle, created, owner]),
  ];
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(MINIMUM, ...rows.map((row) => (row[column] ?? "").length + GAP)),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join("");
  return rows.map((row) => `${line(row)}\n`).join("");
}

const MINIMUM = 12;
const GAP = 3;
