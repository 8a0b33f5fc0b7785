// SPDX-License-Identifier: Apache-2.0
/** `pause` and `resume`. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { processStat } from "../../src/native/process.ts";
import { requires } from "../requires.ts";
import { type Container, container, shell, until } from "./support/container.ts";
import { quietly, sleeping } from "./support/exec.ts";
import { type Outcome, tsrun } from "./support/run.ts";

function call(c: Container, command: string, ...options: readonly string[]): Promise<Outcome> {
  return tsrun(["--root", c.root, ...options, command, c.id]);
}

test("a paused container says so, does nothing, and goes on when it is resumed", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => shell(spec, "i=0; while :; do echo $i; i=$((i+1)); sleep 0.02; done"));
  await c.ok("create");
  await c.ok("start");
  await until("it counts", () => c.stdout().includes("3"));
  expect(await call(c, "pause")).toMatchObject({ status: 0, stdout: "", stderr: "" });
  expect(await c.status()).toBe("paused");
  const before = c.stdout();
  await sleep(200);
  expect(c.stdout()).toBe(before);
  expect(await call(c, "resume")).toMatchObject({ status: 0, stdout: "", stderr: "" });
  expect(await c.status()).toBe("running");
  await until("it counts again", () => c.stdout() !== before);
});

test("`list` shows it as paused", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  await call(c, "pause");
  const { stdout } = await tsrun(["--root", c.root, "list", "--format", "json"]);
  expect(JSON.parse(stdout)).toMatchObject([{ id: c.id, status: "paused" }]);
});

test("a created container can be paused, and started when it is resumed", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => shell(spec, "echo up; exec sleep 1000"));
  await c.ok("create");
  expect((await call(c, "pause")).status).toBe(0);
  expect(await c.status()).toBe("paused");
  expect((await call(c, "resume")).status).toBe(0);
  expect(await c.status()).toBe("created");
  await c.ok("start");
  await until("it is up", () => c.stdout() === "up\n");
});

test("a paused container dies of SIGKILL, and of other signals when it is resumed", async (t) => {
  requires(t, "root");
  const killed = await sleeping(t);
  await call(killed, "pause");
  await killed.ok("kill", [], ["KILL"]);
  await until("it is stopped", async () => (await killed.status()) === "stopped");
  const asked = container(t, (spec) =>
    shell(spec, 'trap "echo asked; exit 0" TERM; echo up; while :; do sleep 0.05; done'),
  );
  await asked.ok("create");
  await asked.ok("start");
  await until("it is up", () => asked.stdout().includes("up"));
  await call(asked, "pause");
  await asked.ok("kill", [], ["TERM"]);
  await sleep(100);
  expect([await asked.status(), asked.stdout()]).toEqual(["paused", "up\n"]);
  await call(asked, "resume");
  await until("it has heard", () => asked.stdout().includes("asked"));
});

test("a paused container is deleted only by force", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  const { pid } = await c.state();
  await call(c, "pause");
  expect((await c.call("delete")).status).toBe(1);
  await c.ok("delete", ["--force"]);
  // Whose child it is now collects it when it likes.
  expect(processStat(pid)?.state ?? "Z").toBe("Z");
});

test("what is not running is not paused, and what is not paused is not resumed", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  expect(await call(c, "resume")).toMatchObject({ status: 1, stderr: expect.stringMatching(/not paused/) });
  await call(c, "pause");
  expect((await call(c, "pause")).status).toBe(0);
  await call(c, "resume");
  await c.ok("kill", [], ["KILL"]);
  await until("it is stopped", async () => (await c.status()) === "stopped");
  for (const command of ["pause", "resume"]) {
    expect(await call(c, command)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/not running: it is stopped/),
    });
  }
  expect((await tsrun(["--root", c.root, "pause", "nobody"])).status).toBe(1);
});

test("without a freezer there is no pause, and it is said", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => shell(spec, "exec sleep 1000"));
  expect(
    (await quietly(["--root", c.root, "--cgroup-manager", "disabled", "run", "--detach", "--bundle", c.dir, c.id]))
      .status,
  ).toBe(0);
  expect(await call(c, "pause")).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/no cgroup that can be frozen/),
  });
});
