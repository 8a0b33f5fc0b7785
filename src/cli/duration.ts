// SPDX-License-Identifier: Apache-2.0
/** Lengths of time as Go writes them, and runc's callers do: 5s, 1m30s, 1.5h, 250ms. */

const MILLISECONDS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d+\.?\d*|\.\d+)(ns|[u\u00b5\u03bc]s|ms|[smh])/g;

/** In milliseconds. Undefined for what is no length of time; a number without a unit is one only if it is 0. */
export function parseDuration(text: string): number | undefined {
  const [, sign = "", rest = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === "0") return 0;
  if (rest === "" || rest.replace(PART, "") !== "") return undefined;
  const parts = [...rest.matchAll(PART)].map(([, number, unit]) => Number(number) * (MILLISECONDS[unit ?? ""] ?? 0));
  return parts.reduce((sum, part) => sum + part, 0) * (sign === "-" ? -1 : 1);
}
