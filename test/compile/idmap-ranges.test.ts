// SPDX-License-Identifier: Apache-2.0
/** Ids of the host as a user namespace numbers them. */
import { expect, test } from "vitest";
import { translated } from "../../src/compile/idmap-ranges.ts";

const range = (containerID: number, hostID: number, size: number) => ({ containerID, hostID, size });
const INTO = [range(0, 1000, 1), range(1, 100_000, 10), range(20, 100_010, 5)];

test("a range has the numbers of the range that it lies in", () => {
  expect(translated([range(5, 100_003, 2)], INTO)).toEqual([range(5, 4, 2)]);
  expect(translated([range(0, 1000, 1), range(7, 100_014, 1)], INTO)).toEqual([range(0, 0, 1), range(7, 24, 1)]);
});

test("a range is cut where two ranges meet", () => {
  expect(translated([range(50, 100_008, 4)], INTO)).toEqual([range(50, 9, 2), range(52, 20, 2)]);
});

test("an id without a number there makes the whole mapping impossible", () => {
  expect(translated([range(0, 999, 1)], INTO)).toBeUndefined();
  expect(translated([range(0, 100_014, 2)], INTO)).toBeUndefined();
  expect(translated([], INTO)).toEqual([]);
});
