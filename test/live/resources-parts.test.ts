// SPDX-License-Identifier: Apache-2.0
/** Limits of block devices and of huge pages bite. config-linux.md#block-io, config-linux.md#huge-page-limits. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { requires, unmet } from "../requires.ts";
import { bundle, temporary } from "./support/bundle.ts";
import { container, freshId, shell } from "./support/container.ts";
import { run, runtimeRoot, TSRUN } from "./support/run.ts";
import type { Spec } from "./support/spec.ts";

const limits = (spec: Spec, resources: object) => {
  spec.linux.resources = resources;
};

test("blockIO: who writes faster to a disk than the limit has to wait", async (t) => {
  requires(t, "root", "busybox", "cgroup-v1");
  const disk = loopDisk(t);
  const timeOf = async (resources: object) => {
    const { dir } = bundle(t, (spec, own) => {
      mkdirSync(join(own, "disk"));
      spec.mounts.push({ destination: "/disk", type: "bind", source: join(own, "disk"), options: ["bind"] });
      shell(spec, "dd if=/dev/zero of=/disk/file bs=256k count=6 oflag=direct 2>&1");
      limits(spec, resources);
    });
    const command = [TSRUN, "--root", runtimeRoot(t), "run", "--bundle", dir, freshId()];
    const before = Date.now();
    const told = await run(command, { prelude: `mount ${disk.path} ${dir}/disk` });
    expect(told).toMatchObject({ status: 0, stdout: expect.stringContaining("6+0 records out") });
    return Date.now() - before;
  };
  const free = await timeOf({});
  const { major, minor } = disk;
  // 1.5 MB at 1 MB a second.
  const slow = await timeOf({ blockIO: { throttleWriteBpsDevice: [{ major, minor, rate: 2 ** 20 }] } });
  expect(slow).toBeGreaterThan(Math.max(1000, free));
});

test("blockIO: a disk that is not there is told by its place", async (t) => {
  requires(t, "root", "busybox", "cgroup-v1");
  const c = container(t, (spec) => {
    limits(spec, { blockIO: { throttleReadBpsDevice: [{ major: 4000, minor: 7, rate: 1 }] } });
  });
  const { status, stderr } = await c.call("create");
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/ENODEV.*\/linux\/resources\/blockIO\/throttleReadBpsDevice\/0/s);
  expect(stderr).toMatch(/no block device/);
  expect(existsSync(`/sys/fs/cgroup/blkio/${c.id}`)).toBe(false);
});

test("hugepageLimits: a reservation above the limit is refused", async (t) => {
  requires(t, "root", "busybox", "cc");
  hugePages(t, 2);
  const told = async (limit: number) => {
    const c = container(t, (spec) => {
      spec.process.args = ["/hugepage"];
      limits(spec, { hugepageLimits: [{ pageSize: "2MB", limit }] });
    });
    execFileSync("cc", [
      ...["-static", "-o", join(c.rootfs, "hugepage")],
      new URL("../fixtures/hugepage.c", import.meta.url).pathname,
    ]);
    return (await c.ok("run")).stdout;
  };
  expect(await told(2 ** 21)).toBe("mapped\n");
  expect(await told(0)).toBe("ENOMEM\n");
});

test("network: a host without the controller is told before anything is made", async (t) => {
  requires(t, "root", "busybox");
  if (existsSync("/sys/fs/cgroup/net_cls")) unmet(t, "needs a host without net_cls");
  const c = container(t, (spec) => limits(spec, { network: { classID: 1 } }));
  const { status, stderr } = await c.call("create");
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/\/linux\/resources\/network\/classID.*"net_cls"/);
});

/** An empty ext4 filesystem on a loop device of its own. */
function loopDisk(t: TestContext) {
  const image = join(temporary(t), "disk");
  writeFileSync(image, "");
  execFileSync("truncate", ["-s", "16M", image]);
  execFileSync("mkfs.ext4", ["-q", "-F", image]);
  const path = execFileSync("losetup", ["--find", "--show", image], { encoding: "utf8" }).trim();
  t.onTestFinished(() => void execFileSync("losetup", ["--detach", path]));
  const [major = 0, minor = 0] = readFileSync(`${path.replace("/dev/", "/sys/block/")}/dev`, "utf8")
    .split(":")
    .map(Number);
  return { path, major, minor };
}

/** Sets so many huge pages aside, and gives them back. */
function hugePages(t: TestContext, count: number): void {
  const file = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";
  if (!existsSync(file)) unmet(t, "needs huge pages of 2 MB");
  const before = readFileSync(file, "utf8");
  t.onTestFinished(() => writeFileSync(file, before));
  writeFileSync(file, String(Number(before) + count));
  if (Number(readFileSync(file, "utf8")) < Number(before) + count) unmet(t, "needs memory for huge pages");
}
