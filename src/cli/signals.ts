// SPDX-License-Identifier: Apache-2.0
/** Which signal a command sends. signal(7). */
import { STOP_SIGNAL } from "../config/rules-document.ts";
import { UsageError } from "../errors/errors.ts";
import { SIG } from "../kernel/signal.ts";
import { signalNumber } from "../kernel/signal-names.ts";

/** UsageError: neither a number of 0 to 64 nor a name. */
export function parseSignal(text: string): number {
  const number = signalNumber(text);
  if (number === undefined) throw new UsageError("signal", `unknown signal ${JSON.stringify(text)}`);
  return number;
}

/** What ends the container by its image's wish, SIGTERM if it has none. UsageError: its wish is no signal. config.md#annotations. */
export function stopSignal(annotations: Readonly<Record<string, string>> = {}): number {
  const wish = annotations[STOP_SIGNAL];
  if (!wish) return SIG.SIGTERM;
  const number = signalNumber(wish);
  if (number !== undefined) return number;
  throw new UsageError("signal", `the annotation ${STOP_SIGNAL} is no signal: ${JSON.stringify(wish)}; name one`);
}
