// SPDX-License-Identifier: Apache-2.0
/** What is done in resctrl for a config and what is there already. config-linux.md#intelrdt. */
import { expect, test } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import type { Config, IntelRdt } from "../../src/config/config.ts";
import { ConfigError } from "../../src/errors/errors.ts";
import { printAct } from "../../src/plan/print-act.ts";
import { isCall } from "../../src/plan/step.ts";
import { factsFor, type Host } from "./facts.ts";

const MOUNTED = { mountpoint: "/sys/fs/resctrl", schemata: null };
const withGroup = (schemata: string): Host => ({ resctrl: { ...MOUNTED, schemata } });

function configOf(intelRdt: IntelRdt | undefined): Config {
  return {
    ociVersion: "1.3.0",
    root: { path: "rootfs" },
    process: { cwd: "/", args: ["/bin/true"] },
    linux: { namespaces: [{ type: "mount" }, { type: "pid" }], ...(intelRdt && { intelRdt }) },
  };
}

/** The acts on resctrl, as the plan prints them, with the words between which they stand. */
function acts(intelRdt: IntelRdt | undefined, host: Host = { resctrl: MOUNTED }): string[] {
  const config = configOf(intelRdt);
  const { plan } = compile(config, factsFor(config, "/b", host), { id: "c1" });
  const lines = plan.steps.flatMap((step) => (isCall(step) ? [] : [printAct(step, {})]));
  const begin = lines.indexOf('recv("join")');
  return begin < 0 ? [] : lines.slice(begin + 1, lines.indexOf('send("join")'));
}

function faults(intelRdt: IntelRdt, host: Host): string[] {
  try {
    acts(intelRdt, host);
  } catch (error) {
    if (error instanceof ConfigError) return error.findings.map(({ pointer, message }) => `${pointer}: ${message}`);
    throw error;
  }
  return [];
}

const GROUP = "/sys/fs/resctrl/c1";

test("without a closID, a group called like the container is made, and the process is assigned to it", () => {
  expect(acts({})).toEqual([`mkdir("${GROUP}", 0755)`, `write("${GROUP}/tasks", $bootstrap)`]);
});

test("schemata are written in the order of the specification, in one piece", () => {
  const all = { schemata: ["L2:0=f", "MB:1=70"], memBwSchema: "MB:0=20", l3CacheSchema: "L3:0=7f0;1=1f" };
  expect(acts(all)).toEqual([
    `mkdir("${GROUP}", 0755)`,
    `write("${GROUP}/schemata", "L3:0=7f0;1=1f\\nMB:0=20\\nL2:0=f\\nMB:1=70\\n")`,
    `write("${GROUP}/tasks", $bootstrap)`,
  ]);
});

test("the group of a closID that does not exist is made if there are schemata for it", () => {
  const group = "/sys/fs/resctrl/gold";
  expect(acts({ closID: "gold", l3CacheSchema: "L3:0=f" })).toEqual([
    `mkdir("${group}", 0755)`,
    `write("${group}/schemata", "L3:0=f\\n")`,
    `write("${group}/tasks", $bootstrap)`,
  ]);
});

test("the group of a closID without schemata must exist, and is entered as it is", () => {
  expect(acts({ closID: "gold" }, withGroup("L3:0=f\n"))).toEqual(['write("/sys/fs/resctrl/gold/tasks", $bootstrap)']);
  expect(faults({ closID: "gold" }, { resctrl: MOUNTED })).toEqual([
    '/linux/intelRdt/closID: there is no "/sys/fs/resctrl/gold", and nothing to make it with (schemata)',
  ]);
});

test("a group that exists is entered if it has what the config asks for, however it is written", () => {
  const there = withGroup("    L3:0=007f0;1=0001f\n    MB:0= 20;1=100\n");
  const wanted = { closID: "gold", l3CacheSchema: "L3:1=1F", schemata: ["MB:0=20", "L3:0=0x7f0"] };
  expect(acts(wanted, there)).toEqual(['write("/sys/fs/resctrl/gold/tasks", $bootstrap)']);
});

test("a group that exists with other schemata is an error, each difference told", () => {
  const there = withGroup("L3:0=7f0;1=1f\nMB:0=20\n");
  expect(faults({ closID: "gold", l3CacheSchema: "L3:0=f;1=1f;2=1", memBwSchema: "MB:0=30" }, there)).toEqual([
    "/linux/intelRdt/closID: the group exists, and has 7f0 for L3:0, not f",
    "/linux/intelRdt/closID: the group exists, and has nothing for L3:2, not 1",
    "/linux/intelRdt/closID: the group exists, and has 20 for MB:0, not 30",
  ]);
});

test("the closID / is the root of resctrl", () => {
  expect(acts({ closID: "/" }, withGroup("L3:0=f\n"))).toEqual(['write("/sys/fs/resctrl/tasks", $bootstrap)']);
});

test("monitoring has a group of its own, called like the container, inside of the class", () => {
  const monitor = "/sys/fs/resctrl/gold/mon_groups/c1";
  expect(acts({ closID: "gold", enableMonitoring: true }, withGroup("L3:0=f\n"))).toEqual([
    'write("/sys/fs/resctrl/gold/tasks", $bootstrap)',
    `mkdir("${monitor}", 0755)`,
    `write("${monitor}/tasks", $bootstrap)`,
  ]);
  expect(acts({ enableMonitoring: true })).toContain(`mkdir("${GROUP}/mon_groups/c1", 0755)`);
});

test("without intelRdt nothing is done in resctrl", () => {
  expect(acts(undefined)).toEqual([]);
});

test("a host without resctrl, and an ordinary user, are told what is missing", () => {
  expect(faults({}, { resctrl: { mountpoint: null, schemata: null } })).toEqual([
    expect.stringMatching(/^\/linux\/intelRdt: needs the resctrl filesystem: .*CONFIG_X86_CPU_RESCTRL/),
  ]);
  expect(faults({}, { resctrl: MOUNTED, uid: 1000 })[0]).toMatch(/^\/linux\/intelRdt: needs root/);
});
