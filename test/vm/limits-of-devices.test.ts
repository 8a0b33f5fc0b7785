// SPDX-License-Identifier: Apache-2.0
/** blockIO and hugepageLimits on cgroup v2: that limits bite. config-linux.md#block-io, config-linux.md#huge-page-limits. */
import { statSync } from "node:fs";
import { expect, type TestContext, test } from "vitest";
import { container, freshId, shell } from "../live/support/container.ts";
import type { Spec } from "../live/support/spec.ts";
import { requires } from "../requires.ts";

const MIB = 2 ** 20;

test("blockIO.throttleWriteBpsDevice: who writes past the cache waits", async (t) => {
  requires(t, "root", "busybox", "cgroup-v2");
  const { dev } = statSync("/");
  const [major, minor] = [dev >>> 8, dev & 0xff];
  const script = `cat /sys/fs/cgroup/io.max
begin=$(cut -d. -f1 /proc/uptime)
dd if=/dev/zero of=/file bs=256k count=8 oflag=direct 2>/dev/null || echo failed
echo $(($(cut -d. -f1 /proc/uptime) - begin))`;
  const resources = { blockIO: { throttleWriteBpsDevice: [{ major, minor, rate: MIB / 4 }] } };
  const { stdout } = await limited(t, script, resources);
  const [limit, seconds] = stdout.split("\n");
  expect(limit).toBe(`${major}:${minor} rbps=max wbps=${MIB / 4} riops=max wiops=max`);
  // 2 MiB at a quarter of one a second, the first of it at once.
  expect(Number(seconds)).toBeGreaterThanOrEqual(4);
});

test("hugepageLimits: no more huge pages than that", async (t) => {
  requires(t, "root", "busybox", "cgroup-v2", "hugepages");
  const script = "fallocate -l 4M /huge/file; echo $?";
  const edit = (spec: Spec) => {
    spec.mounts.push({ destination: "/huge", type: "hugetlbfs", source: "hugetlbfs", options: ["pagesize=2M"] });
  };
  const limit = (bytes: number) => ({ hugepageLimits: [{ pageSize: "2MB", limit: bytes }] });
  expect((await limited(t, script, limit(4 * MIB), edit)).stdout).toBe("0\n");
  expect((await limited(t, script, limit(2 * MIB), edit)).stdout).toBe("1\n");
});

/** Runs the script in a container that sees its own cgroup and has the limits. */
function limited(t: TestContext, script: string, resources: object, edit: (spec: Spec) => void = () => {}) {
  const c = container(t, (spec: Spec) => {
    shell(spec, script);
    spec.linux.namespaces.push({ type: "cgroup" });
    spec.mounts.push({ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"] });
    spec.linux.cgroupsPath = `/limits/${freshId()}`;
    spec.linux.resources = resources;
    edit(spec);
  });
  return c.ok("run");
}
