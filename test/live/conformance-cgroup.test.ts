// SPDX-License-Identifier: Apache-2.0
/** The cgroup of the container: config-linux.md#control-groups. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { requires, unmet } from "../requires.ts";
import { container, shell, until } from "./support/container.ts";
import { cgroupsWith } from "./support/traces.ts";

let count = 0;
/** A name for a cgroup that nothing else has. */
const fresh = () => `tsrun-test-${process.pid}-${++count}`;

test("an absolute cgroupsPath is relative to the mount point", async (t) => {
  requires(t, "root");
  const mountpoints = hierarchies(t);
  const name = fresh();
  const c = container(t, (spec) => {
    spec.linux.cgroupsPath = `/${name}/inner`;
  });
  await c.ok("create");
  const { pid } = await c.state();
  const members = mountpoints.map((dir) => readMembers(join(dir, name, "inner")));
  expect(members.filter((pids) => pids !== undefined).length).toBeGreaterThan(0);
  for (const pids of members) if (pids !== undefined) expect(pids).toEqual([`${pid}`]);
  await c.ok("delete");
  expect(cgroupsWith(`${name}/inner`)).toEqual([]);
  for (const dir of cgroupsWith(name)) rmdirSync(dir);
});

test("a relative cgroupsPath is consistent", async (t) => {
  requires(t, "root");
  hierarchies(t);
  const name = fresh();
  const places: string[] = [];
  for (const id of ["one", "two"]) {
    const c = container(
      t,
      (spec) => {
        spec.linux.cgroupsPath = name;
      },
      { id },
    );
    await c.ok("create");
    places.push(readFileSync(`/proc/${(await c.state()).pid}/cgroup`, "utf8"));
    await c.ok("delete");
  }
  expect(places[0]).toContain(`/${name}\n`);
  expect(places[1]).toBe(places[0]);
  expect(cgroupsWith(name)).toEqual([]);
});

test.for(["/../../NAME", "../../NAME", "/a/../../../NAME"])(
  "a cgroupsPath that climbs out is refused or stays inside: %s",
  async (pattern, t) => {
    requires(t, "root");
    hierarchies(t);
    const name = fresh();
    const c = container(t, (spec) => {
      spec.linux.cgroupsPath = pattern.replace("NAME", name);
    });
    if ((await c.call("create")).status === 0) {
      expect(readFileSync(`/proc/${(await c.state()).pid}/cgroup`, "utf8")).not.toContain("..");
      await c.ok("delete");
    }
    expect(cgroupsWith(name)).toEqual([]);
  },
);

test("a cgroup that is not empty is refused", async (t) => {
  requires(t, "root");
  const name = fresh();
  const dirs = hierarchies(t)
    .map((dir) => join(dir, name))
    .filter((dir) => !dir.includes("/cpuset/"));
  const sleeper = spawn("sleep", ["1000"], { stdio: "ignore" });
  t.onTestFinished(async () => {
    sleeper.kill("SIGKILL");
    for (const dir of dirs) {
      await until("the cgroup is empty", () => readMembers(dir)?.length === 0);
      rmdirSync(dir);
    }
  });
  for (const dir of dirs) {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "cgroup.procs"), `${sleeper.pid}`);
  }
  const c = container(t, (spec) => {
    shell(spec, "true");
    spec.linux.cgroupsPath = `/${name}`;
  });
  expect((await c.call("create")).status).not.toBe(0);
  expect((await c.call("state")).status).not.toBe(0);
  expect(readMembers(dirs[0] ?? "")).toEqual([`${sleeper.pid}`]);
});

/** Where the hierarchies with controllers, and the unified one, are mounted. */
function hierarchies(t: TestContext): readonly string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const found = lines.filter((line) => / - cgroup2? /.test(line)).map((line) => line.split(" ")[4] ?? "");
  if (found.length === 0) unmet(t, "needs a cgroup hierarchy");
  return found;
}

function readMembers(dir: string): readonly string[] | undefined {
  if (!existsSync(dir)) return undefined;
  return readFileSync(join(dir, "cgroup.procs"), "utf8")
    .split("\n")
    .filter((pid) => pid !== "");
}
