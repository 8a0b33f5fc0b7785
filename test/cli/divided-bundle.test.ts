// SPDX-License-Identifier: Apache-2.0
/** The command as it is built: what only some need is apart, and both parts are one program. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { command, copyAddons } from "../../scripts/build.mjs";
import { completionFor } from "../../src/cli/completion.ts";

const dist = mkdtempSync(join(tmpdir(), "tsrun-divided-"));

beforeAll(async () => {
  copyAddons(dist);
  await command(dist);
});
afterAll(() => rmSync(dist, { recursive: true }));

function tsrun(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(join(dist, "tsrun"), args, { encoding: "utf8" });
  return { status, stdout, stderr };
}

test("a start reads nothing of systemd, hints or completion", () => {
  const [usual, apart] = ["tsrun.cjs", "tsrun-apart.cjs"].map((name) => readFileSync(join(dist, name), "utf8"));
  for (const words of ["org.freedesktop.systemd1", "COMP_WORDS", "the host may forbid user namespaces"]) {
    expect(usual).not.toContain(words);
    expect(apart).toContain(words);
  }
});

test("the parts share classes: an error of one is known to the other", () => {
  expect(tsrun("completion", "csh")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("see: tsrun completion"),
  });
  expect(tsrun("completion", "bash")).toEqual({ status: 0, stdout: completionFor("bash"), stderr: "" });
});

test("without the cache of either part the command does the same", () => {
  const whole = tsrun("completion", "fish");
  for (const name of ["tsrun-apart.cache", "tsrun.cache"]) {
    copyFileSync("/dev/null", join(dist, name));
    expect(tsrun("completion", "fish")).toEqual(whole);
    rmSync(join(dist, name));
    expect(tsrun("completion", "fish")).toEqual(whole);
  }
});
