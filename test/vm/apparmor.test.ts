// SPDX-License-Identifier: Apache-2.0
/** process.apparmorProfile under a kernel that has AppArmor. config.md#linux-process, apparmor.d(5). */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { temporary } from "../live/support/bundle.ts";
import { container, shell } from "../live/support/container.ts";
import type { Spec } from "../live/support/spec.ts";
import { requires } from "../requires.ts";

const NAME = "tsrun-test";
const PROFILE = `profile ${NAME} flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  network,
  signal,
  deny /etc/hostname rw,
}
`;

test.for([false, true])("the program runs under the profile, with noNewPrivileges %j", async (noNewPrivileges, t) => {
  load(t);
  const script = "cat /proc/self/attr/current; cat /etc/hosts >/dev/null && echo read; cat /etc/hostname";
  const c = container(t, (spec) => {
    shell(spec, script);
    confine(spec, NAME);
    spec.process.noNewPrivileges = noNewPrivileges;
  });
  const { stdout, stderr } = await c.call("run");
  expect(stdout).toBe(`${NAME} (enforce)\nread\n`);
  expect(stderr).toMatch(/\/etc\/hostname.*Permission denied/);
});

test("without a profile the program is unconfined", async (t) => {
  requires(t, "root", "busybox", "apparmor");
  const c = container(t, (spec) => shell(spec, "cat /proc/self/attr/current"));
  expect((await c.ok("run")).stdout).toBe("unconfined\n");
});

test("a profile that is not loaded ends the start, and the error tells where to look", async (t) => {
  requires(t, "root", "busybox", "apparmor");
  const c = container(t, (spec) => confine(spec, "tsrun-no-such-profile"));
  const { status, stderr } = await c.call("create");
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/ENOENT.*\/process\/apparmorProfile.*\/sys\/kernel\/security\/apparmor\/profiles/s);
  expect((await c.call("state")).status).not.toBe(0);
});

function confine(spec: Spec, profile: string): void {
  spec.process.apparmorProfile = profile;
}

/** Loads the profile into the kernel until the test ends. */
function load(t: TestContext): void {
  requires(t, "root", "busybox", "apparmor");
  const file = join(temporary(t), "profile");
  writeFileSync(file, PROFILE);
  const parser = (...options: readonly string[]) =>
    spawnSync("apparmor_parser", [...options, "--skip-cache", file], { encoding: "utf8" });
  const { status, stderr } = parser("--replace");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  t.onTestFinished(() => void parser("--remove"));
}
