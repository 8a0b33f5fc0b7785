// SPDX-License-Identifier: Apache-2.0
/** The live tests' own support: a bundle runs, an ordinary user is one, nothing is left. */
import { existsSync, readdirSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle, temporary } from "./support/bundle.ts";
import { crun, run, runc, runtimeRoot } from "./support/run.ts";
import { ORDINARY, rootless } from "./support/spec.ts";

test("a bundle runs under runc and crun", async (t) => {
  requires(t, "root", "runc", "crun");
  const { dir } = bundle(t, (spec) => {
    spec.process.args = ["id", "-u"];
  });
  for (const runtime of [runc, crun]) {
    const root = runtimeRoot(t, { bin: "runc" });
    expect(await runtime(["--root", root, "run", "c1"], { cwd: dir })).toMatchObject({
      status: 0,
      stdout: "0\n",
      stderr: "",
    });
  }
});

test("a bundle of an ordinary user runs under runc and crun", async (t) => {
  requires(t, "root", "rootless", "runc", "crun");
  const { dir } = bundle(
    t,
    (spec) => {
      rootless(spec);
      spec.process.args = ["id", "-u"];
    },
    { owner: ORDINARY },
  );
  for (const runtime of [runc, crun]) {
    const root = runtimeRoot(t, { bin: "runc", owner: ORDINARY });
    expect(await runtime(["--root", root, "run", "c1"], { cwd: dir, as: "user" })).toMatchObject({
      status: 0,
      stdout: "0\n",
      stderr: "",
    });
  }
});

test("a temporary directory ends with its test, and what was mounted in it is unmounted, not emptied", async (t) => {
  requires(t, "root");
  let dir = "";
  onTestFinished(() => {
    expect(existsSync(dir)).toBe(false);
    expect(readdirSync("/usr/bin").length).toBeGreaterThan(10);
  });
  dir = temporary(t, { leftovers: true });
  await run(["mkdir", `${dir}/usr`]);
  expect(await run(["mount", "--bind", "/usr", `${dir}/usr`])).toMatchObject({ status: 0 });
});
