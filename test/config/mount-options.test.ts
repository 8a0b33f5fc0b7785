// SPDX-License-Identifier: Apache-2.0
/** The names of mount options that the checks and the compiler know. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MOUNT_OPTIONS } from "../../src/compile/mount-options.ts";
import { MOUNT_OPTION_NAMES } from "../../src/config/mount-options.ts";
import { unmet } from "../requires.ts";

test("are the same", () => {
  expect(Object.keys(MOUNT_OPTIONS).sort()).toEqual([...MOUNT_OPTION_NAMES].sort());
});

test("are all that the specification lists", (t) => {
  const folder = process.env.OCI_SPEC_DIR ?? unmet(t, "needs the runtime specification: OCI_SPEC_DIR names its folder");
  const text = readFileSync(join(folder, "config.md"), "utf8");
  const listed = Array.from(text.matchAll(/^ `(\w+) *` +\| (?:MUST|SHOULD|MAY) +\|/gm), ([, name = ""]) => name);
  expect(listed.length).toBeGreaterThan(50);
  expect(listed.filter((name) => !MOUNT_OPTION_NAMES.has(name))).toEqual([]);
});
