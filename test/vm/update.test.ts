// SPDX-License-Identifier: Apache-2.0
/** `update` and `events` on cgroup v2, and through systemd. The kernel's admin-guide/cgroup-v2, systemd.resource-control(5). */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, type TestContext, test } from "vitest";
import { type Container, container, freshId, shell } from "../live/support/container.ts";
import { launch, type Outcome, TSRUN, tsrun } from "../live/support/run.ts";
import type { Spec } from "../live/support/spec.ts";
import { requires } from "../requires.ts";

const MIB = 2 ** 20;
const FIRST = {
  memory: { limit: 32 * MIB, reservation: 24 * MIB },
  cpu: { shares: 100, quota: 500_000, period: 1_000_000 },
  pids: { limit: 20 },
};

/** File, words of the update, what the file says then. In this order on one container. */
const ROWS: readonly (readonly [file: string, words: readonly string[], text: string])[] = [
  ["memory.max", ["--memory", "50M"], `${50 * MIB}`],
  ["memory.low", ["--memory-reservation", "33554432"], "33554432"],
  ["memory.swap.max", ["--memory-swap", "80M"], `${30 * MIB}`],
  // Memory and swap together stay as they are.
  ["memory.swap.max", ["--memory", "60M"], `${20 * MIB}`],
  ["memory.max", ["--memory", "-1"], "max"],
  ["memory.swap.max", [], "max"],
  ["pids.max", ["--pids-limit", "10"], "10"],
  ["pids.max", ["--pids-limit", "-1"], "max"],
  ["cpu.max", ["--cpu-period", "900000"], "500000 900000"],
  ["cpu.max", ["--cpu-quota", "600000"], "600000 900000"],
  ["cpu.max", ["--cpu-quota", "-1"], "max 900000"],
  ["cpu.weight", ["--cpu-share", "1024"], "100"],
  ["cpu.idle", ["--cpu-idle", "1"], "1"],
  ["cpu.weight", ["--cpu-idle", "0", "--cpu-share", "262144"], "10000"],
  ["cpuset.cpus", ["--cpuset-cpus", "1"], "1"],
];

test("v2: each limit is in its file", { timeout: 300_000 }, async (t) => {
  const c = await running(t, FIRST);
  for (const [file, words, text] of ROWS) {
    expect(await update(c, [...words])).toMatchObject({ status: 0, stderr: "" });
    expect({ words, text: read(c, file) }).toEqual({ words, text });
  }
  expect(await update(c, ["--memory", "48M", "--cpuset-cpus", "4000"])).toMatchObject({ status: 1 });
  expect([read(c, "memory.max"), read(c, "cpuset.cpus")]).toEqual(["max", "1"]);
});

test("v2: files by their names, and a check of what is used already", async (t) => {
  const c = await running(t, FIRST);
  const unified = { "cpu.max": "max 100000", "cpu.weight": "16", "pids.max": "10" };
  expect(await update(c, ["-r", "-"], { unified })).toMatchObject({ status: 0, stderr: "" });
  expect([read(c, "cpu.max"), read(c, "cpu.weight"), read(c, "pids.max")]).toEqual(["max 100000", "16", "10"]);
  const memory = { limit: 4096, checkBeforeUpdate: true };
  const { status, stderr } = await update(c, ["-r", "-"], { memory });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringMatching(/\/memory\/limit .*uses \d+ bytes already/),
  });
  expect(read(c, "memory.max")).toBe(`${32 * MIB}`);
});

test("v2: a controller that nobody asked for before is handed down", async (t) => {
  const c = await running(t, {});
  expect(await update(c, ["--pids-limit", "9", "--memory", "64M"])).toMatchObject({ status: 0, stderr: "" });
  expect([read(c, "pids.max"), read(c, "memory.max")]).toEqual(["9", `${64 * MIB}`]);
});

