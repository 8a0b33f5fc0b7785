// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import type { LimitWrite } from "../../src/cgroup/limit-desk.ts";
import { placeUnit, type UnitPlaceOptions } from "../../src/cgroup/systemd-place.ts";
import { propertiesOf, unitProperties } from "../../src/cgroup/systemd-properties.ts";
import { ConfigError } from "../../src/errors/errors.ts";
import { factsFor } from "../compile/facts.ts";

const CONFIG = { ociVersion: "1.3.0" };
const V2 = factsFor(CONFIG, "/b", { cgroup: "v2" }).cgroup;
const HYBRID = factsFor(CONFIG, "/b", { cgroup: "hybrid" }).cgroup;
const USER = { user: true, controlGroup: "/user.slice/user-1000.slice/user@1000.service" };

function place(cgroupsPath?: string, more: Partial<UnitPlaceOptions> = {}) {
  return placeUnit({ cgroupsPath, id: "web", facts: V2, user: false, controlGroup: "", file: "config.json", ...more });
}

describe("the unit of a container", () => {
  test.each([
    [undefined, {}, "/system.slice/tsrun-web.scope"],
    ["", {}, "/system.slice/tsrun-web.scope"],
    ["a-b.slice:p:n", {}, "/a.slice/a-b.slice/p-n.scope"],
    ["-.slice:p:n", {}, "/p-n.scope"],
    [":p:n", {}, "/system.slice/p-n.scope"],
    [":p:n", USER, `${USER.controlGroup}/user.slice/p-n.scope`],
    ["app.slice:p:n", USER, `${USER.controlGroup}/app.slice/p-n.scope`],
  ])("of the path %j lies where systemd puts it", (path, more, cgroup) => {
    expect(place(path, more).dirs.map((dir) => dir.path)).toEqual([`/sys/fs/cgroup${cgroup}`]);
  });

  test.each([
    ["a.slice", "slice:prefix:name"],
    ["/absolute", "slice:prefix:name"],
    ["a:b:c:d", "slice:prefix:name"],
    ["a:b:c", "no name of a slice"],
    ["a--b.slice:b:c", "no name of a slice"],
    ["-a.slice:b:c", "no name of a slice"],
    [".slice:b:c", "no name of a slice"],
    ["../a.slice:b:c", "no name of a slice"],
    ["a.slice:b/../..:c", "no name of a unit"],
    ["a.slice:b:c.slice", "is a slice"],
    [`a.slice:b:${"c".repeat(250)}`, "no name of a unit"],
  ])("is refused for the path %j", (path, message) => {
    try {
      place(path);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      const [finding] = (error as ConfigError).findings;
      expect(finding?.pointer).toBe("/linux/cgroupsPath");
      expect(finding?.message).toContain(message);
      return;
    }
    throw new Error("nothing was thrown");
  });

  test("has a directory in each hierarchy; those that systemd does not keep are made by us", () => {
    const { dirs, made } = place(undefined, { facts: HYBRID });
    expect(dirs.length).toBe(HYBRID.hierarchies.length);
    expect(made).toContain("/sys/fs/cgroup/unified/system.slice/tsrun-web.scope");
    expect(made.length).toBeLessThan(dirs.length);
  });

  test("of a user has the controllers that the user was given", () => {
    const [dir] = place(undefined, { ...USER, controllers: ["memory", "pids"] }).dirs;
    expect(dir?.controllers).toEqual(["memory", "pids"]);
  });
});

const write = (path: string, data: string): LimitWrite => ({ path: `/sys/fs/cgroup/x/${path}`, data, from: "/linux" });
const told = (writes: readonly (readonly [string, string])[], version = 252) =>
  Object.fromEntries(
    propertiesOf(
      writes.map(([file, data]) => write(file, data)),
      version,
    ).map(({ name, value }) => [name, value]),
  );
const INFINITY = 2n ** 64n - 1n;

