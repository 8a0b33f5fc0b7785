// SPDX-License-Identifier: Apache-2.0
/** The operations of runtime.md, in each order, and what they leave behind. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { temporary } from "./support/bundle.ts";
import { type Container, container, shell, tsrunAnswer, until } from "./support/container.ts";
import { run, runtimeRoot } from "./support/run.ts";
import { printSpec, type Spec } from "./support/spec.ts";
import { cgroupsWith, images, namespaceOf, nothingLeft } from "./support/traces.ts";

/** Leaves a file in the root filesystem, so that the host sees that it runs, and goes on until it is killed. */
const MARK = "touch /started; exec sleep 1000";
const mark = (spec: Spec) => shell(spec, MARK);
const started = (c: Container) => existsSync(join(c.rootfs, "started"));

test("create, state, start, kill and delete lead a container through its life", async (t) => {
  requires(t, "root");
  const c = container(t, mark);
  await c.ok("create");
  expect(await c.status()).toBe("created");
  await c.ok("start");
  expect(await c.status()).toBe("running");
  await until("the program runs", () => started(c));
  await c.ok("kill", [], ["KILL"]);
  await until("the container is stopped", async () => (await c.status()) === "stopped");
  await c.ok("delete");
  expect((await c.call("state")).status).not.toBe(0);
});

test.for(["state", "start", "kill", "delete"])("%s asks for an id", async (command, t) => {
  requires(t, "root");
  const answer = await tsrunAnswer(["--root", runtimeRoot(t), command], temporary(t));
  expect(answer.status).not.toBe(0);
  expect(answer.stderr).not.toBe("");
});

test("create asks for a bundle with a config.json, and for an id", async (t) => {
  requires(t, "root");
  const c = container(t);
  const empty = temporary(t);
  const attempts = [["--bundle", c.dir], ["c1"], ["--bundle", empty, "c1"], ["--bundle", `${empty}/none`, "c1"]];
  for (const words of attempts) {
    const answer = await tsrunAnswer(["--root", c.root, "create", ...words], temporary(t), empty);
    expect(answer.status, words.join(" ")).not.toBe(0);
  }
  expect(readdirSync(c.root)).toEqual([]);
});

test("state of a container that does not exist is an error", async (t) => {
  requires(t, "root");
  expect((await container(t).call("state")).status).not.toBe(0);
});

test("an id in use is refused, and its container stays as it is", async (t) => {
  requires(t, "root");
  const first = container(t, mark);
  await first.ok("create");
  const before = await first.state();
  const second = container(t, mark, { root: first.root, id: first.id });
  expect((await second.call("create")).status).not.toBe(0);
  expect(await first.state()).toEqual(before);
  await first.ok("start");
  await until("the first program runs", () => started(first));
  expect(started(second)).toBe(false);
});

test.for(["../escape", "a/b", ".", "..", "", "-x", "a b", "ä"])("the id %s is not valid", async (id, t) => {
  requires(t, "root");
  const c = container(t, mark, { id });
  expect((await c.call("create")).status).not.toBe(0);
  expect(readdirSync(c.root)).toEqual([]);
});

test("create makes the container and does not run the program", async (t) => {
  requires(t, "root");
  const c = container(t, mark);
  await c.ok("create");
  const { pid } = await c.state();
  for (const [spec, link] of Object.entries({ network: "net", ipc: "ipc", uts: "uts", mount: "mnt", pid: "pid" })) {
    expect(namespaceOf(pid, link), spec).not.toBe(namespaceOf("self", link));
  }
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, "utf8").split("\n");
  expect(mounts.map((line) => line.split(" ")[4])).toEqual(
    expect.arrayContaining(["/", "/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys"]),
  );
  expect(await run(["nsenter", "--uts", "--target", `${pid}`, "hostname"])).toMatchObject({ stdout: "probe\n" });
  expect(started(c)).toBe(false);
});

test("changes to config.json after create have no effect", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => shell(spec, "hostname > /started"));
  await c.ok("create");
  shell(c.spec, "echo changed > /started");
  c.spec.hostname = "changed";
  writeFileSync(join(c.dir, "config.json"), printSpec(c.spec));
  await c.ok("start");
  await until("the program has run", () => started(c) && readFileSync(join(c.rootfs, "started"), "utf8") !== "");
  expect(readFileSync(join(c.rootfs, "started"), "utf8")).toBe("probe\n");
});

test("without process no container starts", async (t) => {
  requires(t, "root");
  const c = container(t, mark);
  const { process: _, ...rest } = c.spec;
  writeFileSync(join(c.dir, "config.json"), JSON.stringify(rest));
  // The specification lets create succeed and start fail; refusing it at once is as good.
  const created = (await c.call("create")).status === 0;
  expect((await c.call("start")).status).not.toBe(0);
  if (created) expect(await c.status()).not.toBe("running");
});

