// SPDX-License-Identifier: Apache-2.0
/** Rules for devices, as a program in the container meets them. config-linux.md#allowed-device-list. */
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { deviceFilter } from "../../src/bpf/device-filter.ts";
import { ACCESS, ANY, type DeviceRule } from "../../src/bpf/device-rules.ts";
import { encodeExtended } from "../../src/bpf/extended.ts";
import { replaceDeviceFilter } from "../../src/cgroup/device-filter.ts";
import { devicePrograms, loadDeviceProgram } from "../../src/native/bpf.ts";
import type { Fd } from "../../src/native/fd.ts";
import { requires, unmet } from "../requires.ts";
import { bundle } from "./support/bundle.ts";
import { freshId, shell } from "./support/container.ts";
import { crun, type Outcome, PURE_V1, run, runtimeRoot, TSRUN } from "./support/run.ts";
import { ORDINARY, rootless, type Spec } from "./support/spec.ts";

/** A prelude: nothing but cgroup v2, with the devices of all hosts. */
const PURE_V2 = "umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup";

/** Null, and two devices that no default rule speaks of: /dev/fuse and /dev/loop-control. */
const SCRIPT = [
  "for n in '1 3' '10 229' '10 237'; do rm -f /node; mknod /node c $n || echo no node",
  "echo $n $( (head -c0 < /node) 2> /dev/null && echo r) $( (: >> /node) 2> /dev/null && echo w); done",
].join("\n");

const all = { allow: false, access: "rwm" };
const fuse = { type: "c", major: 10, minor: 229 };
const misc = { type: "c", major: 10 };

function withRules(devices: readonly object[] | undefined): (spec: Spec) => void {
  return (spec) => {
    shell(spec, SCRIPT);
    if (devices !== undefined) spec.linux.resources = { devices };
  };
}

function requiresDevices(t: TestContext): void {
  requires(t, "root", "busybox", "cgroup-v1");
  const there = readFileSync("/proc/misc", "utf8");
  if (!/^229/m.test(there) || !/^237/m.test(there)) unmet(t, "needs /dev/fuse and /dev/loop-control");
}

/** What a program can open, under a runtime, where only that version of cgroups is mounted. */
async function opened(t: TestContext, bin: string, view: string, devices?: readonly object[]): Promise<Outcome> {
  const id = freshId();
  const { dir } = bundle(t, (spec) => {
    withRules(devices)(spec);
    spec.linux.cgroupsPath = `/${id}`;
  });
  return run([bin, "--root", runtimeRoot(t, { bin }), "run", "--bundle", dir, id], { prelude: view });
}

type Row = readonly [name: string, devices: readonly object[] | undefined, told: string];

const ROWS: readonly Row[] = [
  ["no rules: what every container has", undefined, "1 3 r w\n10 229\n10 237\n"],
  ["all denied: what every container has", [all], "1 3 r w\n10 229\n10 237\n"],
  ["one device, for reading", [all, { allow: true, ...fuse, access: "r" }], "1 3 r w\n10 229 r\n10 237\n"],
  ["all of a major number", [all, { allow: true, ...misc, access: "rw" }], "1 3 r w\n10 229 r w\n10 237 r w\n"],
  ["everything", [{ allow: true, access: "rwm" }], "1 3 r w\n10 229 r w\n10 237 r w\n"],
  [
    "everything but one device",
    [
      { allow: true, access: "rwm" },
      { allow: false, ...fuse, access: "w" },
    ],
    "1 3 r w\n10 229 r\n10 237 r w\n",
  ],
  [
    "a denial that comes last",
    [all, { allow: true, ...fuse, access: "rw" }, { allow: false, ...fuse, access: "rwm" }],
    "1 3 r w\n10 229\n10 237\n",
  ],
];

test.for([
  ["v1", PURE_V1],
  ["v2", PURE_V2],
] as const)("%s: the last rule that matches a device counts", async ([version, view], t) => {
  requiresDevices(t);
  for (const [name, devices, told] of ROWS) {
    const { stdout, stderr } = await opened(t, TSRUN, view, devices);
    expect({ name, version, stdout: lines(stdout), stderr }).toEqual({ name, version, stdout: told, stderr: "" });
  }
});

test("v1: the same as with runc", async (t) => {
  requiresDevices(t);
  requires(t, "runc");
  for (const [name, devices, told] of ROWS) {
    expect([name, lines((await opened(t, "runc", PURE_V1, devices)).stdout)]).toEqual([name, told]);
  }
});

test("v2 keeps a rule that takes a device out of a broader one, which v1 refuses by name", async (t) => {
  requiresDevices(t);
  const devices = [all, { allow: true, ...misc, access: "rw" }, { allow: false, ...fuse, access: "rw" }];
  expect(lines((await opened(t, TSRUN, PURE_V2, devices)).stdout)).toBe("1 3 r w\n10 229\n10 237 r w\n");
  const { status, stderr } = await opened(t, TSRUN, PURE_V1, devices);
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/\/linux\/resources\/devices\/2.*cgroup v1/);
});

test("devices of the config are made although making nodes is denied, as with runc and crun", async (t) => {
  requires(t, "root", "busybox", "cgroup-v1", "runc", "crun");
  const edit = (spec: Spec) => {
    shell(spec, "ls /dev/log2; cat /dev/log2 2> /dev/null || echo denied");
    spec.linux.devices = [{ ...fuse, path: "/dev/log2" }];
    spec.linux.resources = { devices: [all, { allow: false, access: "m" }] };
  };
  const { dir } = bundle(t, edit);
  for (const bin of [TSRUN, "runc"]) {
    const args = ["--root", runtimeRoot(t, { bin }), "run", "--bundle", dir, freshId()];
    expect((await run([bin, ...args], { prelude: PURE_V1 })).stdout).toBe("/dev/log2\ndenied\n");
  }
  const args = ["--root", runtimeRoot(t, { bin: "crun" }), "run", "--bundle", dir, freshId()];
  // Without a cgroup of its own it denies nothing.
  expect((await crun(args)).stdout).toMatch(/^\/dev\/log2\n/);
});

