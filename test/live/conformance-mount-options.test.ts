// SPDX-License-Identifier: Apache-2.0
/** Each option that config.md#linux-mount-options demands, as /proc/self/mountinfo shows it inside. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle, temporary } from "./support/bundle.ts";
import { freshId, output, shell } from "./support/container.ts";
import { run, runtimeRoot, TSRUN } from "./support/run.ts";

interface Mounted {
  /** Options of the mount, and those of the filesystem. */
  readonly mount: readonly string[];
  readonly filesystem: readonly string[];
}

type Holds = (mounted: Mounted) => boolean;
const has =
  (option: string): Holds =>
  ({ mount }) =>
    mount.includes(option);
const lacks =
  (option: string): Holds =>
  ({ mount }) =>
    !mount.includes(option);
const filesystemHas =
  (option: string): Holds =>
  ({ filesystem }) =>
    filesystem.includes(option);
const filesystemLacks =
  (option: string): Holds =>
  ({ filesystem }) =>
    !filesystem.includes(option);
/** mountinfo does not show it; tmpfs refuses an option that it does not know, so to be mounted is to be understood. */
const accepted: Holds = () => true;

const OPTIONS: readonly (readonly [string, Holds])[] = [
  ["async", filesystemLacks("sync")],
  ["atime", lacks("noatime")],
  ["defaults", has("rw")],
  ["dev", lacks("nodev")],
  ["diratime", lacks("nodiratime")],
  ["dirsync", filesystemHas("dirsync")],
  ["exec", lacks("noexec")],
  ["iversion", accepted],
  ["lazytime", filesystemHas("lazytime")],
  ["loud", accepted],
  ["noatime", has("noatime")],
  ["nodev", has("nodev")],
  ["nodiratime", has("nodiratime")],
  ["noexec", has("noexec")],
  ["noiversion", accepted],
  ["nolazytime", filesystemLacks("lazytime")],
  ["norelatime", lacks("noatime")],
  ["nostrictatime", has("relatime")],
  ["nosuid", has("nosuid")],
  ["relatime", has("relatime")],
  ["ro", has("ro")],
  ["rw", has("rw")],
  ["silent", accepted],
  ["strictatime", (mounted) => lacks("relatime")(mounted) && lacks("noatime")(mounted)],
  ["suid", lacks("nosuid")],
  ["sync", filesystemHas("sync")],
];

test.for(OPTIONS)("the option %s", async ([option, holds], t) => {
  requires(t, "root");
  const line = await output(t, "grep ' /m ' /proc/self/mountinfo", (spec) => {
    spec.mounts.push({ destination: "/m", type: "tmpfs", source: "tmpfs", options: [option] });
  });
  expect(holds(mounted(line)), line).toBe(true);
});

/** Of two options that contradict each other, the last counts. */
const PAIRS = [
  ["noatime", "atime"],
  ["nodev", "dev"],
  ["nodiratime", "diratime"],
  ["noexec", "exec"],
  ["nosuid", "suid"],
  ["ro", "rw"],
  ["sync", "async"],
  ["lazytime", "nolazytime"],
] as const;

test.for(PAIRS)("the option %s is taken back by the later %s", async ([first, second], t) => {
  requires(t, "root");
  const line = await output(t, "grep ' /m ' /proc/self/mountinfo", (spec) => {
    spec.mounts.push({ destination: "/m", type: "tmpfs", source: "tmpfs", options: [first, second] });
  });
  const { mount, filesystem } = mounted(line);
  expect([...mount, ...filesystem], line).not.toContain(first);
});

test.for(["remount"])("the option %s", async (option, t) => {
  requires(t, "root");
  const line = await output(t, "grep ' /m ' /proc/self/mountinfo", (spec) => {
    spec.mounts.push({ destination: "/m", type: "tmpfs", source: "tmpfs", options: ["nosuid"] });
    spec.mounts.push({ destination: "/m", type: "tmpfs", source: "tmpfs", options: [option, "ro", "nosuid"] });
  });
  expect(line.trim().split("\n")).toHaveLength(1);
  expect(mounted(line).mount).toEqual(expect.arrayContaining(["ro", "nosuid"]));
});

const NO_INNER = "\n";
const BINDS = [
  ["bind", NO_INNER],
  ["rbind", "inner\n"],
] as const;

test.for(BINDS)("the option %s", async ([option, expected], t) => {
  requires(t, "root");
  const { command, prelude } = sharedTree(t, [option], "cat /m/name /m/inner/name 2>/dev/null; echo");
  expect(await run(command, { prelude })).toMatchObject({
    stdout: `outer\n${expected === NO_INNER ? "" : expected}\n`,
  });
});

/** Of a tree of two mounts that is shared on the host: option, what the outer mount is then, and the inner one. */
const PROPAGATION = [
  ["private", /^$/, undefined],
  ["rprivate", /^$/, /^$/],
  ["shared", /^shared:\d+( master:\d+)?$/, undefined],
  ["rshared", /^shared:\d+( master:\d+)?$/, /^shared:\d+( master:\d+)?$/],
  ["slave", /^master:\d+$/, undefined],
  ["rslave", /^master:\d+$/, /^master:\d+$/],
  ["unbindable", /^unbindable$/, undefined],
  ["runbindable", /^unbindable$/, /^unbindable$/],
] as const;

test.for(PROPAGATION)("the option %s", async ([option, outer, inner], t) => {
  requires(t, "root");
  const { command, prelude } = sharedTree(t, ["rbind", option], "grep ' /m' /proc/self/mountinfo");
  const { stdout } = await run(command, { prelude });
  const lines = stdout.trim().split("\n");
  expect(lines).toHaveLength(2);
  expect(propagation(lines[0] ?? "")).toMatch(outer);
  if (inner !== undefined) expect(propagation(lines[1] ?? "")).toMatch(inner);
});

/** A container that binds a tree of two shared mounts to /m with these options, and runs a script. */
function sharedTree(t: TestContext, options: readonly string[], script: string) {
  const tree = temporary(t);
  mkdirSync(join(tree, "inner"));
  writeFileSync(join(tree, "name"), "outer\n");
  const { dir } = bundle(t, (spec) => {
    shell(spec, script);
    spec.mounts.push({ destination: "/m", type: "bind", source: tree, options: [...options] });
  });
  const prelude = [
    `mount --bind ${tree} ${tree}`,
    `mount --make-shared ${tree}`,
    `mount -t tmpfs tmpfs ${tree}/inner`,
    `echo inner > ${tree}/inner/name`,
  ].join("\n");
  return { command: [TSRUN, "--root", runtimeRoot(t), "run", "--bundle", dir, freshId()], prelude };
}

/** `36 35 98:0 / /m rw,noatime shared:1 - tmpfs tmpfs rw,size=1k`: proc_pid_mountinfo(5). */
function mounted(line: string): Mounted {
  const [front = "", back = ""] = line.trim().split(" - ");
  return { mount: front.split(" ")[5]?.split(",") ?? [], filesystem: back.split(" ")[2]?.split(",") ?? [] };
}

function propagation(line: string): string {
  return line.split(" - ")[0]?.split(" ").slice(6).join(" ").trim() ?? "";
}
