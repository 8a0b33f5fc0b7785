// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { close, type Fd } from "../../src/native/fd.ts";
import { flock, tryFlock, unlock } from "../../src/native/lock.ts";

const directory = mkdtempSync(join(tmpdir(), "tsrun-lock-"));
afterAll(() => rmSync(directory, { recursive: true }));
const open = (name: string) => openSync(join(directory, name), "a") as Fd;

test("one holder at a time, also within one process; another file does not wait", async () => {
  const [first, second, other] = [open("a"), open("a"), open("b")];
  expect(tryFlock(first)).toBe(true);
  expect(tryFlock(second)).toBe(false);
  expect(tryFlock(other)).toBe(true);
  let got = false;
  const wait = flock(second).then(() => {
    got = true;
  });
  await new Promise((next) => setTimeout(next, 30));
  expect(got).toBe(false);
  unlock(first);
  await wait;
  expect(tryFlock(first)).toBe(false);
  await expect(flock(first, "LOCK_EX", AbortSignal.timeout(20))).rejects.toThrow();
  close(second);
  expect(tryFlock(first)).toBe(true);
  for (const fd of [first, other]) close(fd);
});

test("shared locks go together", () => {
  const [first, second] = [open("c"), open("c")];
  expect([tryFlock(first, "LOCK_SH"), tryFlock(second, "LOCK_SH"), tryFlock(second, "LOCK_EX")]).toEqual([
    true,
    true,
    false,
  ]);
  for (const fd of [first, second]) close(fd);
});

test("a bad descriptor is an error", () => {
  expect(() => tryFlock(9999 as Fd)).toThrow(expect.objectContaining({ call: "flock(9999, LOCK_EX|LOCK_NB)" }));
});