test("an ordinary user is warned that rules are not enforced", async (t) => {
  requires(t, "root", "rootless", "busybox");
  const edit = (spec: Spec) => {
    rootless(spec);
    shell(spec, "echo in");
    spec.linux.resources = { devices: [all] };
  };
  const { dir } = bundle(t, edit, { owner: ORDINARY });
  const root = runtimeRoot(t, { owner: ORDINARY });
  const { stdout, stderr } = await run([TSRUN, "--root", root, "run", "--bundle", dir, freshId()], { as: "user" });
  expect(stdout).toBe("in\n");
  expect(stderr).toContain("/linux/resources/devices is not enforced");
});

const LISTS: readonly (readonly object[] | undefined)[] = [
  undefined,
  [],
  [all],
  [{ allow: true, access: "rwm" }],
  [all, { allow: true, type: "c", major: 10, minor: 229, access: "rw" }],
  [all, { allow: true, type: "b", major: 8, minor: -1, access: "rw" }, { allow: true, type: "b", access: "r" }],
  [{ allow: true, type: "c", major: 10, minor: 229, access: "rwm" }],
  [
    { allow: true, access: "rwm" },
    { allow: false, type: "b", major: 8, minor: 0, access: "w" },
  ],
  [all, { allow: true, type: "c", major: 10, minor: 229, access: "rw" }, { allow: false, ...fuse, access: "r" }],
];

test("devices.list says the same as with runc", (t) => {
  requires(t, "root", "busybox", "cgroup-v1", "runc");
  for (const devices of LISTS) {
    const [mine, theirs] = [TSRUN, "runc"].map((bin) => devicesList(t, bin, devices));
    expect({ devices, list: mine }).toEqual({ devices, list: theirs });
  }
});

function devicesList(t: TestContext, bin: string, devices?: readonly object[]): readonly string[] {
  const id = freshId();
  const { dir } = bundle(t, (spec) => {
    withRules(devices)(spec);
    spec.linux.cgroupsPath = `/${id}`;
  });
  // The container lives on with the streams that it is given.
  const args = ["20", bin, "--root", runtimeRoot(t, { bin }), "create", "--bundle", dir, id];
  execFileSync("timeout", args, { stdio: ["ignore", "ignore", "inherit"] });
  return readFileSync(`/sys/fs/cgroup/devices/${id}/devices.list`, "utf8").trim().split("\n").sort();
}

test("a filter is replaced by one call, and the verifier's words are in the error", (t) => {
  requires(t, "root");
  const dir = unifiedCgroup(t);
  const rule = (allow: boolean): DeviceRule => ({ allow, type: "c", major: 1, minor: 5, access: ACCESS });
  const everything: DeviceRule = { allow: true, type: "a", major: ANY, minor: ANY, access: ACCESS };
  const attach = (...rules: readonly DeviceRule[]) => {
    replaceDeviceFilter(dir, encodeExtended(deviceFilter(rules)));
    return programsOf(dir);
  };
  const read = () =>
    spawnSync("sh", ["-c", `echo $$ > ${dir}/cgroup.procs; head -c1 /dev/zero | wc -c`]).stdout.toString();
  expect(programsOf(dir)).toEqual([]);
  const [first, ...more] = attach(everything);
  expect(more).toEqual([]);
  expect(read()).toBe("1\n");
  const [second, ...others] = attach(everything, rule(false));
  expect(others).toEqual([]);
  expect(second).not.toBe(first);
  expect(read()).toBe("0\n");
  attach(rule(true));
  expect(programsOf(dir)).toHaveLength(1);
  expect(() => loadDeviceProgram(new Uint8Array(16))).toThrow(
    expect.objectContaining({ errno: "EINVAL", kernelLog: expect.stringMatching(/insn/) }),
  );
});

test("some hundreds of rules can be verified", (t) => {
  requires(t, "root");
  const rules = Array.from({ length: 400 }, (_, index): DeviceRule => {
    const type = index % 2 === 0 ? "b" : "c";
    return { allow: index % 3 > 0, type, major: index, minor: index % 5 === 0 ? ANY : index, access: 1 + (index % 7) };
  });
  const dir = unifiedCgroup(t);
  replaceDeviceFilter(dir, encodeExtended(deviceFilter(rules)));
  expect(programsOf(dir)).toHaveLength(1);
});

/** An empty cgroup of v2, wherever it is mounted; it ends with the test. */
function unifiedCgroup(t: TestContext): string {
  const mount = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .find((line) => line.includes(" - cgroup2 "));
  const mountpoint = mount?.split(" ")[4] ?? unmet(t, "needs a cgroup v2 hierarchy");
  const dir = join(mountpoint, freshId());
  mkdirSync(dir);
  t.onTestFinished(() => rmdirSync(dir));
  return dir;
}

function programsOf(dir: string): readonly number[] {
  const fd = openSync(dir, "r");
  try {
    return devicePrograms(fd as Fd);
  } finally {
    closeSync(fd);
  }
}

/** Without the blanks at the end. */
function lines(text: string): string {
  return text.replaceAll(/ +\n/g, "\n").replaceAll(/ +/g, " ");
}
