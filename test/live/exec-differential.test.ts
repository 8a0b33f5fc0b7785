// SPDX-License-Identifier: Apache-2.0
/**
 * What a process that joins a container sees is the same under tsrun and runc. crun stands beside them in the message,
 * to break ties. Each difference reads `fact: tsrun | runc | crun`.
 */
import { describe, expect, test } from "vitest";
import { requires } from "../requires.ts";
import { type Case, differences } from "./differential.ts";
import { EXEC_CASES } from "./exec-cases.ts";
import { type ExecCase, report } from "./exec-differential.ts";

describe.each(EXEC_CASES)("%s", (_, cases: readonly ExecCase[]) => {
  for (const one of cases) {
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
      const [mine, runc, crun] = await Promise.all([
        report(t, one, "tsrun"),
        report(t, one, "runc"),
        report(t, one, "crun"),
      ]);
      expect(mine.outcome.status === 0, mine.outcome.stderr).toBe(one.refused !== true);
      if (one.expects === undefined) expect(runc.outcome.status === 0, runc.outcome.stderr).toBe(one.refused !== true);
      expect(differences(bare(one), mine, runc, crun)).toEqual([]);
    });
  }
});

/** What the comparison reads of a case. */
function bare({ name, expects, differs }: ExecCase): Case {
  return { name, ...(expects && { expects }), ...(differs && { differs }) };
}
