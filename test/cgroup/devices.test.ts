// SPDX-License-Identifier: Apache-2.0
/** Rules for devices on cgroup v1, and who enforces them where. config-linux.md#allowed-device-list. */
import { expect, test } from "vitest";
import { type DeviceRule, printDeviceRule } from "../../src/bpf/device-rules.ts";
import { type DeviceState, deviceState, deviceWrites } from "../../src/cgroup/device-exceptions.ts";
import { deviceList } from "../../src/cgroup/device-list.ts";
import { guardDirs } from "../../src/cgroup/devices.ts";
import type { CgroupDir } from "../../src/cgroup/place.ts";
import type { DeviceRule as ConfigRule } from "../../src/config/config.ts";
import { ConfigError } from "../../src/errors/errors.ts";
import { decides, REQUESTS, someLists } from "../bpf/device-oracle.ts";
import { DeviceController } from "./device-controller.ts";

const ALL = "a *:* rwm";
/** What every container has, as runc writes it. */
const DEFAULTS = [
  "b *:* m",
  "c *:* m",
  "c 1:3 rwm",
  "c 1:5 rwm",
  "c 1:7 rwm",
  "c 1:8 rwm",
  "c 1:9 rwm",
  "c 5:0 rwm",
  "c 5:2 rwm",
  "c 10:200 rwm",
  "c 136:* rwm",
];

function stateOf(rules: readonly DeviceRule[]): DeviceState | undefined {
  const state = deviceState(rules.map((rule, index) => ({ ...rule, from: `/${index}` })));
  return "allow" in state ? state : undefined;
}

function controllerOf(state: DeviceState): DeviceController {
  const controller = new DeviceController();
  for (const write of deviceWrites(undefined, state)) controller.write(write);
  return controller;
}

test("what v1 can keep, it decides as the last matching rule; what it cannot is found", () => {
  let kept = 0;
  for (const rules of someLists(3000)) {
    const state = stateOf(rules);
    if (state === undefined) continue;
    kept += 1;
    const controller = controllerOf(state);
    for (const asked of REQUESTS) {
      if (controller.allows(asked) !== decides(rules, asked)) {
        expect.fail(`${rules.map(printDeviceRule).join(", ")}: ${JSON.stringify(asked)} ${JSON.stringify(state)}`);
      }
    }
  }
  expect(kept).toBeGreaterThan(1000);
});

test("between two states nothing is closed that both allow, and nothing open that neither does", () => {
  const states = [...someLists(600)].flatMap((rules) => {
    const state = stateOf(rules);
    return state === undefined ? [] : [{ rules, state }];
  });
  let steps = 0;
  for (const [index, from] of states.entries()) {
    const to = states[(index * 7 + 1) % states.length];
    if (to === undefined || to.state.allow !== from.state.allow) continue;
    const controller = controllerOf(from.state);
    for (const write of deviceWrites(from.state, to.state)) {
      controller.write(write);
      steps += 1;
      for (const asked of REQUESTS.filter(({ access }) => access !== 6)) {
        const [before, after] = [decides(from.rules, asked), decides(to.rules, asked)];
        if (before === after && controller.allows(asked) !== after)
          expect.fail(JSON.stringify({ from, to, write, asked }));
      }
    }
    for (const asked of REQUESTS) expect(controller.allows(asked)).toBe(decides(to.rules, asked));
  }
  expect(steps).toBeGreaterThan(100);
});

test("the same state needs no write, and a change of the default begins anew", () => {
  const state = (rules: readonly ConfigRule[]) => {
    const found = deviceState(deviceList(rules));
    if (!("allow" in found)) throw new Error("not kept");
    return found;
  };
  const denied = state([{ allow: false }]);
  const fuse = { allow: true, type: "c", major: 10, minor: 229 };
  const more = state([{ allow: false }, { ...fuse, access: "rw" }]);
  expect(deviceWrites(denied, denied)).toEqual([]);
  expect(deviceWrites(denied, more)).toEqual([
    { file: "devices.allow", data: "c 10:229 rw", from: "/linux/resources/devices/1" },
  ]);
  expect(deviceWrites(more, denied).map(({ file, data }) => `${file} ${data}`)).toEqual(["devices.deny c 10:229 rw"]);
  const open = state([{ allow: true }]);
  expect(deviceWrites(more, open)).toEqual([{ file: "devices.allow", data: ALL, from: "/linux/resources/devices" }]);
  expect(deviceWrites(open, denied)[0]).toMatchObject({ file: "devices.deny", data: ALL });
});

const v1: readonly CgroupDir[] = ["memory", "devices"].map((name) => {
  const mountpoint = `/c/${name}`;
  return { controllers: [name], version: 1, mountpoint, path: `${mountpoint}/a`, procs: `${mountpoint}/a/tasks` };
});
const v2: readonly CgroupDir[] = [
  { controllers: [], version: 2, mountpoint: "/c", path: "/c/a", procs: "/c/a/cgroup.procs" },
];
const root = { capabilities: 1n << 21n, userns: false, bundle: "/b" };
const silent = (warning: string) => expect.fail(warning);

