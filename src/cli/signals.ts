// SPDX-License-Identifier: Apache-2.0
/** Signals as people write them. signal(7). */
import { UsageError } from "../errors/errors.ts";
import { SIG } from "../kernel/signal.ts";

// libc keeps the kernel's first two real-time signals for itself: what kill(1) calls RTMIN is 34.
const RTMIN = SIG.SIGRTMIN + 2;

/**
 * A number (0 to 64, 0 only asks whether the process is there), a name in any case with or without SIG, or a real-time
 * signal counted from RTMIN or RTMAX. UsageError: none of these.
 */
export function parseSignal(text: string): number {
  const number = /^[0-9]{1,2}$/.test(text) ? Number(text) : byName(text.toUpperCase().replace(/^SIG/, ""));
  if (number === undefined || number > SIG.SIGRTMAX) {
    throw new UsageError("signal", `unknown signal ${JSON.stringify(text)}`);
  }
  return number;
}

const OTHER_NAMES: Readonly<Record<string, number>> = { CLD: SIG.SIGCHLD, POLL: SIG.SIGIO, IOT: SIG.SIGABRT };

function byName(name: string): number | undefined {
  const [, base, sign, offset] = /^RT(MIN|MAX)(?:([+-])([0-9]{1,2}))?$/.exec(name) ?? [];
  if (base !== undefined) {
    const number = (base === "MIN" ? RTMIN : SIG.SIGRTMAX) + Number(`${sign ?? "+"}${offset ?? 0}`);
    return number >= RTMIN ? number : undefined;
  }
  const table: Readonly<Record<string, number>> = SIG;
  if (Object.hasOwn(table, `SIG${name}`)) return table[`SIG${name}`];
  return Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined;
}
