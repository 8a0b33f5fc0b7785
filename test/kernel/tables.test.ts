// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { CALLS, type CallFacts } from "../../src/kernel/calls.ts";
import { ERRNO, errnoName, errnoText } from "../../src/kernel/errno.ts";
import { LAYOUTS } from "../../src/kernel/layouts.ts";
import { O, O_ARM64 } from "../../src/kernel/open.ts";
import { requires } from "../requires.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

test("the tables equal the C headers of this machine", { timeout: 60_000 }, (t) => {
  requires(t, "cc");
  const { stdout, stderr, status } = spawnSync("node", ["scripts/tables.mjs"], { cwd: ROOT, encoding: "utf8" });
  expect({ stdout, stderr, status }).toMatchObject({ status: 0 });
});

test.each(Object.entries(LAYOUTS))(
  "the fields of %s lie in order, in their room, at their alignment",
  (_, { size, fields }) => {
    let end = 0;
    for (const field of fields) {
      expect(field.offset, field.name).toBeGreaterThanOrEqual(end);
      if (!field.inline) expect(field.offset % field.size, field.name).toBe(0);
      end = field.offset + field.size;
    }
    expect(end).toBeLessThanOrEqual(size);
  },
);

test("a call takes no more than six arguments, and its numbers are its own", () => {
  const calls: readonly CallFacts[] = Object.values(CALLS);
  expect(calls.every(({ args, least = args }) => least <= args && args <= 6)).toBe(true);
  expect(new Set(calls.map(({ x64 }) => x64)).size).toBe(calls.length);
  expect(new Set(calls.map(({ arm64 }) => arm64)).size).toBe(calls.length);
});

test("arm64 moves flags of open(2) among the places that x86-64 has", () => {
  const moved = Object.keys(O_ARM64) as (keyof typeof O_ARM64)[];
  const bitsOf = (values: readonly number[]) => values.reduce((bits, value) => bits | value, 0);
  expect(bitsOf(moved.map((name) => O_ARM64[name]))).toBe(bitsOf(moved.map((name) => O[name])));
});

test("errnos have names and texts", () => {
  expect(errnoName(2)).toBe("ENOENT");
  expect(errnoText("ENOENT")).toBe("No such file or directory");
  expect(Object.entries(ERRNO).every(([name, number]) => errnoName(number) === name)).toBe(true);
  expect(() => errnoName(4095)).toThrow(RangeError);
});