/** `allow DATA` and `deny DATA`; "!" begins the pointer of what is refused. */
function told(rules: readonly ConfigRule[] | undefined): readonly string[] {
  try {
    const dir = guardDirs(v1, rules, root, silent)[1];
    return (dir?.writes ?? []).map(({ path, data }) => `${path.replace("/c/devices/a/devices.", "")} ${data}`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.findings.map(({ pointer }) => `!${pointer}`);
  }
}

const closed = (...more: readonly string[]) => [`deny ${ALL}`, ...[...more, ...DEFAULTS].map((one) => `allow ${one}`)];

test.each<[string, readonly ConfigRule[] | undefined, readonly string[]]>([
  ["no list, as with runc", undefined, closed()],
  ["an empty list", [], closed()],
  ["what spec commands write", [{ allow: false, access: "rwm" }], closed()],
  ["-1 is all", [{ allow: false, type: "a", major: -1, minor: -1, access: "rwm" }], closed()],
  ["everything", [{ allow: true, access: "rwm" }], [`allow ${ALL}`]],
  ["no access is all access", [{ allow: true }], [`allow ${ALL}`]],
  ["a denial of what is denied", [{ allow: false, type: "c", major: 8, minor: 1 }], closed()],
  ["a default device stays", [{ allow: false, type: "c", major: 1, minor: 3, access: "rwm" }], closed()],
  ["making nodes stays", [{ allow: false, type: "b", access: "m" }], closed()],
  [
    "everything but one",
    [{ allow: true }, { allow: false, type: "b", major: 8, minor: 0, access: "w" }],
    [`allow ${ALL}`, "deny b 8:0 w"],
  ],
])("v1, %s", (_, rules, writes) => {
  expect([...told(rules)].sort()).toEqual([...writes].sort());
  expect(told(rules)[0]).toBe(writes[0]);
});

test.each<[string, readonly ConfigRule[], readonly string[]]>([
  [
    "a denial in a broader allowance",
    [
      { allow: false, access: "rwm" },
      { allow: true, type: "c", major: 10, access: "rw" },
      { allow: false, type: "c", major: 10, minor: 229, access: "rw" },
    ],
    ["!/linux/resources/devices/2"],
  ],
  [
    "a denial around a default device",
    [{ allow: true }, { allow: false, type: "c", major: 1 }],
    ["!/linux/resources/devices/1"],
  ],
])("v1 cannot keep %s, and the rule is named", (_, rules, pointers) => {
  expect(told(rules)).toEqual(pointers);
});

test("type a with numbers is of both types, and with less than all access no more than that", () => {
  const seven = told([{ allow: true, type: "a", major: 7, minor: 0, access: "rw" }]);
  expect(seven).toContain("allow b 7:0 rw");
  expect(seven).toContain("allow c 7:0 rw");
  expect(told([{ allow: true, access: "r" }])).toEqual(expect.arrayContaining(["allow b *:* rm", "allow c *:* rm"]));
});

test("a device that one rule lets read and another write can be opened for both", () => {
  const rules = [
    { allow: true, type: "b", major: 8, access: "r" },
    { allow: true, type: "b", access: "w" },
  ];
  expect(told(rules)).toEqual(expect.arrayContaining(["allow b *:* wm", "allow b 8:* rw"]));
});

test("each write names its rule", () => {
  const rules = [{ allow: false }, { allow: true, type: "c", major: 10, minor: 229, access: "rw" }];
  const writes = guardDirs(v1, rules, root, silent)[1]?.writes ?? [];
  expect(writes.find(({ data }) => data === "c 10:229 rw")?.from).toBe("/linux/resources/devices/1");
  expect(writes.find(({ data }) => data === "c 1:3 rwm")?.from).toBe("");
});

test("v2 gets a program with the same rules, and its cgroup alone", () => {
  const rules = [
    { allow: true, type: "c", major: 10, access: "rw" },
    { allow: false, type: "c", major: 10, minor: 229 },
  ];
  const [dir] = guardDirs(v2, rules, root, silent);
  expect(dir?.writes).toBeUndefined();
  expect(dir?.filter?.rules).toEqual([
    "deny a *:* rwm",
    "allow c 10:* rw",
    "deny c 10:229 rwm",
    ...DEFAULTS.map((one) => `allow ${one}`),
  ]);
  expect((dir?.filter?.program.length ?? 0) % 8).toBe(0);
  const hybrid = guardDirs([...v1, ...v2], rules.slice(0, 1), root, silent);
  expect(hybrid.map(({ writes, filter }) => [writes !== undefined, filter !== undefined])).toEqual([
    [false, false],
    [true, false],
    [false, false],
  ]);
});

test.each<[string, readonly CgroupDir[], object, string]>([
  ["an ordinary user", v2, { capabilities: 0n }, "that takes CAP_SYS_ADMIN on the host"],
  ["root of a user namespace", v1, { userns: true }, "that takes CAP_SYS_ADMIN on the host"],
  ["a container without a cgroup", [], {}, "the container has no cgroup of its own"],
])("%s is warned, and only if there are rules", (_, dirs, more, reason) => {
  const warnings: string[] = [];
  const warn = (warning: string) => warnings.push(warning);
  expect(guardDirs(dirs, undefined, { ...root, ...more }, warn)).toBe(dirs);
  expect(warnings).toEqual([]);
  expect(guardDirs(dirs, [{ allow: false, access: "rwm" }], { ...root, ...more }, warn)).toBe(dirs);
  expect(warnings).toEqual([`/linux/resources/devices is not enforced: ${reason}`]);
});

test("a host without any device controller refuses rules", () => {
  const dirs = v1.slice(0, 1);
  expect(guardDirs(dirs, undefined, root, silent)).toBe(dirs);
  expect(() => guardDirs(dirs, [{ allow: false }], root, silent)).toThrow(ConfigError);
});
