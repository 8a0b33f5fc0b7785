// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { expect, test } from "vitest";
import { isoTime } from "../../src/runtime/time.ts";

test("the time is what Date says, leap days and ends of years included", () => {
  const days = ["1970-01-01", "2000-02-29", "2024-02-29", "2024-12-31", "2025-01-01", "2100-02-28", "2100-03-01"];
  for (const day of days) expect(isoTime(Date.parse(day))).toBe(new Date(day).toISOString());
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => isoTime(ms) === new Date(ms).toISOString()),
  );
});
