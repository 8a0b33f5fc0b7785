// SPDX-License-Identifier: Apache-2.0
/**
 * Every bundle of the gallery compiles to the plan beside it, under fixed facts: a changed plan is reviewed as a diff.
 * `npm run bless` rewrites the plans.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { guardDirs } from "../../src/cgroup/devices.ts";
import { limitWrites } from "../../src/cgroup/limits.ts";
import { placeCgroup } from "../../src/cgroup/place.ts";
import { compile } from "../../src/compile/compile.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { emitImage } from "../../src/emit/image.ts";
import { checkPlan } from "../../src/plan/check.ts";
import { printPlan } from "../../src/plan/print.ts";
import { isCall } from "../../src/plan/step.ts";
import { factsFor, type Host } from "./facts.ts";
import { lintPlan } from "./lint.ts";

const BUNDLES = new URL("../../bundles/", import.meta.url).pathname;
const BLESS = process.env.TSRUN_BLESS === "1";
/** Few orders are few shapes of objects: that keeps the readers of a plan fast. */
const FIELDS = "stage from call args result label tolerate expect branch checks context".split(" ");
const SMALL = 64 * 1024;

/** What is not a directory among the sources, and who runs what is not for root. */
const HOSTS: Readonly<Record<string, Host>> = {
  "bind-mounts": { sources: { "/bundles/bind-mounts/motd": { kind: "file" } } },
  rootless: { uid: 1000 },
};

const names = readdirSync(BUNDLES).filter((name) => existsSync(join(BUNDLES, name, "config.json")));

describe.each(names)("bundles/%s", (name) => {
  test("compiles to its plan.txt", () => {
    const file = join(BUNDLES, name, "plan.txt");
    const text = printPlan(compileBundle(name).plan);
    if (BLESS) writeFileSync(file, text);
    expect(text).toBe(existsSync(file) ? readFileSync(file, "utf8") : "(no plan.txt: npm run bless)");
  });

  test("has a sound plan, without warnings", () => {
    const { plan, warnings } = compileBundle(name);
    expect(warnings).toEqual([]);
    expect(checkPlan(plan)).toEqual([]);
    expect(lintPlan(plan)).toEqual([]);
  });

  test("has calls whose fields come in one order", () => {
    for (const call of compileBundle(name).plan.steps.filter(isCall)) {
      const keys = Object.keys(call);
      expect(keys).toEqual(FIELDS.filter((field) => keys.includes(field)));
    }
  });

  test.each(["x64", "arm64"] as const)("becomes a small image for %s", (arch) => {
    const { length } = emitImage(compileBundle(name, { arch }).plan).bytes;
    expect(length, `the image of ${name} for ${arch} has ${length} bytes`).toBeLessThanOrEqual(SMALL);
  });
});

test("there are at least ten bundles", () => {
  expect(names.length).toBeGreaterThanOrEqual(10);
});

/** As `tsrun create NAME` does it, on the made-up host; the bundle lies in a made-up place. */
function compileBundle(name: string, host: Host = {}) {
  const text = readFileSync(join(BUNDLES, name, "config.json"), "utf8");
  const config = parseConfig(text, `bundles/${name}/config.json`);
  const facts = factsFor(config, `/bundles/${name}`, { ...HOSTS[name], ...host });
  const place = placeCgroup({
    cgroupsPath: config.linux?.cgroupsPath,
    id: name,
    manager: facts.uid === 0 ? "cgroupfs" : "disabled",
    facts: facts.cgroup,
    uid: facts.uid,
    rootless: facts.userns,
  });
  const { writes, late } = limitWrites(config.linux?.resources ?? {}, place.dirs, { mounted: [], enabled: {} });
  const limited = place.dirs.map((dir) => ({ ...dir, writes, late }));
  const warn = (warning: string) => expect.fail(warning);
  return compile(config, facts, { cgroup: guardDirs(limited, config.linux?.resources?.devices, facts, warn) });
}
