// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import { emitImage } from "../../src/emit/image.ts";
import { Memory } from "../../src/runtime/memory.ts";
import { factsFor } from "../compile/facts.ts";

const HELLO = new URL("../../bundles/hello/config.json", import.meta.url);

test("the same input has the same plan and image; another config, fact or option has another", () => {
  const memory = new Memory();
  const bundle = mkdtempSync(join(tmpdir(), "tsrun-memory-"));
  onTestFinished(() => rmSync(bundle, { recursive: true }));
  const write = (hostname: string) => {
    const config = { ...JSON.parse(readFileSync(HELLO, "utf8")), hostname };
    writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  };
  const plan = (options = {}, host = {}) => {
    const { config } = memory.config(join(bundle, "config.json"));
    return memory.compile(config, factsFor(config, "/bundle", host), options).plan;
  };
  write("one");
  const one = plan();
  expect(plan()).toBe(one);
  expect(memory.emit(one)).toBe(memory.emit(plan()));
  expect(plan({ noPivot: true })).not.toEqual(one);
  expect(plan()).toEqual(one);
  expect(plan({}, { cgroup: "v1" })).not.toBe(one);
  // Where only what has the container's name is another, most of the plan is kept, and it is the plan that a first compile makes.
  for (const id of ["a", "b", "c".repeat(200)]) {
    const path = `/sys/fs/cgroup/${id}`;
    const cgroup = [{ path, procs: `${path}/cgroup.procs`, version: 2, controllers: [] }] as const;
    const { config } = memory.config(join(bundle, "config.json"));
    const options = { cgroup, keyring: `_ses.${id}` };
    const fresh = compile(config, factsFor(config, "/bundle"), options).plan;
    expect(plan(options)).toEqual(fresh);
    expect(memory.emit(plan(options))).toEqual({ ...emitImage(fresh), bytes: emitImage(fresh).bytes.slice() });
  }
  write("two");
  expect(plan()).not.toEqual(one);
});
