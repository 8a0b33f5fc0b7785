// SPDX-License-Identifier: Apache-2.0
/** What is true of the plan of every config.json: random ones, which have every property that there is. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limitWrites } from "../../src/cgroup/limits.ts";
import type { Compiled } from "../../src/compile/compile.ts";
import { check } from "../../src/config/check.ts";
import type { Config } from "../../src/config/config.ts";
import { valueAt } from "../../src/config/pointer.ts";
import { dump } from "../../src/emit/dump.ts";
import { describeImage, emitImage } from "../../src/emit/image.ts";
import { ConfigError } from "../../src/errors/errors.ts";
import { checkPlan } from "../../src/plan/check.ts";
import { planToJson, printPlan } from "../../src/plan/print.ts";
import { Memory } from "../../src/runtime/memory.ts";
import { facts, hybrid, v1, v2 } from "../cgroup/limits-hosts.ts";
import { placesOf } from "../config/schema-places.ts";
import { config, deepFreeze, host } from "./any-config.ts";
import { type Wish, wish } from "./any-options.ts";
import { resources } from "./any-parts.ts";
import { factsFor, type Host } from "./facts.ts";
import { lintPlan } from "./lint.ts";

interface Start {
  readonly config: Config;
  readonly host: Host;
  readonly wish: Wish;
}

const start: fc.Arbitrary<Start> = fc.record({ config, host, wish });

describe("the plan of any config.json", { timeout: 60_000 }, () => {
  test("is sound, can be printed and emitted, or the findings say why there is none", () => {
    let compiled = 0;
    let runs = 0;
    fc.assert(
      fc.property(start, (given) => {
        runs++;
        const result = attempt(given);
        if (result === undefined) return;
        compiled++;
        expect(checkPlan(result.plan)).toEqual([]);
        const image = describeImage(result.plan);
        // To tell of every byte takes longer than all the rest.
        const told = compiled % 5 === 1 ? dump(image).reduce((size, { bytes }) => size + bytes.length, 0) : undefined;
        if (told !== undefined) expect(told, "bytes that the dump tells of").toBe(image.bytes.length);
        expect(printPlan(result.plan).trimEnd().split("\n")).toHaveLength(result.plan.steps.length + 1);
        JSON.stringify(planToJson(result.plan));
      }),
      { numRuns: 250 },
    );
    expect(compiled / runs, `only ${compiled} of ${runs} compiled`).toBeGreaterThan(0.25);
  });

  test("leaks no descriptor and trusts no path of the root filesystem", () => {
    fc.assert(
      fc.property(start, (given) => {
        const result = attempt(given);
        if (result !== undefined) expect(lintPlan(result.plan)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("is the same twice, and leaves what it was made of alone", () => {
    fc.assert(
      fc.property(start, (given) => {
        const frozen = deepFreeze(given);
        expect(attempt(frozen)).toEqual(attempt(frozen));
      }),
      { numRuns: 200 },
    );
  });

  test("is under another name what a plan from nothing is, and so is its image", () => {
    fc.assert(
      fc.property(start, fc.constantFrom("c2", "another-name"), (given, name) => {
        const memory = new Memory();
        const before = attempt(given, "c1", memory);
        if (before === undefined) return;
        memory.emit(before.plan);
        const renamed = attempt(given, name, memory);
        const fresh = attempt(given, name);
        expect(renamed?.plan).toEqual(fresh?.plan);
        expect(renamed?.warnings).toEqual(fresh?.warnings);
        if (renamed === undefined || fresh === undefined) return;
        const [image, anew] = [memory.emit(renamed.plan), emitImage(fresh.plan)];
        const sameRoom = image.names.every(({ room }, n) => room === anew.names[n]?.room);
        if (sameRoom) expect(Buffer.compare(image.bytes, anew.bytes)).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});

test("some of these plans are of each property of the schema", { timeout: 60_000 }, () => {
  const everything = JSON.parse(readFileSync(new URL("../config/everything.json", import.meta.url), "utf8"));
  const wanted = new Set(placesOf(everything).map(({ path, node }) => (node.type === undefined ? "" : general(path))));
  const place = (path: string) => [...NOT_RANDOM].some((one) => path === one || path.startsWith(`${one}/`));
  const compiled = fc.sample(start, { numRuns: 1200, seed: 7 }).filter((given) => attempt(given) !== undefined);
  const had = new Set(compiled.flatMap((given) => [...pathsOf(given.config)]));
  expect([...wanted].filter((path) => path !== "" && !had.has(path) && !place(path))).toEqual([]);
});

/** What is nobody's on Linux, or is an error whatever its value. */
const NOT_RANDOM = ["/process/commandLine", "/process/user/username", "/linux/personality/flags/0"];

/** Names of hooks, devices, annotations and their like are left out; each entry of a list is the first. */
function general(path: string): string {
  return path
    .replace(/\/\d+(?=\/|$)/g, "/0")
    .replace(/^(\/annotations|\/linux\/(?:sysctl|netDevices|resources\/(?:rdma|unified)))\/[^/]*/, "$1/*")
    .replace(/^\/linux\/timeOffsets\/[^/]+/, "/linux/timeOffsets/*");
}

function pathsOf(value: unknown, path = ""): ReadonlySet<string> {
  const found = new Set<string>(path === "" ? [] : [general(path)]);
  if (typeof value !== "object" || value === null) return found;
  for (const key of Object.keys(value)) {
    const below = `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    for (const one of pathsOf((value as Record<string, unknown>)[key], below)) found.add(one);
  }
  return found;
}

test("any limits are files of the cgroup, or findings at their place", { timeout: 60_000 }, () => {
  const judged = fc.property(resources, fc.constantFrom(v1, v2, hybrid), (limits, dirs) => {
    const { writes, late, findings } = limitWrites(limits, dirs, facts);
    for (const { path, data, from } of [...writes, ...late]) {
      expect(path).toMatch(/^\/c\/(?:[a-z_]+\/)?a\/b\/[a-zA-Z0-9_.]+$/);
      expect(data).not.toMatch(/undefined|NaN|e\+|\0/);
      expect(valueAt({ linux: { resources: limits } }, from), from).not.toBeUndefined();
    }
    for (const { pointer } of findings) {
      expect(valueAt({ linux: { resources: limits } }, pointer), pointer).not.toBeUndefined();
    }
  });
  fc.assert(judged, { numRuns: 1000 });
});

/** undefined: refused, by the rules of config.json or by this host. Anything but findings is thrown. */
function attempt({ config, host, wish }: Start, id = "c1", memory = new Memory()): Compiled | undefined {
  if (check(config).findings.length > 0) return undefined;
  try {
    return memory.compile(config, deepFreeze(factsFor(config, "/bundles/any", host)), wish(id, config));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.findings).not.toEqual([]);
    for (const { pointer } of error.findings) expect(pointer).toMatch(/^(\/|$)/);
    return undefined;
  }
}
