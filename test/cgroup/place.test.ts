// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { checkCgroupsPath, placeCgroup } from "../../src/cgroup/place.ts";
import { ConfigError } from "../../src/errors/errors.ts";
import type { CgroupFacts, Hierarchy } from "../../src/host/facts.ts";

const v1 = (name: string, own = "/", root = "/"): Hierarchy => ({
  version: 1,
  controllers: name.split(","),
  mountpoint: `/sys/fs/cgroup/${name.replace("name=", "")}`,
  root,
  own,
});
const v2 = (mountpoint: string, own = "/", root = "/"): Hierarchy => ({
  version: 2,
  controllers: [],
  mountpoint,
  root,
  own,
});

const V1: CgroupFacts = {
  layout: "v1",
  hierarchies: [v1("cpu,cpuacct"), v1("memory", "/system/job"), v1("name=systemd")],
};
const V2: CgroupFacts = { layout: "v2", hierarchies: [v2("/sys/fs/cgroup", "/user.slice/session-4.scope")] };
const HYBRID: CgroupFacts = {
  layout: "hybrid",
  hierarchies: [v1("memory", "/system/job"), v2("/sys/fs/cgroup/unified", "/system/job")],
};
const NESTED_V1: CgroupFacts = { layout: "v1", hierarchies: [v1("memory", "/docker/abc/work", "/docker/abc")] };
const NESTED_V2: CgroupFacts = { layout: "v2", hierarchies: [v2("/sys/fs/cgroup", "/docker/abc/work", "/docker/abc")] };
const OUTSIDE: CgroupFacts = { layout: "v2", hierarchies: [v2("/sys/fs/cgroup", "/../other")] };
const ELSEWHERE: CgroupFacts = { layout: "v1", hierarchies: [v1("memory", "/docker/abcd", "/docker/abc")] };

const paths = (facts: CgroupFacts, cgroupsPath?: string) =>
  placeCgroup({ cgroupsPath, id: "ada", manager: "cgroupfs", facts, uid: 0, rootless: false }).dirs.map(
    (dir) => dir.path,
  );

describe("a container's cgroup lies", () => {
  test.each<[string, CgroupFacts, string | undefined, readonly string[]]>([
    [
      "v1, absolute: below each mount point",
      V1,
      "/pods/ada",
      ["/sys/fs/cgroup/cpu,cpuacct/pods/ada", "/sys/fs/cgroup/memory/pods/ada", "/sys/fs/cgroup/systemd/pods/ada"],
    ],
    [
      "v1, relative: below the runtime's own",
      V1,
      "pods/ada",
      [
        "/sys/fs/cgroup/cpu,cpuacct/pods/ada",
        "/sys/fs/cgroup/memory/system/job/pods/ada",
        "/sys/fs/cgroup/systemd/pods/ada",
      ],
    ],
    [
      "v1, absent: the id below the runtime's own",
      V1,
      undefined,
      ["/sys/fs/cgroup/cpu,cpuacct/ada", "/sys/fs/cgroup/memory/system/job/ada", "/sys/fs/cgroup/systemd/ada"],
    ],
    [
      "v1, empty: as if absent",
      V1,
      "",
      ["/sys/fs/cgroup/cpu,cpuacct/ada", "/sys/fs/cgroup/memory/system/job/ada", "/sys/fs/cgroup/systemd/ada"],
    ],
    ["v2, absolute: below the mount point", V2, "/pods/ada", ["/sys/fs/cgroup/pods/ada"]],
    ["v2, relative: beside the runtime's own", V2, "pods/ada", ["/sys/fs/cgroup/user.slice/pods/ada"]],
    ["v2, absent: the id beside the runtime's own", V2, undefined, ["/sys/fs/cgroup/user.slice/ada"]],
    ["hybrid, absolute: in both", HYBRID, "/ada", ["/sys/fs/cgroup/memory/ada", "/sys/fs/cgroup/unified/ada"]],
    [
      "hybrid, relative: below the runtime's own in both",
      HYBRID,
      "ada",
      ["/sys/fs/cgroup/memory/system/job/ada", "/sys/fs/cgroup/unified/system/job/ada"],
    ],
    ["in a container of v1: relative to what is mounted", NESTED_V1, "ada", ["/sys/fs/cgroup/memory/work/ada"]],
    ["in a container of v1, absolute: below the mount point", NESTED_V1, "/ada", ["/sys/fs/cgroup/memory/ada"]],
    ["in a container of v2: relative to what is mounted", NESTED_V2, "ada", ["/sys/fs/cgroup/ada"]],
    ["own cgroup outside of the cgroup namespace: at the mount point", OUTSIDE, "ada", ["/sys/fs/cgroup/ada"]],
    [
      "own cgroup outside of the mount, with a name alike: at the mount point",
      ELSEWHERE,
      "ada",
      ["/sys/fs/cgroup/memory/ada"],
    ],
    ["dots and doubled slashes are no names", V2, "//pods/./ada/", ["/sys/fs/cgroup/pods/ada"]],
    ["a name with dots in it is a name", V2, "/..pods/a..b", ["/sys/fs/cgroup/..pods/a..b"]],
  ])("%s", (_title, facts, cgroupsPath, expected) => {
    expect(paths(facts, cgroupsPath)).toEqual(expected);
  });

  test("in each hierarchy once, by the mount that shows all of it", () => {
    const part = { ...v1("memory", "/docker/abc", "/docker/abc"), mountpoint: "/mnt/part" };
    const again = { ...v1("memory"), mountpoint: "/mnt/again" };
    expect(paths({ layout: "v1", hierarchies: [part, v1("memory"), again] }, "/ada")).toEqual([
      "/sys/fs/cgroup/memory/ada",
    ]);
  });

  test("in no hierarchy that the layout does not count", () => {
    expect(paths({ ...HYBRID, layout: "v1" }, "/ada")).toEqual(["/sys/fs/cgroup/memory/ada"]);
    expect(paths({ ...HYBRID, layout: "v2" }, "/ada")).toEqual(["/sys/fs/cgroup/unified/ada"]);
  });

  test("and is joined through tasks (v1) or cgroup.procs (v2)", () => {
    const { dirs } = placeCgroup({
      cgroupsPath: "/ada",
      id: "x",
      manager: "cgroupfs",
      facts: HYBRID,
      uid: 0,
      rootless: false,
    });
    expect(dirs).toEqual([
      {
        controllers: ["memory"],
        version: 1,
        mountpoint: "/sys/fs/cgroup/memory",
        path: "/sys/fs/cgroup/memory/ada",
        procs: "/sys/fs/cgroup/memory/ada/tasks",
      },
      {
        controllers: [],
        version: 2,
        mountpoint: "/sys/fs/cgroup/unified",
        path: "/sys/fs/cgroup/unified/ada",
        procs: "/sys/fs/cgroup/unified/ada/cgroup.procs",
        ancestor: "/sys/fs/cgroup/unified",
      },
    ]);
  });

  test.each([
    ["pods/ada", "/sys/fs/cgroup/user.slice"],
    ["/pods/ada", "/sys/fs/cgroup"],
    ["/user.slice/session-4.scope/ada", "/sys/fs/cgroup/user.slice/session-4.scope"],
    ["/user.slice", "/sys/fs/cgroup/user.slice"],
    ["/user.slice/session", "/sys/fs/cgroup/user.slice"],
  ])("v2, %s: the way there leads through %s", (cgroupsPath, ancestor) => {
    const { dirs } = placeCgroup({ cgroupsPath, id: "x", manager: "cgroupfs", facts: V2, uid: 0, rootless: false });
    expect(dirs.map((dir) => dir.ancestor)).toEqual([ancestor]);
  });
});

