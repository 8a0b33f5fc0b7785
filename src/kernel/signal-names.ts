// SPDX-License-Identifier: Apache-2.0
/** Signals as people write them. signal(7), kill(1). */
import { SIG } from "./signal.ts";

// libc keeps the kernel's first two real-time signals for itself: what kill(1) calls RTMIN is 34.
const RTMIN = SIG.SIGRTMIN + 2;

/**
 * A number (0 to 64, 0 only asks whether the process is there), a name in any case with or without SIG, or a real-time
 * signal counted from RTMIN or RTMAX; undefined for what is none of these.
 */
export function signalNumber(text: string): number | undefined {
  const number = /^[0-9]{1,2}$/.test(text) ? Number(text) : byName(text.toUpperCase().replace(/^SIG/, ""));
  return number === undefined || number > SIG.SIGRTMAX ? undefined : number;
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
