// SPDX-License-Identifier: Apache-2.0
/** What systemd is told of an update. systemd.resource-control(5). */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { withUnit } from "../../src/runtime/update-unit.ts";
import { fakeSystemd } from "../cgroup/fake-systemd.ts";

test("the properties of what is written are set, and those of before when it is taken back", async (t) => {
  const dir = cgroup(t, { "pids.max": "20\n", "cpu.max": "max 100000\n", "memory.max": "max\n" });
  const writes = [
    { path: `${dir}/memory.max`, data: "1048576", from: "" },
    { path: `${dir}/cpu.max`, data: "50000 100000", from: "" },
    { path: `${dir}/pids.max`, data: "30", from: "" },
  ];
  const { address, calls } = await fakeSystemd(t, reply);
  await withUnit({ record: { unit: "p-a.scope", address }, writes, closes: false }, async (unit) => {
    expect(unit.writes).toEqual(writes);
    await unit.change?.make();
    await unit.change?.takeBack();
  });
  expect(settings(calls)).toEqual([
    { MemoryMax: 1048576n, TasksMax: 30n, CPUQuotaPeriodUSec: 100000n, CPUQuotaPerSecUSec: 500000n },
    { MemoryMax: INFINITY, TasksMax: 20n, CPUQuotaPeriodUSec: 100000n, CPUQuotaPerSecUSec: INFINITY },
  ]);
});

test("controllers that systemd hands down are not handed down by us", async (t) => {
  const writes = ["+memory", "+hugetlb"].map((data) => ({ path: "/none/cgroup.subtree_control", data, from: "" }));
  const { address, calls } = await fakeSystemd(t, reply);
  const left = await withUnit({ record: { unit: "p-a.scope", address }, writes, closes: false }, async (unit) => {
    expect(unit.change).toBeUndefined();
    return unit.writes.map(({ data }) => data);
  });
  expect(left).toEqual(["+hugetlb"]);
  expect(settings(calls)).toEqual([]);
});

test("v1: a list that denies by default is told, so that a reload opens nothing", async (t) => {
  const { address, calls } = await fakeSystemd(t, reply);
  await withUnit({ record: { unit: "p-a.scope", address }, writes: [], closes: true }, async (unit) => {
    await unit.change?.make();
    await unit.change?.takeBack();
  });
  expect(settings(calls)).toEqual([{ DevicePolicy: "closed" }]);
});

const INFINITY = 2n ** 64n - 1n;

function reply(member: string) {
  return member === "Get" ? { signature: "v", body: [{ type: "s", value: "252" }] } : {};
}

function settings(calls: readonly (readonly unknown[])[]): readonly Record<string, unknown>[] {
  return calls
    .filter(([member]) => member === "SetUnitProperties")
    .map(([, unit, isTemporary, list]) => {
      expect([unit, isTemporary]).toEqual(["p-a.scope", true]);
      return Object.fromEntries((list as [string, { value: unknown }][]).map(([name, { value }]) => [name, value]));
    });
}

/** A directory that stands for a cgroup. */
function cgroup(t: TestContext, files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), "tsrun-test-"));
  t.onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}
