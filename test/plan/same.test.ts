// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { expect, test } from "vitest";
import { int, named, string } from "../../src/plan/operands.ts";
import { isRenamed, isSame } from "../../src/plan/same.ts";
import type { Call } from "../../src/plan/step.ts";

test("plain data is the same when it is equal, and only then", () => {
  fc.assert(
    fc.property(fc.object({ withBigInt: true }), fc.object({ withBigInt: true }), (one, other) => {
      expect(isSame(one, structuredClone(one))).toBe(true);
      expect(isSame(one, { ...one, more: other })).toBe("more" in one && isSame(Reflect.get(one, "more"), other));
    }),
  );
  expect(isSame([1], { 0: 1 })).toBe(false);
  expect(isSame({ a: undefined }, { b: undefined })).toBe(false);
  expect(isSame(1n, 1)).toBe(false);
});

test("steps are renamed when they differ in named strings alone; acts are none of the image's", () => {
  const chdir: Call = { stage: "init", from: "", call: "chdir", args: [named("a")] };
  expect(isRenamed(chdir, { ...chdir, args: [named("b")] })).toBe(true);
  expect(isRenamed(chdir, { ...chdir, args: [string("b")] })).toBe(false);
  expect(isRenamed(chdir, { ...chdir, args: [named("a"), int(0)] })).toBe(false);
  expect(isRenamed(chdir, { ...chdir, expect: 0 })).toBe(false);
  expect(isRenamed({ ...chdir, args: [int(0)] }, { ...chdir, args: [int(1)] })).toBe(false);
  const act = { stage: "runtime", from: "", act: "mkdir", path: "/a", mode: 0o755 } as const;
  expect(isRenamed(act, { ...act, path: "/b" })).toBe(true);
  expect(isRenamed(act, chdir)).toBe(false);
});