describe("no cgroup at all", () => {
  test("is made when cgroups are disabled, and nobody is warned", () => {
    const place = placeCgroup({
      cgroupsPath: "/ada",
      id: "x",
      manager: "disabled",
      facts: V1,
      uid: 0,
      rootless: false,
    });
    expect(place).toEqual({ dirs: [], optional: false });
  });

  test.each<CgroupFacts>([
    { layout: "none", hierarchies: [] },
    { layout: "none", hierarchies: [v1("memory")] },
  ])("is made where none is mounted, with a warning", (facts) => {
    const place = placeCgroup({ id: "ada", manager: "cgroupfs", facts, uid: 0, rootless: false });
    expect(place.dirs).toEqual([]);
    expect(place.warning).toMatch(/no cgroup hierarchy is mounted/);
  });

  test.each([
    [0, false, false],
    [0, true, true],
    [1000, true, true],
    [1000, false, true],
  ])("is accepted of uid %i, rootless %s: %s", (uid, rootless, optional) => {
    expect(placeCgroup({ id: "ada", manager: "cgroupfs", facts: V1, uid, rootless }).optional).toBe(optional);
  });
});

describe("a cgroupsPath is refused", () => {
  test.each(["..", "/..", "../ada", "/pods/../../ada", "pods/..", "/", ".", "//./", "a\nb", "a\0b"])(
    "%j",
    (cgroupsPath) => {
      const findings = checkCgroupsPath(cgroupsPath);
      expect(findings.map(({ pointer, spec }) => ({ pointer, spec }))).toEqual([
        { pointer: "/linux/cgroupsPath", spec: "config-linux.md#cgroups-path" },
      ]);
      for (const manager of ["cgroupfs", "disabled"] as const) {
        const place = () => placeCgroup({ cgroupsPath, id: "ada", manager, facts: V2, uid: 0, rootless: false });
        expect(place).toThrow(ConfigError);
      }
    },
  );

  test("also when it comes from the id", () => {
    expect(() => placeCgroup({ id: "..", manager: "cgroupfs", facts: V2, uid: 0, rootless: false })).toThrow(
      ConfigError,
    );
  });
});
