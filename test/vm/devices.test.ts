// SPDX-License-Identifier: Apache-2.0
/** linux.resources.devices on cgroup v2, where a program of BPF answers. config-linux.md#allowed-device-list. */
import { statSync } from "node:fs";
import { expect, type TestContext, test } from "vitest";
import { container, shell } from "../live/support/container.ts";
import { requires } from "../requires.ts";

const NONE = { allow: false, access: "rwm" };

// A node alone does no harm: mknod(2) is among what every container may, as with runc and crun.
test("a device that the rules deny cannot be opened, and the default ones can be used", async (t) => {
  const { stdout, stderr } = await under(
    t,
    [NONE],
    (node) => `${node}; head -c 1 /disk; echo > /dev/null && echo used`,
  );
  expect(stdout).toBe("used\n");
  expect(stderr).toMatch(/\/disk: Operation not permitted/);
});

test("a device that may be read cannot be written", async (t) => {
  const rules = (major: number, minor: number) => [NONE, { allow: true, type: "b", major, minor, access: "r" }];
  const { stdout, stderr } = await under(t, rules, (node) => `${node}; head -c 1 /disk | wc -c; true >> /disk`);
  expect(stdout).toBe("1\n");
  expect(stderr).toMatch(/can't create \/disk: Operation not permitted/);
});

test("a later rule takes back what an earlier one gave", async (t) => {
  const rules = (major: number, minor: number) => [
    { allow: true, access: "rwm" },
    { allow: false, type: "b", major, minor, access: "r" },
  ];
  const { stdout, stderr } = await under(t, rules, (node) => `${node}; head -c 1 /disk; true >> /disk && echo opened`);
  expect(stdout).toBe("opened\n");
  expect(stderr).toMatch(/\/disk: Operation not permitted/);
});

type Rules = readonly object[];

/** Runs a script, which may make /disk, a node of the host's own disk, under the rules. */
function under(
  t: TestContext,
  rules: Rules | ((major: number, minor: number) => Rules),
  script: (node: string) => string,
) {
  requires(t, "root", "busybox", "cgroup-v2");
  const { dev } = statSync("/");
  const [major, minor] = [dev >>> 8, dev & 0xff];
  const c = container(t, (spec) => {
    shell(spec, script(`mknod /disk b ${major} ${minor}`));
    spec.linux.resources = { devices: typeof rules === "function" ? rules(major, minor) : rules };
  });
  return c.call("run");
}
