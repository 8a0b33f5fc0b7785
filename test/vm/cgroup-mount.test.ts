// SPDX-License-Identifier: Apache-2.0
/** Mounts of type cgroup on a host with cgroup v2. config.md#mounts, cgroup_namespaces(7), CVE-2023-25809. */
import { existsSync } from "node:fs";
import { expect, type TestContext, test } from "vitest";
import { container, freshId, shell } from "../live/support/container.ts";
import type { Spec } from "../live/support/spec.ts";
import { requires } from "../requires.ts";

test("a read-only mount shows the container's own cgroup, and nothing can be made in it", async (t) => {
  const { stdout, stderr } = await seen(
    t,
    "ro",
    "cat /proc/self/cgroup /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/below",
  );
  expect(stdout).toMatch(/^0::\/\n1\n/);
  expect(stderr).toContain("Read-only file system");
});

test("in a writable mount the program makes cgroups of its own, and moves there", async (t) => {
  const script = "mkdir /sys/fs/cgroup/below; echo 0 > /sys/fs/cgroup/below/cgroup.procs; cat /proc/self/cgroup";
  const { stdout, stderr, path } = await seen(t, "rw", script);
  expect({ stdout, stderr }).toEqual({ stdout: "0::/below\n", stderr: "" });
  expect(existsSync(path)).toBe(false);
});

test("the kernel keeps the limits from a program that may write", async (t) => {
  const script = "echo max > /sys/fs/cgroup/pids.max";
  const { stderr, status } = await seen(t, "rw", script);
  // At the root of a cgroup namespace mounted with nsdelegate, these files are not the container's to write.
  expect(stderr).toContain("Operation not permitted");
  expect(status).not.toBe(0);
});

test("the root of a user namespace is the owner of its cgroup", async (t) => {
  const script = "mkdir /sys/fs/cgroup/below; echo 0 > /sys/fs/cgroup/below/cgroup.procs; cat /proc/self/cgroup";
  const { stdout, stderr } = await seen(t, "rw", script, (spec) => {
    const mapping = { containerID: 0, hostID: 100_000, size: 65_536 };
    spec.linux.namespaces.push({ type: "user" });
    spec.linux.uidMappings = [mapping];
    spec.linux.gidMappings = [mapping];
  });
  expect({ stdout, stderr }).toEqual({ stdout: "0::/below\n", stderr: "" });
});

/** Runs the script in a cgroup namespace with that mount; the cgroup is gone when it has ended. */
async function seen(t: TestContext, option: "ro" | "rw", script: string, edit: (spec: Spec) => void = () => {}) {
  requires(t, "root", "busybox", "cgroup-v2");
  const cgroupsPath = `/mounts-${freshId()}`;
  const c = container(t, (spec) => {
    shell(spec, script);
    spec.linux.namespaces.push({ type: "cgroup" });
    spec.mounts.push({ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: [option, "nosuid"] });
    spec.linux.cgroupsPath = cgroupsPath;
    spec.linux.resources = { pids: { limit: 20 } };
    edit(spec);
  });
  return { ...(await c.call("run")), path: `/sys/fs/cgroup${cgroupsPath}` };
}
