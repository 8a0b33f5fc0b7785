// SPDX-License-Identifier: Apache-2.0
/** process.rlimits of a runtime that may raise them, CAP_SYS_RESOURCE. config.md#posix-process, getrlimit(2). */
import { expect, test } from "vitest";
import { output } from "../live/support/container.ts";
import { raw } from "../live/support/spec.ts";
import { requires } from "../requires.ts";

test("hard limits are raised above those of the runtime", async (t) => {
  requires(t, "root", "busybox", "sys-resource");
  const told = await output(t, "cat /proc/self/limits", (spec) => {
    spec.process.rlimits = [
      { type: "RLIMIT_NOFILE", soft: 2_000, hard: 1_048_576 },
      { type: "RLIMIT_MEMLOCK", soft: raw("18446744073709551615"), hard: raw("18446744073709551615") },
      { type: "RLIMIT_MSGQUEUE", soft: 1_000_000, hard: 2_000_000 },
    ];
  });
  expect(limit(told, "Max open files")).toEqual(["2000", "1048576"]);
  expect(limit(told, "Max locked memory")).toEqual(["unlimited", "unlimited"]);
  expect(limit(told, "Max msgqueue size")).toEqual(["1000000", "2000000"]);
});

/** Soft and hard. */
function limit(table: string, name: string): readonly string[] | undefined {
  return table
    .split("\n")
    .find((line) => line.startsWith(name))
    ?.slice(name.length)
    .trim()
    .split(/\s+/)
    .slice(0, 2);
}
