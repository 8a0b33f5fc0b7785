// SPDX-License-Identifier: Apache-2.0
/** A profile for the tests, which keeps a program from /etc/hostname. apparmor.d(5). */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext } from "vitest";
import { temporary } from "../../live/support/bundle.ts";

export const PROFILE_NAME = "tsrun-test";
const PROFILE = `profile ${PROFILE_NAME} flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  network,
  signal,
  deny /etc/hostname rw,
}
`;

/** Loads the profile into the kernel until the test ends. */
export function withProfile(t: TestContext): void {
  const file = join(temporary(t), "profile");
  writeFileSync(file, PROFILE);
  const parser = (...options: readonly string[]) =>
    spawnSync("apparmor_parser", [...options, "--skip-cache", file], { encoding: "utf8" });
  const { status, stderr } = parser("--replace");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  t.onTestFinished(() => void parser("--remove"));
}
