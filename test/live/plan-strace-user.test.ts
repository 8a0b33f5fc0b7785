// SPDX-License-Identifier: Apache-2.0
/** The promise of `tsrun plan` for an ordinary user; in a file of its own, for this process becomes that user. */
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle } from "./support/bundle.ts";
import { ORDINARY, rootless } from "./support/spec.ts";
import { trace } from "./support/strace.ts";

test("strace sees the plan of an ordinary user", async (t) => {
  requires(t, "root", "rootless", "strace");
  const made = bundle(t, (spec) => rootless(spec), { owner: ORDINARY });
  const traced = await trace(t, made, { owner: ORDINARY });
  expect(traced.differences).toEqual([]);
  expect(traced.status, traced.stderr).toBe(0);
});
