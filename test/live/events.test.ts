// SPDX-License-Identifier: Apache-2.0
/** `events`: the same numbers as runc's for the same container, its end, and news that memory has run out. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, type TestContext, test } from "vitest";
import { readStats } from "../../src/cgroup/stats.ts";
import { parseJson, printJson } from "../../src/config/json.ts";
import type { ContainerEvent } from "../../src/runtime/events.ts";
import { Runtime } from "../../src/runtime/runtime.ts";
import { hostHierarchies } from "../cgroup/own.ts";
import { requires } from "../requires.ts";
import { bundle } from "./support/bundle.ts";
import { type Container, container, freshId, shell, until } from "./support/container.ts";
import { launch, type Running, run, runc, runtimeRoot, TSRUN, tsrun } from "./support/run.ts";

const MIB = 2 ** 20;
const SMALL = { memory: { limit: 16 * MIB, swap: 16 * MIB } };
/** dd has the whole block in memory. */
const HOG = "dd if=/dev/zero of=/dev/null bs=64M count=1 2> /dev/null";

test("every field is that of runc, read from the cgroups of the same container", async (t) => {
  requires(t, "root", "busybox", "cgroup-v1", "runc");
  const id = freshId();
  const root = runtimeRoot(t, { bin: "runc" });
  const { dir } = bundle(t, (spec) => {
    shell(spec, `(dd if=/dev/zero of=/file bs=1M count=3; ${HOG}); exec sleep 1000`);
    spec.root.readonly = false;
    spec.linux.cgroupsPath = `/${id}`;
    spec.linux.resources = { ...SMALL, pids: { limit: 20 }, cpu: { quota: 5_000 } };
  });
  const call = (words: readonly string[], prelude = ":") => run(["runc", "--root", root, ...words], { prelude });
  expect(await call(["run", "--detach", "--bundle", dir, id], "exec > /dev/null 2>&1")).toMatchObject({ status: 0 });
  await until("its memory has run out", () => failures(id) > 0);
  // Nothing changes while it is frozen, once the last period of its quota has passed.
  await call(["pause", id]);
  await sleep(700);
  const theirs = parseJson((await call(["events", "--stats", id])).stdout) as Event;
  const legacy = hostHierarchies().filter(({ version }) => version === 1);
  const dirs = legacy.map((hierarchy) => ({
    ...hierarchy,
    version: 1 as const,
    path: pathIn(hierarchy.mountpoint, id),
    procs: "",
  }));
  const { stats, missing } = readStats(dirs);
  await runc(["--root", root, "resume", id]);
  expect(missing).toEqual([]);
  const ours = { ...stats, intel_rdt: {}, network_interfaces: null };
  expect(Object.keys(ours)).toEqual(Object.keys(theirs.data));
  expect(printJson(withoutHugePages(ours))).toBe(printJson(withoutHugePages(theirs.data)));
});

test("events --stats is one line, and the container's own", async (t) => {
  const c = await started(t, "exec sleep 1000", { ...SMALL, pids: { limit: 7 } });
  const { status, stdout, stderr } = await tsrun(["--root", c.root, "events", "--stats", c.id]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/^\{"type":"stats","id":"[^"]+","data":\{"cpu":[^\n]*\}\n$/);
  const { data } = JSON.parse(stdout) as Event;
  expect(data).toMatchObject({
    pids: { current: 1, limit: 7 },
    memory: { usage: { limit: 16 * MIB }, swap: { limit: 16 * MIB } },
    network_interfaces: null,
  });
  // No double holds it: it has to be in the text.
  expect(stdout).toContain('"kernelTCP":{"limit":9223372036854771712,"failcnt":0}');
});

test("use is told from time to time, memory that runs out each time, until the container ends", async (t) => {
  const c = await started(t, `sleep 1; (${HOG}); sleep 0.5; (${HOG}); sleep 0.5`, SMALL);
  const { outcome } = events(c, "--interval", "150ms");
  const { status, stdout, stderr } = await outcome;
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const told = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Event);
  expect(told.filter(({ type }) => type === "oom")).toEqual([
    { type: "oom", id: c.id },
    { type: "oom", id: c.id },
  ]);
  expect(told.filter(({ type }) => type === "stats").length).toBeGreaterThan(3);
  expect(await c.status()).toBe("stopped");
});

test("the end of the container by its own lack of memory is told", async (t) => {
  const c = await started(t, `sleep 1; exec ${HOG}`, SMALL);
  expect((await events(c).outcome).stdout).toBe(`{"type":"oom","id":"${c.id}"}\n`);
});

test("who reads no more ends it; the container goes on", async (t) => {
  const c = await started(t, "exec sleep 1000");
  const command = `${TSRUN} --root ${c.root} events --interval 50ms ${c.id} | head -n 1`;
  const { status, stdout, stderr } = await run(["sh", "-c", command]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout.split("\n").length).toBe(2);
  expect(await c.status()).toBe("running");
});

test("the library changes limits, and tells of use and of the end", async (t) => {
  const c = await started(t, "sleep 2");
  const runtime = new Runtime({ root: c.root });
  await runtime.update(c.id, { pids: { limit: 9 }, memory: { limit: 64n * 2n ** 20n } });
  expect(await runtime.stats(c.id)).toMatchObject({ pids: { limit: 9 }, memory: { usage: { limit: 64 * MIB } } });
  await expect(runtime.update(c.id, { cpu: { cpus: "x" } })).rejects.toThrow("resources: 1 finding");
  const told: ContainerEvent[] = [];
  await runtime.events(c.id, (event) => told.push(event), { intervalMs: 100 });
  expect(told.map(({ type, id }) => `${type} ${id}`)).toContain(`stats ${c.id}`);
  expect(await c.status()).toBe("stopped");
});

test("a container that is deleted meanwhile has ended like any other", async (t) => {
  const c = await started(t, "exec sleep 1000");
  const { child, outcome } = events(c, "--interval", "1ms");
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  await c.ok("delete", ["--force"]);
  expect(await outcome).toMatchObject({ status: 0, stderr: "" });
});

test("a container that does not run, and no length of time, are refused", async (t) => {
  const c = await started(t, "true");
  await until("it has stopped", async () => (await c.status()) === "stopped");
  for (const words of [["--stats"], []]) {
    expect(await events(c, ...words).outcome).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining("is not running: it is stopped"),
    });
  }
  for (const interval of ["0", "-1s", "5", "soon"]) {
    expect((await events(c, "--interval", interval).outcome).stderr).toContain("--interval needs a length of time");
  }
});

interface Event {
  readonly type: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

async function started(t: TestContext, script: string, resources: object = {}): Promise<Container> {
  requires(t, "root", "busybox", "cgroup-v1");
  const c = container(t, (spec) => {
    shell(spec, script);
    spec.linux.resources = resources;
  });
  await c.ok("create");
  await c.ok("start");
  return c;
}

function events(c: Container, ...words: readonly string[]): Running {
  return launch([TSRUN, "--root", c.root, "events", ...words, c.id]);
}

function pathIn(mountpoint: string, id: string): string {
  return `${mountpoint}/${id}`;
}

function failures(id: string): number {
  return Number(/^oom_kill (\d+)/m.exec(readFileSync(`/sys/fs/cgroup/memory/${id}/memory.oom_control`, "utf8"))?.[1]);
}

/** runc looks for them in v1 alone, which this host may not have. */
function withoutHugePages(data: object): object {
  return { ...data, hugetlb: {} };
}