test.for(["running", "stopped"])("start of a container that is %s has no effect and is an error", async (status, t) => {
  requires(t, "root");
  const c = await bring(container(t, mark), status);
  const before = await c.state();
  expect((await c.call("start")).status).not.toBe(0);
  expect(await c.state()).toEqual(before);
});

test("kill without a signal sends the one that the image wants to be ended by", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => {
    shell(spec, "trap 'echo > /got; exit' USR2; touch /started; while :; do sleep 0.05; done");
    spec.annotations = { "org.opencontainers.image.stopSignal": "SIGUSR2" };
  });
  await c.ok("create");
  await c.ok("start");
  await until("the program runs", () => started(c));
  await c.ok("kill");
  await until("the signal arrives", () => existsSync(join(c.rootfs, "got")));
  await until("the container is stopped", async () => (await c.status()) === "stopped");
});

test("kill sends the signal to the process", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => {
    shell(spec, "trap 'echo >> /got' USR1; touch /started; while :; do sleep 0.05; done");
  });
  await c.ok("create");
  await c.ok("start");
  await until("the program runs", () => started(c));
  for (const [count, signal] of ["USR1", "SIGUSR1", "10"].entries()) {
    await c.ok("kill", [], [signal]);
    const got = join(c.rootfs, "got");
    await until(`${signal} arrives`, () => existsSync(got) && readFileSync(got, "utf8").length === count + 1);
  }
  expect((await c.call("kill", [], ["NOSUCHSIGNAL"])).status).not.toBe(0);
  expect(await c.status()).toBe("running");
});

test.for(["stopped"])("kill of a container that is %s has no effect and is an error", async (status, t) => {
  requires(t, "root");
  const c = await bring(container(t, mark), status);
  const before = await c.state();
  expect((await c.call("kill", [], ["TERM"])).status).not.toBe(0);
  expect(await c.state()).toEqual(before);
});

test.for(["running"])("delete of a container that is %s has no effect and is an error", async (status, t) => {
  requires(t, "root");
  const c = await bring(container(t, mark), status);
  const before = await c.state();
  expect((await c.call("delete")).status).not.toBe(0);
  expect(await c.state()).toEqual(before);
  await c.ok("delete", ["--force"]);
  expect((await c.call("state")).status).not.toBe(0);
});

test("a container that is only created can be deleted, and by force a running one and none at all", async (t) => {
  requires(t, "root");
  const c = await bring(container(t, mark), "created");
  await c.ok("delete");
  await bring(c, "running");
  await c.ok("delete", ["--force"]);
  await c.ok("delete", ["--force"]);
  expect((await c.call("delete")).status).not.toBe(0);
});

test("delete removes what create made, and nothing else", async (t) => {
  requires(t, "root");
  const shared = temporary(t);
  writeFileSync(join(shared, "kept"), "kept");
  const holder = spawn("unshare", ["--net", "sleep", "1000"], { stdio: "ignore" });
  t.onTestFinished(() => {
    holder.kill("SIGKILL");
  });
  const net = `/proc/${holder.pid}/ns/net`;
  await until("the network namespace is new", () => namespaceOf(holder.pid ?? 0, "net") !== namespaceOf("self", "net"));
  const before = images();
  const name = `tsrun-test-${process.pid}`;
  const c = container(t, (spec) => {
    mark(spec);
    spec.mounts.push({ destination: "/shared", type: "bind", source: shared, options: ["rbind"] });
    spec.linux.namespaces = spec.linux.namespaces.map((one) => (one.type === "network" ? { ...one, path: net } : one));
    spec.linux.cgroupsPath = `/${name}`;
  });
  await bring(c, "stopped");
  expect(cgroupsWith(name).length).toBeGreaterThan(0);
  await c.ok("delete");
  expect(readdirSync(c.root)).toEqual([]);
  expect(readFileSync(join(shared, "kept"), "utf8")).toBe("kept");
  expect(existsSync(join(c.dir, "config.json")) && existsSync(join(c.rootfs, "bin/sh"))).toBe(true);
  expect(namespaceOf(holder.pid ?? 0, "net")).not.toBe(namespaceOf("self", "net"));
  await nothingLeft(name, before, c.dir);
});

test("the id of a deleted container may be used again", async (t) => {
  requires(t, "root");
  const c = await bring(container(t, mark), "stopped");
  await c.ok("delete");
  await bring(c, "running");
});

/** Brings a container to a status by the shortest way. */
async function bring(c: Container, status: string): Promise<Container> {
  await c.ok("create");
  if (status !== "created") await c.ok("start");
  if (status === "stopped") {
    await c.ok("kill", [], ["KILL"]);
    await until("the container is stopped", async () => (await c.status()) === "stopped");
  }
  return c;
}
