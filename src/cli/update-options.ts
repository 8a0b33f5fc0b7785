// SPDX-License-Identifier: Apache-2.0
/** The options of `update` as resources. The syntax of their values is runc's. */
import type { U64 } from "../config/config.ts";
import { UsageError } from "../errors/errors.ts";
import type { CommandValues } from "./table.ts";

type Values = CommandValues<"update">;
type Flag = Exclude<keyof Values, "help" | "resources">;

interface Meaning {
  /** Where it belongs in linux.resources, or beside it. */
  readonly place: readonly [part: string, property: string];
  readonly read: (text: string) => U64 | string | undefined;
}

/** Integers of 64 bits, as strconv.ParseInt and ParseUint take them. */
const signed = (text: string) => integer(/^[+-]?\d+$/, text, [-(2n ** 63n), 2n ** 63n - 1n]);
const unsigned = (text: string) => integer(/^\d+$/, text, [0n, 2n ** 64n - 1n]);
const asIs = (text: string) => text;

const MEANINGS: Readonly<Record<Flag, Meaning>> = {
  memory: { place: ["memory", "limit"], read: bytes },
  "memory-reservation": { place: ["memory", "reservation"], read: bytes },
  "memory-swap": { place: ["memory", "swap"], read: bytes },
  "kernel-memory": { place: ["memory", "kernel"], read: bytes },
  "kernel-memory-tcp": { place: ["memory", "kernelTCP"], read: bytes },
  "pids-limit": { place: ["pids", "limit"], read: signed },
  "cpu-share": { place: ["cpu", "shares"], read: unsigned },
  "cpu-quota": { place: ["cpu", "quota"], read: signed },
  "cpu-period": { place: ["cpu", "period"], read: unsigned },
  "cpu-burst": { place: ["cpu", "burst"], read: unsigned },
  "cpu-rt-runtime": { place: ["cpu", "realtimeRuntime"], read: signed },
  "cpu-rt-period": { place: ["cpu", "realtimePeriod"], read: unsigned },
  "cpu-idle": { place: ["cpu", "idle"], read: signed },
  "cpuset-cpus": { place: ["cpu", "cpus"], read: asIs },
  "cpuset-mems": { place: ["cpu", "mems"], read: asIs },
  "blkio-weight": { place: ["blockIO", "weight"], read: unsigned },
  "l3-cache-schema": { place: ["intelRdt", "l3CacheSchema"], read: asIs },
  "mem-bw-schema": { place: ["intelRdt", "memBwSchema"], read: asIs },
};

/** What is asked for, by the parts of linux.resources and `intelRdt`. UsageError: a value that is none. */
export function askedBy(values: Values): Record<string, Record<string, U64 | string>> {
  const parts: Record<string, Record<string, U64 | string>> = {};
  for (const flag of givenIn(values)) {
    const { place, read } = MEANINGS[flag];
    const text = values[flag] ?? "";
    const value = read(text);
    if (value === undefined) {
      throw new UsageError(`--${flag}`, `invalid value for ${flag}: ${JSON.stringify(text)}`);
    }
    parts[place[0]] = { ...parts[place[0]], [place[1]]: value };
  }
  return parts;
}

/** The limits that are given. An empty value is as good as none. */
export function givenIn(values: Values): readonly Flag[] {
  return (Object.keys(MEANINGS) as Flag[]).filter((flag) => (values[flag] ?? "") !== "");
}

/** `/memory/limit` -> `--memory` */
export const FLAG_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(MEANINGS).map(([flag, { place }]) => [`/${place.join("/")}`, `--${flag}`]),
);

function integer(form: RegExp, text: string, [least, most]: readonly [least: bigint, most: bigint]): U64 | undefined {
  if (!form.test(text)) return undefined;
  const value = BigInt(text.replace("+", ""));
  return value < least || value > most ? undefined : small(value);
}

const UNITS = "bkmgtp";

/** `512M`, `1.5g`, `64 KiB`: powers of 1024. -1 is no limit. */
function bytes(text: string): U64 | undefined {
  if (text === "-1") return -1;
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d*)?|\.\d+) ?([kmgtp]i?b?|b?)$/i.exec(text) ?? [];
  if (digits === "") return undefined;
  const factor = 1024n ** BigInt(Math.max(0, UNITS.indexOf(unit.charAt(0).toLowerCase())));
  const value = /^\d+$/.test(digits) ? BigInt(digits) * factor : BigInt(Math.trunc(Number(digits) * Number(factor)));
  return value < 2n ** 63n ? small(value) : undefined;
}

function small(value: bigint): U64 {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER) ? Number(value) : value;
}
