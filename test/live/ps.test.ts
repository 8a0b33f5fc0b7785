// SPDX-License-Identifier: Apache-2.0
/** `ps`: the processes of a container. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { until } from "./support/container.ts";
import { execLine, quietly, sleeping } from "./support/exec.ts";
import { launch, PURE_V1, run, tsrun } from "./support/run.ts";

test("its processes are listed by the host's numbers, those that have joined included", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  const { pid } = await c.state();
  const { child, outcome } = launch(execLine(c, ["sleep", "77"]));
  const pids = async () =>
    JSON.parse((await tsrun(["--root", c.root, "ps", "--format", "json", c.id])).stdout) as number[];
  await until("both are there", async () => (await pids()).length === 2);
  const [first, second] = (await pids()).toSorted((one, other) => one - other);
  expect(first).toBe(pid);
  expect(readFileSync(`/proc/${second}/cmdline`, "utf8")).toBe("sleep\x0077\x00");
  child.kill("SIGTERM");
  expect((await outcome).status).toBe(143);
  expect(await pids()).toEqual([pid]);
});

test("the table is that of ps(1), with the options that are asked for", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  const { pid } = await c.state();
  const table = async (...words: readonly string[]) => {
    const { status, stdout } = await tsrun(["--root", c.root, "ps", c.id, ...words]);
    expect(status).toBe(0);
    return stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.trim().split(/\s+/));
  };
  const [heading, ...rows] = await table();
  expect(heading?.slice(0, 3)).toEqual(["UID", "PID", "PPID"]);
  expect(rows.map(([uid, own]) => [uid, own])).toEqual([["root", String(pid)]]);
  expect(await table("-eo", "comm,pid")).toEqual([
    ["COMMAND", "PID"],
    ["sleep", String(pid)],
  ]);
  const refused = await tsrun(["--root", c.root, "ps", c.id, "-eo", "comm"]);
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringMatching(/PID/) });
});

test("JSON and table have runc's shape", async (t) => {
  requires(t, "root", "runc");
  const c = await sleeping(t);
  const { pid } = await c.state();
  const id = `${c.id}-runc`;
  const script = [
    `runc --root ${c.root}-runc run --detach --bundle ${c.dir} ${id} </dev/null >/dev/null 2>&1`,
    `runc --root ${c.root}-runc state ${id}`,
    "echo",
    `runc --root ${c.root}-runc ps --format json ${id}`,
    "echo",
    `runc --root ${c.root}-runc ps ${id} -o pid,comm`,
    `runc --root ${c.root}-runc delete --force ${id}; rm -rf ${c.root}-runc`,
  ];
  const { stdout } = await run(["sh", "-c", script.join("\n")], { prelude: PURE_V1 });
  const [state = "", json = "", ...table] = stdout
    .split(/\n(?=null|\[|\s*PID)|\}\s*\n/)
    .filter((part) => part.trim() !== "");
  const theirs = (JSON.parse(`${state}}`) as { pid: number }).pid;
  const own = (await tsrun(["--root", c.root, "ps", "--format", "json", c.id])).stdout;
  expect(json.trim().replaceAll(String(theirs), "N")).toBe(own.trim().replaceAll(String(pid), "N"));
  const lines = (await tsrun(["--root", c.root, "ps", c.id, "-eo", "pid,comm"])).stdout;
  expect(lines.trim().split("\n")[0]?.trim()).toBe(table.join("\n").trim().split("\n")[0]?.trim());
});

test("a container without a cgroup is told by its pid namespace", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  const id = `${c.id}-bare`;
  const line = ["--root", c.root, "--cgroup-manager", "disabled"];
  const began = await quietly([...line, "run", "--detach", "--bundle", c.dir, id]);
  expect(began.status).toBe(0);
  const { stdout } = await tsrun([...line, "ps", "-f", "json", id]);
  const state = JSON.parse((await tsrun([...line, "state", id])).stdout) as { pid: number };
  expect(JSON.parse(stdout)).toEqual([state.pid]);
});
