// SPDX-License-Identifier: Apache-2.0
/** linux.resources on cgroup v2: that limits bite. config-linux.md#control-groups, the kernel's admin-guide/cgroup-v2. */
import { expect, type TestContext, test } from "vitest";
import { container, freshId, shell } from "../live/support/container.ts";
import type { Spec } from "../live/support/spec.ts";
import { requires } from "../requires.ts";

const MIB = 2 ** 20;

test("pids.limit: no more processes than that", async (t) => {
  requires(t, "root", "busybox", "cgroup-v2");
  const script = "(sleep 0 & sleep 0 & sleep 0 & wait) 2>&1; true";
  expect(await afterwards(t, script, { pids: { limit: 2 } })).toMatchObject({ stdout: expect.stringMatching(/fork/) });
  expect(await afterwards(t, script, { pids: { limit: 20 } })).toMatchObject({ stdout: "" });
});

test("memory.limit: who takes more is killed, and the cgroup has counted it", async (t) => {
  requires(t, "root", "busybox", "cgroup-v2");
  // dd has the whole block in memory.
  const script = "dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null; echo $?; cat /sys/fs/cgroup/memory.events";
  const { stdout } = await afterwards(t, script, { memory: { limit: 24 * MIB, swap: 24 * MIB } });
  expect(stdout).toMatch(/^137\n/);
  expect(count(stdout, "oom_kill")).toBeGreaterThan(0);
});

test("cpu.quota: who works longer is throttled", async (t) => {
  requires(t, "root", "busybox", "cgroup-v2");
  const script = "i=0; while [ $i -lt 40000 ]; do i=$((i+1)); done; cat /sys/fs/cgroup/cpu.stat";
  const { stdout } = await afterwards(t, script, { cpu: { quota: 10_000, period: 50_000 } });
  expect(count(stdout, "nr_throttled")).toBeGreaterThan(0);
});

test("cpu.cpus: the program is let on those alone", async (t) => {
  requires(t, "root", "busybox", "cgroup-v2");
  const { stdout } = await afterwards(t, "grep allowed_list /proc/self/status", { cpu: { cpus: "1", mems: "0" } });
  expect(stdout.replaceAll("\t", "")).toBe("Cpus_allowed_list:1\nMems_allowed_list:0\n");
});

test("a limit that the kernel refuses ends the start, and tells the property", async (t) => {
  requires(t, "root", "busybox", "cgroup-v2");
  const { status, stderr } = await afterwards(t, "echo in", { cpu: { cpus: "4000" } });
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/cpuset\.cpus.*\/linux\/resources\/cpu\/cpus/s);
});

/** Runs the script in a container that sees its own cgroup and has the limits. */
function afterwards(t: TestContext, script: string, resources: object) {
  const c = container(t, (spec: Spec) => {
    shell(spec, script);
    spec.linux.namespaces.push({ type: "cgroup" });
    spec.mounts.push({ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"] });
    spec.linux.cgroupsPath = `/limits/${freshId()}`;
    spec.linux.resources = resources;
  });
  return c.call("run");
}

function count(text: string, key: string): number {
  return Number(new RegExp(`^${key} (\\d+)$`, "m").exec(text)?.[1]);
}