describe("limits as properties", () => {
  test.each([
    [[["memory.max", "1048576"]], { MemoryMax: 1048576n }],
    [[["memory.max", "max"]], { MemoryMax: INFINITY }],
    [
      [
        ["memory.low", "5"],
        ["memory.swap.max", "7"],
      ],
      { MemoryLow: 5n, MemorySwapMax: 7n },
    ],
    [[["cpu.weight", "79"]], { CPUWeight: 79n }],
    [
      [
        ["cpu.weight", "79"],
        ["cpu.idle", "1"],
      ],
      { CPUWeight: 0n },
    ],
    [[["cpu.idle", "0"]], {}],
    [[["cpu.max", "max 50000"]], { CPUQuotaPeriodUSec: 50000n, CPUQuotaPerSecUSec: INFINITY }],
    [[["cpu.max", "20000 100000"]], { CPUQuotaPeriodUSec: 100000n, CPUQuotaPerSecUSec: 200000n }],
    [
      [
        ["cpu.cfs_period_us", "50000"],
        ["cpu.cfs_quota_us", "25000"],
      ],
      { CPUQuotaPeriodUSec: 50000n, CPUQuotaPerSecUSec: 500000n },
    ],
    [[["cpu.cfs_quota_us", "-1"]], { CPUQuotaPeriodUSec: 100000n, CPUQuotaPerSecUSec: INFINITY }],
    [[["cpuset.cpus", "0-1,9"]], { AllowedCPUs: [3, 2] }],
    [[["cpuset.mems", "0"]], { AllowedMemoryNodes: [1] }],
    [[["pids.max", "0"]], { TasksMax: 1n }],
    [[["pids.max", "max"]], { TasksMax: INFINITY }],
    [[["memory.oom.group", "1"]], { OOMPolicy: "kill" }],
    [
      [
        ["memory.limit_in_bytes", "4096"],
        ["cpu.shares", "512"],
      ],
      { MemoryLimit: 4096n, CPUShares: 512n },
    ],
    [[["io.max", "8:0 rbps=5"]], {}],
  ] as const)("%j", (writes, properties) => {
    expect(told(writes)).toEqual(properties);
  });

  test("in fractions of a percent are rounded up: systemd counts whole ones", () => {
    expect(told([["cpu.max", "12345 100000"]]).CPUQuotaPerSecUSec).toBe(130_000n);
  });

  test("that an older systemd does not know are left to the files", () => {
    expect(told([["cpuset.cpus", "0"]], 243)).toEqual({});
    expect(told([["cpu.max", "5000 10000"]], 241)).toEqual({ CPUQuotaPerSecUSec: 500_000n });
    expect(
      told(
        [
          ["cpu.weight", "5"],
          ["cpu.idle", "1"],
        ],
        251,
      ),
    ).toEqual({ CPUWeight: 5n });
  });
});

describe("the properties of the unit", () => {
  const at = place("a.slice:p:n");
  const dirs = (late: string, writes: readonly LimitWrite[] = []) =>
    at.dirs.map((dir) => ({ ...dir, writes, late: [write("pids.max", late)] }));
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);

  test("name the slice, hand the cgroup over, and count everything", () => {
    const { properties } = unitProperties(at, at.dirs, [], 252);
    expect(properties.find(({ name }) => name === "Slice")?.value).toBe("a.slice");
    for (const name of ["Delegate", "MemoryAccounting", "CPUAccounting", "IOAccounting", "TasksAccounting"]) {
      expect(properties.find((one) => one.name === name)?.value, name).toBe(true);
    }
    expect(properties.find(({ name }) => name === "DefaultDependencies")?.value).toBe(false);
  });

  test("close devices on v1, where systemd would open them again; on v2 the container's own program stays", () => {
    const closed = [write("devices.deny", "a *:* rwm"), write("devices.allow", "c 1:3 rwm")];
    expect(names(unitProperties(at, dirs("max", closed), [], 252).properties)).toContain("DevicePolicy");
    expect(names(unitProperties(at, dirs("max"), [], 252).properties)).not.toContain("DevicePolicy");
  });

  test("that are annotated come before limits, so that a limit of config.json counts", () => {
    const annotated = [{ name: "MemoryMax", type: "t", value: 5n }];
    const { properties } = unitProperties(at, dirs("100", [write("memory.max", "7")]), annotated, 252);
    expect(properties.filter(({ name }) => name === "MemoryMax").map(({ value }) => value)).toEqual([5n, 7n]);
  });

  test("limit the number of tasks when the start's own are done, if it is that low", () => {
    expect(names(unitProperties(at, dirs("16"), [], 252).properties)).toContain("TasksMax");
    expect(unitProperties(at, dirs("16"), [], 252).late).toEqual([]);
    expect(names(unitProperties(at, dirs("15"), [], 252).properties)).not.toContain("TasksMax");
    expect(unitProperties(at, dirs("15"), [], 252).late).toEqual([{ name: "TasksMax", type: "t", value: 15n }]);
  });

  test("bring the controllers that systemd hands down: only others are asked for by a file", () => {
    const asked = ["+memory", "+hugetlb", "+cpuset"].map((data) => write("cgroup.subtree_control", data));
    const left = (version: number) =>
      unitProperties(at, dirs("max", asked), [], version).dirs.flatMap((dir) => dir.writes?.map(({ data }) => data));
    expect(left(252)).toEqual(["+hugetlb"]);
    expect(left(243)).toEqual(["+hugetlb", "+cpuset"]);
  });
});