test("v2: use is told in the words of v1, with pressure, and memory that runs out", { timeout: 120_000 }, async (t) => {
  const limits = { memory: { limit: 24 * MIB, swap: 24 * MIB }, pids: { limit: 9 } };
  // dd has the whole block in memory.
  const hog = "dd if=/dev/zero of=/dev/null bs=64M count=1 2> /dev/null";
  const c = await running(t, limits, `sleep 15; (${hog}); sleep 5`);
  const { stdout, stderr } = await launch([TSRUN, "--root", c.root, "events", "--interval", "2s", c.id]).outcome;
  expect(stderr).toBe("");
  const told = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(told.filter(({ type }) => type === "oom")).toEqual([{ type: "oom", id: c.id }]);
  expect(told[0]).toMatchObject({
    type: "stats",
    data: {
      cpu: { usage: { total: expect.any(Number) } },
      memory: {
        usage: { limit: 24 * MIB, usage: expect.any(Number) },
        swap: { limit: 24 * MIB },
        raw: { anon: expect.any(Number) },
      },
      pids: { current: 2, limit: 9 },
    },
  });
});

test("systemd is told of the new limits, and of the old ones when they are taken back", {
  timeout: 120_000,
}, async (t) => {
  requires(t, "systemd");
  const c = await running(t, FIRST, "exec sleep 1000", ["--systemd-cgroup"]);
  const unit = `tsrun-${c.id}.scope`;
  const words = ["--memory", "50M", "--pids-limit", "10", "--cpu-quota", "600000", "--cpu-period", "900000"];
  expect(await update(c, words)).toMatchObject({ status: 0, stderr: "" });
  const after = { MemoryMax: `${50 * MIB}`, TasksMax: "10", CPUQuotaPerSecUSec: "670ms", CPUQuotaPeriodUSec: "900ms" };
  expect(show(unit, Object.keys(after))).toEqual(after);
  expect([read(c, "cpu.max"), read(c, "memory.max")]).toEqual(["600000 900000", `${50 * MIB}`]);
  const { status, stderr } = await update(c, ["--memory", "40M", "--pids-limit", "7", "-r", "-"], {
    memory: { limit: 40 * MIB },
    pids: { limit: 7 },
    unified: { "memory.high": "nonsense" },
  });
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/memory\.high.*EINVAL/) });
  expect(stderr).not.toContain("not taken back");
  expect(show(unit, Object.keys(after))).toEqual(after);
  expect([read(c, "pids.max"), read(c, "memory.max")]).toEqual(["10", `${50 * MIB}`]);
  execFileSync("systemctl", ["daemon-reload"]);
  expect([read(c, "pids.max"), read(c, "memory.max")]).toEqual(["10", `${50 * MIB}`]);
});

async function running(
  t: TestContext,
  resources: object,
  script = "exec sleep 1000",
  options: readonly string[] = [],
): Promise<Container> {
  requires(t, "root", "busybox", "cgroup-v2");
  const id = freshId();
  const edit = (spec: Spec) => {
    shell(spec, script);
    if (options.length === 0) spec.linux.cgroupsPath = `/update/${id}`;
    spec.linux.resources = resources;
  };
  const c = container(t, edit, { id });
  await c.ok("create", options);
  await c.ok("start");
  return c;
}

function update(c: Container, words: readonly string[], resources?: object): Promise<Outcome> {
  const stdin = resources === undefined ? {} : { stdin: JSON.stringify(resources) };
  return tsrun(["--root", c.root, "update", ...words, c.id], stdin);
}

/** The cgroup is told by the state: that of a scope is systemd's choice. */
function read({ root, id }: Container, file: string): string {
  const { cgroup } = JSON.parse(readFileSync(`${root}/${id}/state.json`, "utf8")) as { cgroup: { paths: string[] } };
  return readFileSync(`${cgroup.paths[0]}/${file}`, "utf8").trim();
}

function show(unit: string, properties: readonly string[]): Record<string, string> {
  const text = execFileSync("systemctl", ["show", unit, ...properties.map((name) => `--property=${name}`)], {
    encoding: "utf8",
  });
  return Object.fromEntries(
    text
      .trim()
      .split("\n")
      .map((line) => line.split("=") as [string, string]),
  );
}
