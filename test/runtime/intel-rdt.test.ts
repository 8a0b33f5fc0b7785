// SPDX-License-Identifier: Apache-2.0
/** Groups of resctrl in a directory that stands for it: no test machine has the hardware. config-linux.md#intelrdt. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import type { Config, IntelRdt } from "../../src/config/config.ts";
import { HostError, SyscallError } from "../../src/errors/errors.ts";
import { findResctrl, probeResctrl } from "../../src/host/probe-resctrl.ts";
import { performResctrl, removeGroups, surveyResctrl } from "../../src/runtime/intel-rdt.ts";
import { factsFor } from "../compile/facts.ts";

const ORIGIN = { stage: "runtime", from: "/linux/intelRdt", act: "resctrl" } as const;

/** A directory with what resctrl has in its root, and a table of mounts that has it. */
function resctrl(t: TestContext): { root: string; mountinfo: string } {
  const dir = mkdtempSync(join(tmpdir(), "tsrun-test-"));
  t.onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const root = join(dir, "res ctrl");
  mkdirSync(join(root, "info"), { recursive: true });
  writeFileSync(join(root, "info/last_cmd_status"), "ok\n");
  group(root);
  const mountinfo = join(dir, "mountinfo");
  const lines = [
    "20 1 0:19 / /sys rw - sysfs sysfs rw",
    `31 20 0:27 / ${root.replace(" ", "\\040")} rw - resctrl resctrl rw`,
  ];
  writeFileSync(mountinfo, `${lines.join("\n")}\n`);
  return { root, mountinfo };
}

/** What the kernel puts into a new group. */
function group(path: string): void {
  mkdirSync(join(path, "mon_groups"), { recursive: true });
  writeFileSync(join(path, "tasks"), "");
  writeFileSync(join(path, "schemata"), "L3:0=fff\n");
}

function configOf(intelRdt: IntelRdt): Config {
  return { ociVersion: "1.3.0", root: { path: "r" }, linux: { intelRdt } };
}

function survey(intelRdt: IntelRdt, mountinfo: string) {
  const config = configOf(intelRdt);
  return surveyResctrl(config, factsFor(config, "/b", { resctrl: probeResctrl(config, mountinfo) }), "c1");
}

test("resctrl is found where it is mounted, and the group of a closID is read", (t) => {
  const { root, mountinfo } = resctrl(t);
  group(join(root, "gold"));
  expect(probeResctrl(configOf({ closID: "gold" }), mountinfo)).toEqual({ mountpoint: root, schemata: "L3:0=fff\n" });
  expect(probeResctrl(configOf({ closID: "/" }), mountinfo)).toEqual({ mountpoint: root, schemata: "L3:0=fff\n" });
  expect(probeResctrl(configOf({ closID: "none" }), mountinfo)).toEqual({ mountpoint: root, schemata: null });
  expect(probeResctrl({ ociVersion: "1.3.0" }, "/does/not/exist")).toBeNull();
  expect(findResctrl("20 1 0:19 / /sys rw - sysfs resctrl rw\n")).toBeNull();
});

test("a group is made, gets its schemata and the process, and a group for monitoring", (t) => {
  const { root } = resctrl(t);
  const path = join(root, "c1");
  performResctrl({ ...ORIGIN, does: "mkdir", path }, 4242);
  group(path);
  performResctrl({ ...ORIGIN, does: "schemata", path, data: "L3:0=f\n" }, 4242);
  performResctrl({ ...ORIGIN, does: "tasks", path }, 4242);
  expect(readFileSync(join(path, "schemata"), "utf8")).toContain("L3:0=f\n");
  expect(readFileSync(join(path, "tasks"), "utf8")).toBe("4242");
  const monitor = join(path, "mon_groups/c1");
  performResctrl({ ...ORIGIN, does: "mkdir", path: monitor }, 4242);
  writeFileSync(join(monitor, "tasks"), "");
  performResctrl({ ...ORIGIN, does: "tasks", path: monitor }, 4242);
  expect(readFileSync(join(monitor, "tasks"), "utf8")).toBe("4242");
});

test("what resctrl refuses is an error, with what it says itself", (t) => {
  const { root } = resctrl(t);
  writeFileSync(join(root, "info/last_cmd_status"), "Mask f00 out of range\n");
  const path = join(root, "gold");
  const refused = () => performResctrl({ ...ORIGIN, does: "schemata", path, data: "L3:0=f00\n" }, 1);
  expect(refused).toThrow(SyscallError);
  expect(refused).toThrow(expect.objectContaining({ errno: "ENOENT", hint: "resctrl says: Mask f00 out of range" }));
  mkdirSync(join(root, "taken"));
  const twice = () => performResctrl({ ...ORIGIN, does: "mkdir", path: join(root, "taken") }, 1);
  expect(twice).toThrow(expect.objectContaining({ errno: "EEXIST" }));
});

test("a group of the container's own ends with it, and its monitoring before it", (t) => {
  const { root, mountinfo } = resctrl(t);
  const record = survey({ enableMonitoring: true }, mountinfo);
  expect(record?.ends).toEqual([join(root, "c1/mon_groups/c1"), join(root, "c1")]);
  expect(record?.made).toEqual(record?.ends);
});

test("a group with a closID stays, whoever made it; only its monitoring ends", (t) => {
  const { root, mountinfo } = resctrl(t);
  const monitor = join(root, "gold/mon_groups/c1");
  const made = survey({ closID: "gold", l3CacheSchema: "L3:0=f", enableMonitoring: true }, mountinfo);
  expect(made).toEqual({ ends: [monitor], made: [monitor, join(root, "gold")] });
  group(join(root, "gold"));
  expect(survey({ closID: "gold", enableMonitoring: true }, mountinfo)).toEqual({ ends: [monitor], made: [monitor] });
  expect(survey({ closID: "gold" }, mountinfo)).toEqual({ ends: [], made: [] });
  expect(survey({ closID: "/" }, mountinfo)).toEqual({ ends: [], made: [] });
});

test("a directory of the container's name that is there already is not the container's", (t) => {
  const { root, mountinfo } = resctrl(t);
  group(join(root, "c1"));
  expect(() => survey({}, mountinfo)).toThrow(HostError);
  mkdirSync(join(root, "gold/mon_groups/c1"), { recursive: true });
  expect(() => survey({ closID: "gold", enableMonitoring: true }, mountinfo)).toThrow(HostError);
});

test("directories are removed, and those that are gone are no matter", (t) => {
  const { root } = resctrl(t);
  mkdirSync(join(root, "c1"));
  removeGroups([join(root, "c1/mon_groups/c1"), join(root, "c1")]);
  expect(existsSync(join(root, "c1"))).toBe(false);
  expect(existsSync(root)).toBe(true);
});
