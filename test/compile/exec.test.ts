// SPDX-License-Identifier: Apache-2.0
/** The plan of one more process in a container: what is true of all of them, and of some. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Compiled } from "../../src/compile/compile.ts";
import { compileExec } from "../../src/compile/exec.ts";
import type { CompileOptions, JoinTarget } from "../../src/compile/scope.ts";
import { check } from "../../src/config/check.ts";
import type { Config } from "../../src/config/config.ts";
import { emitImage } from "../../src/emit/image.ts";
import { ConfigError } from "../../src/errors/errors.ts";
import { checkPlan } from "../../src/plan/check.ts";
import { printCall, printPlan } from "../../src/plan/print.ts";
import { isCall, type Plan, type Step } from "../../src/plan/step.ts";
import { offences } from "../house/plan-rules.ts";
import { config, deepFreeze, host, KINDS } from "./any-config.ts";
import { factsFor, type Host } from "./facts.ts";
import { lintPlan } from "./lint.ts";

const join: fc.Arbitrary<JoinTarget> = fc
  .subarray([...KINDS])
  .chain((kinds) => fc.tuple(...kinds.map((kind) => fc.boolean().map((apart) => ({ kind, apart })))))
  .map((namespaces) => ({
    namespaces: namespaces.map(({ kind, apart }) => ({ kind, apart: apart && kind !== "user" })),
    root: !namespaces.some(({ kind }) => kind === "mount"),
  }));

const CGROUP = {
  path: "/sys/fs/cgroup/x",
  procs: "/sys/fs/cgroup/x/cgroup.procs",
  version: 2 as const,
  controllers: [],
};

const options: fc.Arbitrary<CompileOptions> = fc.record(
  {
    join,
    preserveFds: fc.nat(5),
    listenFds: fc.nat(2),
    cgroup: fc.constantFrom([], [CGROUP]),
    keyring: fc.constant("_ses.x"),
    handedOver: fc.boolean(),
  },
  { requiredKeys: ["join", "cgroup"] },
);

interface Join {
  readonly config: Config;
  readonly host: Host;
  readonly options: CompileOptions;
}

/** undefined: refused, by the rules of config.json or by this host. Anything but findings is thrown. */
function attempt({ config, host, options }: Join): Compiled | undefined {
  if (check(config).findings.length > 0) return undefined;
  try {
    return compileExec(config, deepFreeze(factsFor(config, "/bundles/any", host)), options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { pointer } of error.findings) expect(pointer).toMatch(/^\/(process|linux)\//);
    return undefined;
  }
}

describe("the plan of any exec", { timeout: 30_000 }, () => {
  test("is sound, can be printed and emitted, and leaks no descriptor", () => {
    let compiled = 0;
    let runs = 0;
    fc.assert(
      fc.property(fc.record({ config, host, options }), (given) => {
        runs++;
        const frozen = deepFreeze(given);
        const result = attempt(frozen);
        if (result === undefined) return;
        compiled++;
        expect(checkPlan(result.plan)).toEqual([]);
        expect(lintPlan(result.plan)).toEqual([]);
        expect(offences(printPlan(result.plan))).toEqual([]);
        expect(() => emitImage(result.plan)).not.toThrow();
        expect(printPlan(result.plan).trimEnd().split("\n")).toHaveLength(result.plan.steps.length + 1);
        expect(attempt(frozen)).toEqual(result);
      }),
      { numRuns: 300 },
    );
    expect(compiled / runs, `only ${compiled} of ${runs} compiled`).toBeGreaterThan(0.4);
  });

  test("makes nothing: no mount, no directory, no file, no device", () => {
    const making =
      /^(mount|move_mount|open_tree|fsopen|fsmount|fsconfig|mount_setattr|umount2|pivot_root|mkdirat|mknodat|symlinkat|unshare|sethostname|setdomainname)$/;
    fc.assert(
      fc.property(fc.record({ config, host, options }), (given) => {
        const steps = attempt(given)?.plan.steps ?? [];
        expect(steps.filter((step) => isCall(step) && making.test(step.call))).toEqual([]);
        const acts = steps.flatMap((step) => (isCall(step) ? [] : [step.act]));
        expect(acts.filter((act) => !["spawn", "wait", "answer", "wait-exec"].includes(act))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

const PLAIN: Config = {
  ociVersion: "1.0.2",
  root: { path: "rootfs" },
  process: { cwd: "/", args: ["/bin/true"], user: { uid: 0, gid: 0 } },
  linux: { namespaces: [{ type: "pid" }, { type: "mount" }] },
};

const PID_MOUNT = (["pid", "mount"] as const).map((kind) => ({ kind, apart: false }));

function planOf(edit: (config: Config) => Config, options: Partial<CompileOptions> = {}, host: Host = {}): Plan {
  const edited = edit(PLAIN);
  const more = { join: { namespaces: PID_MOUNT, root: false }, ...options };
  return compileExec(edited, factsFor(edited, "/bundles/any", host), more).plan;
}

function lines({ steps }: Plan): readonly string[] {
  return steps.map((step: Step) => (isCall(step) ? printCall(step) : step.act));
}

test("labels are written through the host's procfs, and that is closed, before the container is joined", () => {
  const labelled = (config: Config): Config => ({
    ...config,
    process: { cwd: "/", ...config.process, apparmorProfile: "box", selinuxLabel: "a:b:c", oomScoreAdj: 5 },
  });
  const lsm = { apparmor: true, selinux: true };
  const printed = lines(planOf(labelled, { keyring: "_ses.x" }, { lsm }));
  const place = (pattern: RegExp) => printed.findIndex((line) => pattern.test(line));
  const joins = place(/^setns/);
  for (const written of [/oom_score_adj/, /apparmor\/exec/, /attr\/exec/, /keycreate/, /^close\(\$proc\)/]) {
    expect(place(written), String(written)).toBeGreaterThanOrEqual(0);
    expect(place(written), String(written)).toBeLessThan(joins);
  }
  expect(place(/^prctl\(PR_SET_DUMPABLE, SUID_DUMP_DISABLE/)).toBeLessThan(joins);
  expect(printed[joins + 1]).toBe("close($container)");
});

test("a container without a mount namespace is entered by its root directory", () => {
  const plan = planOf((config) => config, { join: { namespaces: [{ kind: "pid", apart: false }], root: true } });
  expect(plan.inputs).toMatchObject({ report: 3, container: 4, root: 5 });
  const printed = lines(plan);
  expect(printed.slice(printed.indexOf("fchdir($root)"))).toEqual(
    expect.arrayContaining(["fchdir($root)", 'chroot(".")', "close($root)"]),
  );
});

test("namespaces of another owner are joined first, with the rights of the caller", () => {
  const namespaces = [
    { kind: "user", apart: false },
    { kind: "network", apart: true },
    { kind: "mount", apart: false },
  ] as const;
  const printed = lines(planOf((config) => config, { join: { namespaces, root: false } }));
  expect(printed.filter((line) => line.startsWith("setns"))).toEqual([
    "setns($container, CLONE_NEWNET)",
    "setns($container, CLONE_NEWNS|CLONE_NEWUSER)",
  ]);
});

test("CPUs are chosen before the cgroup is joined, and again after it", () => {
  const pinned = (config: Config): Config => ({
    ...config,
    process: { cwd: "/", ...config.process, execCPUAffinity: { initial: "0", final: "0-1" } },
  });
  const printed = lines(planOf(pinned, { cgroup: [CGROUP] }));
  const joins = printed.findIndex((line) => line.startsWith("write($procs"));
  const affinities = printed.flatMap((line, index) => (line.startsWith("sched_setaffinity") ? [index] : []));
  expect(affinities).toHaveLength(2);
  expect(affinities[0]).toBeLessThan(joins);
  expect(affinities[1]).toBeGreaterThan(joins);
});

test("a plan that would show the host to the container is found unsound", () => {
  const { steps, ...rest } = planOf((config) => ({
    ...config,
    process: { cwd: "/", ...config.process, oomScoreAdj: 1 },
  }));
  const without = (line: string) => ({
    ...rest,
    steps: steps.filter((step) => !isCall(step) || printCall(step) !== line),
  });
  expect(checkPlan({ ...rest, steps })).toEqual([]);
  expect(checkPlan(without("close($proc)")).join()).toMatch(/still open in the container/);
  expect(checkPlan(without("close($container)")).join()).toMatch(/stays open/);
  expect(checkPlan(without("prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE)")).join()).toMatch(/can be traced/);
});
