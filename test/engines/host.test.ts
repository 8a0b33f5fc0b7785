// SPDX-License-Identifier: Apache-2.0
/** A private host keeps an engine away from the machine, and leaves nothing. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { PrivateHost } from "./support/host.ts";

test("what is written, started and made inside is gone with the host", async (t) => {
  requires(t, "root", "dist", "ip", "overlay", "cgroup-v1");
  const host = await PrivateHost.begin();
  const cgroup = (await host.run(["cat", "/proc/1/cgroup"])).stdout;
  expect(cgroup).toMatch(/:memory:\/$/m);
  host.write("/etc/tsrun-engines", "inside\n");
  await host.run(["mkdir", "-p", "/sys/fs/cgroup/memory/one/two", "/var/lib/containers"]);
  const sleeper = host.launch(["sh", "-c", "echo $$ >/sys/fs/cgroup/memory/one/cgroup.procs; exec sleep 600"]);
  await host.run(["sh", "-c", "until grep -q . /sys/fs/cgroup/memory/one/cgroup.procs; do sleep 0.02; done"]);
  const dir = host.path("/");
  expect(readFileSync(host.path("/etc/tsrun-engines"), "utf8")).toBe("inside\n");
  const cgroups = host.cgroups;
  expect(cgroups.filter((group) => existsSync(group))).toEqual(cgroups);
  await host.end();
  expect((await sleeper.outcome).status).not.toBe(0);
  expect(existsSync(dir)).toBe(false);
  expect(existsSync("/etc/tsrun-engines")).toBe(false);
  expect(cgroups.filter((group) => existsSync(group))).toEqual([]);
});

test("it sees v1 alone, or v2 alone", async (t) => {
  requires(t, "root", "dist", "ip", "overlay", "cgroup-v1");
  for (const [view, types] of [
    ["v1", "cgroup\n"],
    ["v2", "cgroup2\n"],
  ] as const) {
    const host = await PrivateHost.begin(view);
    const script = "sed -n 's/.* - \\(cgroup2*\\) .*/\\1/p' /proc/self/mountinfo | sort -u";
    const { stdout } = await host.run(["sh", "-c", script]).finally(() => host.end());
    expect(stdout).toBe(types);
  }
});
