// SPDX-License-Identifier: Apache-2.0
/** What is true of the plan of every config.json: random ones. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Compiled, compile } from "../../src/compile/compile.ts";
import type { CompileOptions } from "../../src/compile/scope.ts";
import { check } from "../../src/config/check.ts";
import type { Config } from "../../src/config/config.ts";
import { emitImage } from "../../src/emit/image.ts";
import { ConfigError } from "../../src/errors/errors.ts";
import { checkPlan } from "../../src/plan/check.ts";
import { planToJson, printPlan } from "../../src/plan/print.ts";
import { config, deepFreeze, host } from "./any-config.ts";
import { factsFor, type Host } from "./facts.ts";
import { lintPlan } from "./lint.ts";

const options: fc.Arbitrary<CompileOptions> = fc.record(
  {
    noPivot: fc.boolean(),
    preserveFds: fc.nat(5),
    cgroup: fc.constant([
      { path: "/sys/fs/cgroup/x", procs: "/sys/fs/cgroup/x/cgroup.procs", version: 2 as const, controllers: [] },
    ]),
  },
  { requiredKeys: [] },
);

interface Start {
  readonly config: Config;
  readonly host: Host;
  readonly options: CompileOptions;
}

const start: fc.Arbitrary<Start> = fc.record({ config, host, options });

describe("the plan of any config.json", { timeout: 30_000 }, () => {
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
        emitImage(result.plan);
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
});

/** undefined: refused, by the rules of config.json or by this host. Anything but findings is thrown. */
function attempt({ config, host, options }: Start): Compiled | undefined {
  if (check(config).findings.length > 0) return undefined;
  try {
    return compile(config, deepFreeze(factsFor(config, "/bundles/any", host)), options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.findings).not.toEqual([]);
    for (const { pointer } of error.findings) expect(pointer).toMatch(/^(\/|$)/);
    return undefined;
  }
}
