// SPDX-License-Identifier: Apache-2.0
/** Properties that are valid, but not carried out yet: a config.json that asks for them is refused. */
import { expect, test } from "vitest";
import { check } from "../../src/config/check.ts";
import { put, smallConfig } from "./full.ts";

/** Name, where it is put, its value, and where the finding is expected, if below. */
const REFUSED: readonly (readonly [string, string, unknown])[] = [
  ["SCMP_ACT_NOTIFY", "/linux/seccomp", { defaultAction: "SCMP_ACT_NOTIFY" }],
  ["/linux/intelRdt", "/linux/intelRdt", { closID: "c" }],
];

test.for(REFUSED)("%s is refused", ([, pointer, value]) => {
  expect(check(smallConfig()).findings).toEqual([]);
  const { findings } = check(put(smallConfig(), pointer, value));
  expect(findings.map((one) => one.message)).toContain("not supported yet by this version");
  expect(findings.filter((one) => !one.pointer.startsWith(pointer))).toEqual([]);
});
