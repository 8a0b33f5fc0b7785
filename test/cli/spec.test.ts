// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { cli } from "../../src/cli/cli.ts";
import { specDocument } from "../../src/cli/spec-document.ts";
import { check } from "../../src/config/check.ts";
import { requires } from "../requires.ts";

for (const rootless of [false, true]) {
  const options = rootless ? ["--rootless"] : [];

  test(`spec ${options.join()} writes what runc spec writes, but for its version and its name`, async (t) => {
    requires(t, "runc");
    const [ours, theirs] = [directory(t), directory(t)];
    expect(await cli(["spec", ...options, "--bundle", ours])).toBe(0);
    expect(spawnSync("runc", ["spec", ...options, "--bundle", theirs]).status).toBe(0);
    const theirSpec = config(theirs);
    // Older runcs list ambient capabilities that are not inheritable, which no kernel grants.
    delete theirSpec.process?.capabilities.ambient;
    const unlike = { ociVersion: "", hostname: "" };
    expect({ ...config(ours), ...unlike }).toEqual({ ...theirSpec, ...unlike });
  });
}

test("what spec writes is valid", () => {
  expect(check(specDocument()).findings).toEqual([]);
  expect(check(specDocument({ uid: 1000, gid: 1000 }))).toEqual({ findings: [], warnings: [] });
});

test("spec does not overwrite", async (t) => {
  const dir = directory(t);
  const log = join(dir, "log");
  expect(await cli(["spec", "-b", dir])).toBe(0);
  const before = readFileSync(join(dir, "config.json"), "utf8");
  expect(await cli(["--log", log, "--log-format", "json", "spec", "--rootless", "-b", dir])).toBe(1);
  expect(readFileSync(join(dir, "config.json"), "utf8")).toBe(before);
  expect(JSON.parse(readFileSync(log, "utf8"))).toMatchObject({
    level: "error",
    msg: expect.stringContaining("config.json exists: remove it first"),
  });
});

function config(dir: string): Record<string, unknown> & { process?: { capabilities: { ambient?: string[] } } } {
  return JSON.parse(readFileSync(join(dir, "config.json"), "utf8"));
}

function directory(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "tsrun-spec-"));
  t.onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}
