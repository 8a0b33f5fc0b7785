// SPDX-License-Identifier: Apache-2.0
/** Ends a run with the counts and with the reason of each skip. */
import type { Reporter, TestModule } from "vitest/node";

// vitest loads a reporter by its default export.
export default class CountingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      let failedInside = 0;
      for (const test of module.children.allTests()) {
        const result = test.result();
        count[result.state] += 1;
        if (result.state === "failed") failedInside += 1;
        if (result.state === "skipped") console.log(`skipped: ${test.fullName}: ${result.note ?? "no reason given"}`);
      }
      // A file that does not load has no tests, but has failed.
      if (module.state() === "failed" && failedInside === 0) count.failed += 1;
    }
    console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped + count.pending} skipped`);
  }
}
