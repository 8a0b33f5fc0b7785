// SPDX-License-Identifier: Apache-2.0
/** process.apparmorProfile under a kernel that has AppArmor. config.md#linux-process, apparmor.d(5). */
import { expect, test } from "vitest";
import { container, shell } from "../live/support/container.ts";
import type { Spec } from "../live/support/spec.ts";
import { requires } from "../requires.ts";
import { PROFILE_NAME, withProfile } from "./support/apparmor.ts";

test.for([false, true])("the program runs under the profile, with noNewPrivileges %j", async (noNewPrivileges, t) => {
  requires(t, "root", "busybox", "apparmor");
  withProfile(t);
  const script = "cat /proc/self/attr/current; cat /etc/hosts >/dev/null && echo read; cat /etc/hostname";
  const c = container(t, (spec) => {
    shell(spec, script);
    confine(spec, PROFILE_NAME);
    spec.process.noNewPrivileges = noNewPrivileges;
  });
  const { stdout, stderr } = await c.call("run");
  expect(stdout).toBe(`${PROFILE_NAME} (enforce)\nread\n`);
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
