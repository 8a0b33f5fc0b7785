// SPDX-License-Identifier: Apache-2.0
/** Who keeps a cgroup from handing controllers down, on the host's own v2 tree. */
import { mkdirSync, writeFileSync } from "node:fs";
import { expect, type TestContext, test } from "vitest";
import { makeCgroup } from "../../src/cgroup/make.ts";
import { subtreeTrouble } from "../../src/cgroup/subtree-trouble.ts";
import { ownPlace, sleeper } from "./own.ts";

function own(t: TestContext) {
  const { dirs } = makeCgroup(ownPlace(t, "v2"));
  const [dir] = dirs;
  if (dir === undefined) throw new Error("no cgroup was made");
  return { dirs, path: dir.path, control: `${dir.path}/cgroup.subtree_control` };
}

test("processes in it are named", (t) => {
  const { dirs, control } = own(t);
  expect(subtreeTrouble(control, "EBUSY")).toBeUndefined();
  const { pid } = sleeper(dirs);
  expect(subtreeTrouble(control, "EBUSY")).toBe(`in it: ${pid} (sleep)`);
});

test("real-time processes below it are named, and no others", async (t) => {
  const { dirs, control } = own(t);
  sleeper(dirs);
  const { pid } = sleeper(dirs, "chrt", "--fifo", "1", "sleep", "60");
  await expect.poll(() => subtreeTrouble(control, "EINVAL")).toBe(`real-time below it: ${pid} (sleep)`);
});

test("a threaded cgroup is named", (t) => {
  const { path } = own(t);
  mkdirSync(`${path}/below`);
  writeFileSync(`${path}/below/cgroup.type`, "threaded");
  expect(subtreeTrouble(`${path}/below/cgroup.subtree_control`, "EOPNOTSUPP")).toBe(
    `${path}/below is of the type "threaded"`,
  );
  expect(subtreeTrouble(`${path}/below/cgroup.subtree_control`, "EACCES")).toBeUndefined();
});
