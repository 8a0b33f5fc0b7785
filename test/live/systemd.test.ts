// SPDX-License-Identifier: Apache-2.0
/** The systemd driver on whatever cgroups this host has, with a manager of units that the test is: test/vm has the real one. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { fakeSystemd, type Reply } from "../cgroup/fake-systemd.ts";
import { hostHierarchies } from "../cgroup/own.ts";
import { requires, unmet } from "../requires.ts";
import { bundle } from "./support/bundle.ts";
import { freshId, shell } from "./support/container.ts";
import { run, runtimeRoot, TSRUN } from "./support/run.ts";
import type { Spec } from "./support/spec.ts";

test("the container is in the unit's cgroup in every hierarchy, and nothing of it is left", async (t) => {
  const { unit, cgroups, calls, tsrun } = await scene(t, (spec) => shell(spec, "cat /proc/self/cgroup"));
  const { status, stdout, stderr } = await tsrun("run");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const members = stdout.trim().split("\n");
  expect(members.length).toBeGreaterThan(0);
  for (const line of members) expect(line).toMatch(new RegExp(`:/${SLICE}/${unit}$`));
  expect(calls.map(([member]) => member)).toEqual(["Get", "Get", "StartTransientUnit", "StopUnit", "ResetFailedUnit"]);
  expect(cgroups().filter((dir) => existsSync(dir))).toEqual([]);
});

test("a start that fails stops the unit", async (t) => {
  const { cgroups, calls, tsrun } = await scene(t, (spec) => {
    spec.process.args = ["/no/such/program"];
  });
  expect(await tsrun("run")).toMatchObject({ status: 1, stderr: expect.stringMatching(/no\/such\/program/) });
  expect(calls.map(([member]) => member)).toContain("StopUnit");
  expect(cgroups().filter((dir) => existsSync(dir))).toEqual([]);
});

test("a unit that somebody else has is not stopped", async (t) => {
  const { calls, tsrun } = await scene(t, () => {}, { error: "UnitExists" });
  expect(await tsrun("run")).toMatchObject({ status: 1, stderr: expect.stringMatching(/UnitExists/) });
  expect(calls.map(([member]) => member)).not.toContain("StopUnit");
});

const SLICE = "tsrunfake.slice";

/** A bundle with a unit of its own, and a manager that makes it, or answers `instead`. */
async function scene(t: TestContext, edit: (spec: Spec) => void, instead?: Reply) {
  requires(t, "root", "busybox");
  const mine = hostHierarchies().filter(
    ({ version, controllers }) => version === 2 || controllers[0] === "name=systemd",
  );
  if (mine.length === 0) unmet(t, "needs a cgroup hierarchy that systemd would keep");
  const id = freshId();
  const unit = `p-${id}.scope`;
  const kept = mine.map(({ mountpoint }) => join(mountpoint, SLICE, unit));
  const cgroups = () => hostHierarchies().map(({ mountpoint }) => join(mountpoint, SLICE, unit));
  t.onTestFinished(() => {
    for (const dir of new Set(cgroups().map(dirname))) if (existsSync(dir) && isBare(dir)) rmdirSync(dir);
  });
  const { address, calls } = await fakeSystemd(t, (member, [, , third]) => {
    if (member === "Get") return { signature: "v", body: [{ type: "s", value: "252" }] };
    if (member === "StartTransientUnit") return instead ?? start(kept, third);
    if (member === "StopUnit") for (const dir of kept) if (existsSync(dir)) rmdirSync(dir);
    return member === "StopUnit" ? { job: { path: "/job/2", result: "done" } } : {};
  });
  const { dir } = bundle(t, (spec) => {
    spec.linux.cgroupsPath = `${SLICE}:p:${id}`;
    edit(spec);
  });
  const root = runtimeRoot(t);
  const prelude = "mount -t tmpfs none /run && mkdir -p /run/systemd/system";
  const options = { cwd: dir, env: { DBUS_SYSTEM_BUS_ADDRESS: address }, prelude };
  const tsrun = (command: string) => run([TSRUN, "--systemd-cgroup", "--root", root, command, id], options);
  return { unit, cgroups, calls, tsrun };
}

function start(dirs: readonly string[], properties: unknown): Reply {
  const list = properties as readonly (readonly [string, { readonly value: unknown }])[];
  const [pid] = list.flatMap(([name, { value }]) => (name === "PIDs" ? (value as readonly number[]) : []));
  for (const dir of dirs) {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "cgroup.procs"), `${pid}`);
  }
  return { job: { path: "/job/1", result: "done" } };
}

/** Whether a cgroup has neither processes nor cgroups in it. */
function isBare(dir: string): boolean {
  const children = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return children.length === 0 && readFileSync(join(dir, "cgroup.procs"), "utf8") === "";
}
