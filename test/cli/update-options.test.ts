// SPDX-License-Identifier: Apache-2.0
/** The options of `update` and `events`: the syntax of their values is that of runc's. */
import { expect, test } from "vitest";
import { parseDuration } from "../../src/cli/duration.ts";
import { parseCommandLine } from "../../src/cli/parse.ts";
import type { CommandValues } from "../../src/cli/table.ts";
import { askedBy } from "../../src/cli/update-options.ts";
import { UsageError } from "../../src/errors/errors.ts";

/** Text -> bytes, as units.RAMInBytes of Go reads it; undefined: refused. */
const SIZES: readonly (readonly [text: string, bytes: number | bigint | undefined])[] = [
  ["67108864", 67_108_864],
  ["512M", 512 * 2 ** 20],
  ["512m", 512 * 2 ** 20],
  ["5KiB", 5120],
  ["5kb", 5120],
  ["64 MB", 64 * 2 ** 20],
  ["1.5g", 1.5 * 2 ** 30],
  ["7b", 7],
  ["2T", 2 * 2 ** 40],
  ["9223372036854775807", 2n ** 63n - 1n],
  ["9223372036854775808", undefined],
  ["-1", -1],
  ["-2", undefined],
  ["abc", undefined],
  [" 5", undefined],
  ["5MM", undefined],
  ["0x10", undefined],
];

test.for(SIZES)("--memory %j", ([text, bytes]) => {
  if (bytes === undefined) expect(() => asked("--memory", text)).toThrow(UsageError);
  else expect(asked("--memory", text)).toEqual({ memory: { limit: bytes } });
});

test("each option is a property, before and after the id", () => {
  expect(asked("--cpu-quota", "-1", "id", "--cpu-period=900", "--pids-limit", "-1")).toEqual({
    cpu: { quota: -1, period: 900 },
    pids: { limit: -1 },
  });
  expect(asked("--cpuset-cpus", "0-1", "--cpuset-mems", "0", "--cpu-idle", "1", "--blkio-weight", "50")).toEqual({
    cpu: { cpus: "0-1", mems: "0", idle: 1 },
    blockIO: { weight: 50 },
  });
  expect(asked("--l3-cache-schema", "L3:0=f", "--memory", "")).toEqual({ intelRdt: { l3CacheSchema: "L3:0=f" } });
});

test.for([
  ["--cpu-share", "-1"],
  ["--cpu-period", "5ms"],
  ["--cpu-quota", "1.5"],
  ["--pids-limit", "many"],
  ["--cpu-share", "18446744073709551616"],
  ["--cpu-quota", "9223372036854775808"],
] as const)("%s %s is no value", ([flag, text]) => {
  expect(() => asked(flag, text)).toThrow(`invalid value for ${flag.slice(2)}: ${JSON.stringify(text)}`);
});

function asked(...words: readonly string[]) {
  const line = parseCommandLine(["update", ...words, ...(words.includes("id") ? [] : ["id"])]);
  expect(line.args).toEqual(["id"]);
  return askedBy(line.options as CommandValues<"update">);
}

test.for<readonly [text: string, ms: number | undefined]>([
  ["5s", 5_000],
  ["100ms", 100],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
  ["1h0.5m", 3_630_000],
  ["500us", 0.5],
  ["500µs", 0.5],
  [".5s", 500],
  ["+2s", 2_000],
  ["-2s", -2_000],
  ["0", 0],
  ["5", undefined],
  ["", undefined],
  ["s", undefined],
  ["5 s", undefined],
  ["1d", undefined],
  ["5s!", undefined],
])("a length of time: %j", ([text, ms]) => {
  expect(parseDuration(text)).toBe(ms);
});
