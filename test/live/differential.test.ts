// SPDX-License-Identifier: Apache-2.0
/**
 * What a process sees of its container is the same under tsrun and runc. crun stands beside them in the message, to
 * break ties. Each difference reads `fact: tsrun | runc | crun`.
 */
import { describe, expect, test } from "vitest";
import { requires } from "../requires.ts";
import { type Case, differences, hold, report } from "./differential.ts";
import { REFUSAL_CASES } from "./differential-filters.ts";
import { HOOK_CASES } from "./differential-hooks.ts";
import { KERNEL_CASES } from "./differential-kernel.ts";
import { MOUNT_CASES } from "./differential-mounts.ts";
import { NAMESPACE_CASES } from "./differential-namespaces.ts";
import { PROCESS_CASES } from "./differential-process.ts";
import { PROGRAM_CASES } from "./differential-program.ts";
import { ROOTFS_CASES } from "./differential-rootfs.ts";
import { sample } from "./support/patience.ts";

describe.each([
  ["process", PROCESS_CASES],
  ["program", PROGRAM_CASES],
  ["namespaces", NAMESPACE_CASES],
  ["kernel", KERNEL_CASES],
  ["mounts", MOUNT_CASES],
  ["rootfs", ROOTFS_CASES],
  ["refusals", REFUSAL_CASES],
  ["hooks", HOOK_CASES],
] as const)("%s", (_, cases: readonly Case[]) => {
  for (const one of sample(cases)) {
    test(one.name, async (t) => {
      requires(
        t,
        "root",
        "cc",
        "busybox",
        "runc",
        "crun",
        ...(one.needs ?? []),
        ...(one.as ? ["rootless" as const] : []),
      );
      const holder = one.hold === undefined ? 0 : await hold(t, one.hold);
      const [mine, runc, crun] = await Promise.all([
        report(t, one, "tsrun", holder),
        report(t, one, "runc", holder),
        report(t, one, "crun", holder),
      ]);
      expect(mine.outcome.status === 0, mine.outcome.stderr).toBe(one.refused !== true);
      if (one.expects === undefined) expect(runc.outcome.status === 0, runc.outcome.stderr).toBe(one.refused !== true);
      expect(differences(one, mine, runc, crun)).toEqual([]);
    });
  }
});
