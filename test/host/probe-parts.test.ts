// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readCgroups } from "../../src/host/probe-cgroup.ts";
import { homeOf } from "../../src/host/probe-home.ts";
import { isInitialMap, readKernel, readStatus } from "../../src/host/probe-kernel.ts";
import { probeLsm } from "../../src/host/probe-lsm.ts";
import { mountFlags } from "../../src/host/probe-sources.ts";

test("security modules are looked for where config.json asks for them", () => {
  const sysfs = mkdtempSync(join(tmpdir(), "tsrun-lsm-"));
  onTestFinished(() => rmSync(sysfs, { recursive: true }));
  const wish = (process: object, linux = {}) =>
    probeLsm({ ociVersion: "1.3.0", process: { cwd: "/", ...process }, linux }, sysfs);
  const both = { apparmorProfile: "a", selinuxLabel: "b" };
  expect(wish(both)).toEqual({ apparmor: false, selinux: false });
  for (const dir of ["module/apparmor/parameters", "fs/selinux"]) mkdirSync(join(sysfs, dir), { recursive: true });
  writeFileSync(join(sysfs, "module/apparmor/parameters/enabled"), "Y\n");
  writeFileSync(join(sysfs, "fs/selinux/enforce"), "1");
  expect(wish(both)).toEqual({ apparmor: true, selinux: true });
  expect(wish({ apparmorProfile: "" })).toEqual({ apparmor: false, selinux: false });
  expect(wish({}, { mountLabel: "c" })).toEqual({ apparmor: false, selinux: true });
  writeFileSync(join(sysfs, "module/apparmor/parameters/enabled"), "N\n");
  expect(wish(both)).toEqual({ apparmor: false, selinux: true });
});

test.each([
  ["6.1.0-18-amd64", 6, 1],
  ["5.12.0", 5, 12],
  ["6.18.44-fc-v657", 6, 18],
])("Linux %s is %i.%i", (release, major, minor) => {
  expect(readKernel(release, "arm64")).toEqual({ arch: "arm64", kernel: { release, major, minor } });
});

test.each(["5.11.22", "4.18.0-553.el8", "nonsense"])(
  "Linux %s is too old, and the error names what is missing",
  (release) => {
    expect(() => readKernel(release, "x64")).toThrow(expect.objectContaining({ code: "ETSRUN_HOST" }));
    expect(() => readKernel(release, "x64")).toThrow("mount_setattr");
  },
);

test("another machine than x64 and arm64 is refused", () => {
  expect(() => readKernel("6.1.0", "riscv64")).toThrow("riscv64");
});

test("ids are the effective ones, capability sets are bits", () => {
  const status =
    "Name:\tx\nUid:\t1000\t1001\t1002\t1003\nGid:\t5\t6\t7\t8\nCapEff:\t000001ffffffffff\nCapBnd:\t0000000000000401\n";
  expect(readStatus(status)).toEqual({ uid: 1001, gid: 6, capabilities: 0x1ff_ffff_ffffn, bounding: 0x401n });
});

test.each([
  ["         0          0 4294967295\n", true],
  ["         0       1000          1\n", false],
  ["         0          0       1000\n         1000 1000 1\n", false],
])("uid_map %j of the first user namespace: %s", (text, initial) => {
  expect(isInitialMap(text)).toBe(initial);
});

test("statfs numbers its flags otherwise than mount", () => {
  // ST_VALID|ST_RDONLY|ST_NOSUID|ST_NODEV|ST_NOEXEC|ST_RELATIME
  expect(mountFlags(0x20 | 1 | 2 | 4 | 8 | 0x1000)).toBe(1 | 2 | 4 | 8 | 0x200000);
  expect(mountFlags(0x20 | 0x400 | 0x800)).toBe(0x400 | 0x800);
  expect(mountFlags(0x2000)).toBe(0x100);
});

test.each([
  [0, "/root"],
  [1000, "/home/é"],
  [7, "/"],
  [8, "/"],
  [9, "/"],
  [10, "/"],
])("HOME of user %i is %s", (uid, home) => {
  const passwd =
    "# uid 7:x\nroot:x:0:0:root:/root:/bin/sh\nshort:x:8:8\nempty:x:9:9:::\nu:x:1000:1000:,,,:/home/é:/bin/sh\nsecond:x:0:0::/other:\nnul:x:10:10::/h\0me:/bin/sh\n";
  expect(homeOf(uid, passwd)).toBe(home);
});

const ROOT = "1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 0:1 / /sys rw shared:7 master:1 - sysfs sysfs rw\n";
const none = () => [];

test("a pure v2 host has the controllers that its root file lists", () => {
  const facts = readCgroups(
    `${ROOT}3 2 0:2 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup rw,nsdelegate\n`,
    "0::/user.slice/a b\n",
    (mountpoint) => [mountpoint, "cpu"],
  );
  expect(facts).toEqual({
    layout: "v2",
    hierarchies: [
      {
        version: 2,
        controllers: ["/sys/fs/cgroup", "cpu"],
        mountpoint: "/sys/fs/cgroup",
        root: "/",
        own: "/user.slice/a b",
      },
    ],
  });
});

const HYBRID = `${ROOT}3 2 0:2 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755
4 3 0:3 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
5 3 0:4 /docker/1 /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
6 3 0:5 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/x,name=systemd
7 1 0:6 / /with\\040space rw - cgroup none rw,pids
`;
const MEMBERSHIPS = "5:pids:/p\n4:cpu,cpuacct:/docker/1/x\n1:name=systemd:/s:1\n0::/\n";

test("a hybrid host: hierarchies in their order, options that are no controllers left out", () => {
  expect(readCgroups(HYBRID, MEMBERSHIPS, none)).toEqual({
    layout: "hybrid",
    hierarchies: [
      { version: 2, controllers: [], mountpoint: "/sys/fs/cgroup/unified", root: "/", own: "/" },
      {
        version: 1,
        controllers: ["cpu", "cpuacct"],
        mountpoint: "/sys/fs/cgroup/cpu,cpuacct",
        root: "/docker/1",
        own: "/docker/1/x",
      },
      { version: 1, controllers: ["name=systemd"], mountpoint: "/sys/fs/cgroup/systemd", root: "/", own: "/s:1" },
      { version: 1, controllers: ["pids"], mountpoint: "/with space", root: "/", own: "/p" },
    ],
  });
});

test("what lies under another mount does not count", () => {
  const covered = `${HYBRID}8 3 0:7 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n9 7 0:6 / /with\\040space rw - tmpfs tmpfs rw\n`;
  expect(readCgroups(covered, "0::/\n", none)).toEqual({
    layout: "v2",
    hierarchies: [{ version: 2, controllers: [], mountpoint: "/sys/fs/cgroup", root: "/", own: "/" }],
  });
});

test("v1 alone, and none", () => {
  const v1 = `${ROOT}3 2 0:3 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n`;
  expect(readCgroups(v1, MEMBERSHIPS, none).layout).toBe("v1");
  expect(readCgroups(ROOT, MEMBERSHIPS, none)).toEqual({ layout: "none", hierarchies: [] });
});
