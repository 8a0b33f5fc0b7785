// SPDX-License-Identifier: Apache-2.0
/** Commands that change nothing: they write a config to begin with, or tell of one. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle, temporary } from "./support/bundle.ts";
import { container, freshId, shell } from "./support/container.ts";
import { run, runtimeRoot, TSRUN } from "./support/run.ts";
import { ORDINARY, type Spec } from "./support/spec.ts";

test.for([[], ["--rootless"]])("a container of what spec %s writes runs", async (flags, t) => {
  requires(t, "root", "rootless");
  const owner = flags.length > 0 ? ORDINARY : 0;
  const as = flags.length > 0 ? "user" : "root";
  const { dir } = bundle(t, () => {}, { owner });
  await run(["rm", `${dir}/config.json`]);
  expect((await run([TSRUN, "spec", ...flags, "--bundle", dir], { as })).status).toBe(0);
  // What is written wants a terminal, and there is none here.
  await run(["sed", "-i", 's/"terminal": true/"terminal": false/; s/"sh"/"id"/', `${dir}/config.json`]);
  const words = ["--root", runtimeRoot(t, { owner }), "run", "--bundle", dir, freshId()];
  expect(await run([TSRUN, ...words], { as })).toMatchObject({ status: 0, stdout: expect.stringContaining("uid=0") });
});

test("validate tells every finding at once, and exits with 1; warnings alone are none", async (t) => {
  requires(t, "dist");
  const wrong = bundle(t, (spec) => {
    spec.process.cwd = "here";
    spec.hostname = "";
    spec.linux.namespaces.push({ type: "mount" });
  });
  const { status, stdout } = await run([TSRUN, "validate", "--bundle", wrong.dir]);
  expect(status).toBe(1);
  for (const pointer of ["/process/cwd", "/linux/namespaces/"]) expect(stdout).toContain(pointer);
  const right = bundle(t);
  expect((await run([TSRUN, "validate", right.dir], { cwd: "/" })).status).toBe(0);
});

test("plan prints what a start would do, as text or JSON, and does nothing of it", async (t) => {
  requires(t, "root");
  const root = runtimeRoot(t);
  const { dir } = bundle(t, (spec) => shell(spec, "true"));
  const [text, json, inside] = await Promise.all([
    run([TSRUN, "--root", root, "plan", dir]),
    run([TSRUN, "--root", root, "plan", "--bundle", dir, "--format", "json"]),
    run([TSRUN, "--root", root, "plan"], { cwd: dir }),
  ]);
  const plan = JSON.parse(json.stdout) as { steps: { number: number; text: string }[] };
  expect(text.stdout.split("\n")[0]).toContain(`${plan.steps.length} steps`);
  for (const step of plan.steps) expect(text.stdout).toContain(step.text);
  expect(inside.stdout).toBe(text.stdout);
  expect(readdirSync(root)).toEqual([]);
});

test("plan --exec prints what an exec would do, and does nothing of it", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => shell(spec, "exec sleep 1000"));
  await c.ok("run", ["--detach"]);
  const { stdout } = await run([TSRUN, "--root", c.root, "plan", "--exec", c.id, "--", "touch", "/made"]);
  expect(stdout).toMatch(/ join +setns\(\$container, .*CLONE_NEWNS/);
  expect(stdout).toContain('execve("/bin/touch", ["touch", "/made"]');
  expect(existsSync(join(c.rootfs, "made"))).toBe(false);
});

test("explain tells the verdict of a bundle's profile, as text or JSON", async (t) => {
  requires(t, "dist");
  const { dir } = bundle(t, (spec) => {
    const syscalls = [{ names: ["chmod"], action: "SCMP_ACT_ERRNO", errnoRet: 13 }];
    (spec as Spec & { linux: { seccomp: unknown } }).linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls };
  });
  const [text, json] = await Promise.all([
    run([TSRUN, "explain", "--bundle", dir, "seccomp", "chmod"]),
    run([TSRUN, "explain", "seccomp", "chmod", "--format=json"], { cwd: dir }),
  ]);
  expect(text.stdout).toContain("EACCES");
  expect(text.stdout).toContain("/linux/seccomp/syscalls/0");
  expect(JSON.stringify(JSON.parse(json.stdout))).toContain("/linux/seccomp/syscalls/0");
  const empty = temporary(t);
  expect((await run([TSRUN, "explain", "seccomp"], { cwd: empty })).status).toBe(1);
});
