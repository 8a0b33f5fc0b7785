// SPDX-License-Identifier: Apache-2.0
/** Who may trace the image, and when: nobody, from before there is anybody who would. CVE-2016-9962. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import { check } from "../../src/config/check.ts";
import type { Config } from "../../src/config/config.ts";
import { ConfigError } from "../../src/errors/errors.ts";
import { CAP } from "../../src/kernel/capability.ts";
import { printCall } from "../../src/plan/print.ts";
import { isCall } from "../../src/plan/step.ts";
import { config, host } from "./any-config.ts";
import { factsFor, type Host } from "./facts.ts";

const NEVER = "prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE)";
const AGAIN = "prctl(PR_SET_DUMPABLE, SUID_DUMP_USER)";
const LONG = { timeout: 60_000 };
const ENTERS = /^(clone|unshare|setns)$/;

interface Traced {
  /** Where nobody may trace it any more. */
  readonly closed: number;
  /** Where it enters the first namespace, or makes the first process. */
  readonly enters: number;
  /** Where the container's process begins. */
  readonly begins: number;
  readonly opens: boolean;
}

function tracedIn(config: Config, host: Host): Traced | undefined {
  if (check(config).findings.length > 0) return undefined;
  try {
    const calls = compile(config, factsFor(config, "/bundles/any", host)).plan.steps.filter(isCall);
    const printed = calls.map((call) => printCall(call));
    return {
      closed: printed.indexOf(NEVER),
      enters: calls.findIndex(({ call }) => ENTERS.test(call)),
      begins: calls.findIndex(({ stage }) => stage === "init"),
      opens: printed.includes(AGAIN),
    };
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

test("root's image cannot be traced before it enters or makes anything", LONG, () => {
  let enter = 0;
  fc.assert(
    fc.property(config, (one) => {
      const traced = tracedIn(one, {});
      if (traced === undefined) return;
      expect(traced.closed).toBeGreaterThanOrEqual(0);
      expect(traced.opens).toBe(false);
      if (traced.enters < 0) return;
      enter++;
      expect(traced.closed).toBeLessThan(traced.enters);
    }),
    { numRuns: 250 },
  );
  expect(enter).toBeGreaterThan(10);
});

test("nobody's image can be traced when the container's process begins", LONG, () => {
  fc.assert(
    fc.property(config, host, (one, of) => {
      const traced = tracedIn(one, of);
      if (traced === undefined) return;
      expect(traced.closed).toBeGreaterThanOrEqual(0);
      expect(traced.closed).toBeLessThan(traced.begins);
    }),
    { numRuns: 120 },
  );
});

test("a root that may not look into processes lends mappings through one that lets itself be looked into", () => {
  const mapping = [{ containerID: 0, hostID: 5000, size: 1 }];
  const mapped: Config = {
    ociVersion: "1.2.0",
    root: { path: "rootfs" },
    process: { cwd: "/", args: ["/bin/true"], user: { uid: 0, gid: 0 } },
    mounts: [
      { destination: "/m", source: "/m", options: ["bind", "idmap"], uidMappings: mapping, gidMappings: mapping },
    ],
    linux: { namespaces: [{ type: "mount" }] },
  };
  const without = Object.keys(CAP).filter((name) => name !== "CAP_SYS_PTRACE");
  expect(tracedIn(mapped, {})?.opens).toBe(false);
  expect(tracedIn(mapped, { capabilities: without })?.opens).toBe(true);
});
