// SPDX-License-Identifier: Apache-2.0
/** What systemd is asked, and how long it is waited for. org.freedesktop.systemd1(5). */
import { describe, expect, type TestContext, test } from "vitest";
import { endUnit } from "../../src/cgroup/systemd.ts";
import { isUnitExists, Systemd } from "../../src/cgroup/systemd-unit.ts";
import { HostError } from "../../src/errors/errors.ts";
import { fakeSystemd, type Reply } from "./fake-systemd.ts";

const PATIENCE = { callMs: 200, jobMs: 200 };
const done = (path: string, early = false): Reply => ({ job: { path, result: "done", early } });

async function open(t: TestContext, answer: Parameters<typeof fakeSystemd>[1], patience = PATIENCE) {
  const fake = await fakeSystemd(t, answer);
  const systemd = await Systemd.open(fake.address, patience);
  t.onTestFinished(() => systemd.close());
  return { systemd, ...fake };
}

describe("a unit", () => {
  test.for([false, true])("is there when its job is done, told before the reply: %s", async (early, t) => {
    const { systemd, calls } = await open(t, () => done("/job/1", early));
    await systemd.startUnit("a.scope", [{ name: "Slice", type: "s", value: "b.slice" }]);
    expect(calls).toEqual([
      ["StartTransientUnit", "a.scope", "replace", [["Slice", { type: "s", value: "b.slice" }]], []],
    ]);
  });

  test("of that name which has failed gives way", async (t) => {
    let starts = 0;
    const { systemd, calls } = await open(t, (member) => {
      if (member === "ResetFailedUnit") return {};
      return starts++ === 0 ? { error: "UnitExists" } : done("/job/2");
    });
    await systemd.startUnit("a.scope", []);
    expect(calls.map(([member]) => member)).toEqual(["StartTransientUnit", "ResetFailedUnit", "StartTransientUnit"]);
  });

  test("of that name which lives stays, and that is told", async (t) => {
    const { systemd } = await open(t, (member) => (member === "ResetFailedUnit" ? {} : { error: "UnitExists" }));
    const error = await systemd.startUnit("a.scope", []).catch((caught) => caught);
    expect(error).toBeInstanceOf(HostError);
    expect(isUnitExists(error)).toBe(true);
  });

  test("whose job fails is an error, with the result", async (t) => {
    const { systemd } = await open(t, (member) =>
      member === "ResetFailedUnit" ? {} : { job: { path: "/job/1", result: "failed" } },
    );
    await expect(systemd.startUnit("a.scope", [])).rejects.toThrow(/a\.scope.*"failed"/);
  });

  test("that is not there is stopped already", async (t) => {
    const { systemd, calls } = await open(t, () => ({ error: "NoSuchUnit" }));
    await systemd.stopUnit("a.scope");
    expect(calls.map(([member]) => member)).toEqual(["StopUnit", "ResetFailedUnit"]);
  });
});

describe("systemd that does not answer", () => {
  test("to a call is given up", async (t) => {
    const { systemd } = await open(t, () => undefined);
    await expect(systemd.startUnit("a.scope", [])).rejects.toThrow("StartTransientUnit within 0.2 s");
    await expect(systemd.setProperties("a.scope", [])).rejects.toThrow("SetUnitProperties within 0.2 s");
  });

  test("with the end of a job is given up", async (t) => {
    const { systemd } = await open(t, () => ({ signature: "o", body: ["/job/1"] }));
    await expect(systemd.stopUnit("a.scope")).rejects.toThrow("did not finish StopUnit of a.scope within 0.2 s");
  });

  test("since it has gone is an error at once", async (t) => {
    const { systemd } = await open(t, () => undefined, { callMs: 60_000, jobMs: 60_000 });
    const call = systemd.setProperties("a.scope", []);
    systemd.close();
    await expect(call).rejects.toThrow("closed the connection");
  });
});

test("what the manager tells of itself", async (t) => {
  const { systemd } = await open(t, (_member, [, name]) => {
    const value = name === "Version" ? "v252.38-1~deb12u1" : "/user.slice/user@1.service";
    return { signature: "v", body: [{ type: "s", value }] };
  });
  expect(await systemd.about()).toEqual({ version: 252, controlGroup: "/user.slice/user@1.service" });
});

test("a bus that is gone is an error only if something of the container is left", async () => {
  const gone = { unit: "a.scope", address: "unix:path=/no/such/bus" };
  await endUnit(gone, ["/no/such/cgroup"]);
  await expect(endUnit(gone, ["/sys"])).rejects.toThrow(/no\/such\/bus.*ENOENT/);
});
