// SPDX-License-Identifier: Apache-2.0
/** What CRIU's log tells of a failure. */
import { readFileSync } from "node:fs";
import { HostError } from "../errors/errors.ts";
import type { CriuResponse } from "./criu-messages.ts";

const LINES = 5;

export interface CriuFailure {
  /** "checkpoint container \"x\"" */
  readonly what: string;
  /** The file that CRIU has written its log to. */
  readonly log: string;
  readonly response: CriuResponse;
}

/** The error with the log's last lines that tell of one; the whole log is in the file. */
export function criuError({ what, log, response }: CriuFailure): HostError {
  const { cr_errno: errno = 0, cr_errmsg: said } = response;
  const number = errno === 0 ? "" : ` (errno ${errno})`;
  const lines = [...(said === undefined || said === "" ? [] : [printable(said)]), ...errorLines(log)];
  const cause = new AggregateError(lines.map((line) => new HostError(line)));
  return new HostError(`CRIU cannot ${what}${number}; its log is ${log}`, lines.length === 0 ? undefined : { cause });
}

/** Those that CRIU marks as errors, the last ones. */
export function errorLines(log: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(log, "utf8");
  } catch {
    return [`there is no ${log}`];
  }
  const lines = text.split("\n").filter((line) => /^\(\d+\.\d+\)\s+(?:\d+: )?Error /.test(line));
  return lines.slice(-LINES).map(printable);
}

/** Nothing that a terminal would obey: names of the container's files are in it. */
function printable(line: string): string {
  return line.replace(/\p{C}/gu, "?").trim();
}
