// SPDX-License-Identifier: Apache-2.0
/** The turns of the process at CPUs, disks and memory nodes, as its own kernel tells them. */
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle } from "./support/bundle.ts";
import { container, freshId, output } from "./support/container.ts";
import { run, runtimeRoot, TSRUN } from "./support/run.ts";
import type { Spec } from "./support/spec.ts";

/** Nice value, static priority and policy of the process. proc_pid_stat(5). */
function turns(stat: string): readonly (string | undefined)[] {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return [fields[16], fields[37], fields[38]];
}

/** The program has the priority itself, and need not be able to make children. */
function asked(spec: Spec, file: string): void {
  spec.process.args = ["cat", file];
}

/** In the caller's cgroup: a new one of cgroup v1 has no time for real-time processes. */
async function inOwnCgroup(t: TestContext, edit: (spec: Spec) => void): Promise<string> {
  const { dir } = bundle(t, edit);
  const globals = ["--root", runtimeRoot(t), "--cgroup-manager", "disabled"];
  const outcome = await run([TSRUN, ...globals, "run", "--bundle", dir, freshId()]);
  expect(outcome).toMatchObject({ status: 0, stderr: "" });
  return outcome.stdout;
}

test("the scheduler is what the configuration says", async (t) => {
  requires(t, "root");
  const found = await Promise.all(
    [
      { policy: "SCHED_OTHER", nice: -7 },
      { policy: "SCHED_BATCH", nice: 19 },
      { policy: "SCHED_IDLE" },
      { policy: "SCHED_OTHER", nice: 3, flags: ["SCHED_FLAG_KEEP_POLICY"] },
    ].map((scheduler) =>
      output(t, "", (spec) => {
        spec.process.scheduler = scheduler;
        asked(spec, "/proc/self/stat");
      }),
    ),
  );
  expect(found.map(turns)).toEqual([
    ["-7", "0", "0"],
    ["19", "0", "3"],
    ["0", "0", "5"],
    ["3", "0", "0"],
  ]);
});

test("real-time policies are what the configuration says", async (t) => {
  requires(t, "root");
  const schedulers = [
    { policy: "SCHED_FIFO", priority: 3 },
    { policy: "SCHED_RR", priority: 99, flags: ["SCHED_FLAG_RESET_ON_FORK"] },
    { policy: "SCHED_DEADLINE", runtime: 1_000_000, deadline: 20_000_000, period: 30_000_000 },
  ];
  const found: (readonly (string | undefined)[])[] = [];
  for (const scheduler of schedulers) {
    const stat = await inOwnCgroup(t, (spec) => {
      spec.process.scheduler = scheduler;
      asked(spec, "/proc/self/stat");
    });
    found.push(turns(stat));
  }
  expect(found).toEqual([
    ["0", "3", "1"],
    ["0", "99", "2"],
    ["0", "0", "6"],
  ]);
});

test("a real-time policy is handed on into a user namespace", async (t) => {
  requires(t, "root");
  const stat = await inOwnCgroup(t, (spec) => {
    spec.linux.namespaces.push({ type: "user" });
    spec.linux.uidMappings = [{ containerID: 0, hostID: 0, size: 65536 }];
    spec.linux.gidMappings = [{ containerID: 0, hostID: 0, size: 65536 }];
    spec.process.scheduler = { policy: "SCHED_RR", priority: 5 };
    asked(spec, "/proc/self/stat");
  });
  expect(turns(stat)).toEqual(["0", "5", "2"]);
});

test("a policy that needs more rights than there are is an error with a hint", async (t) => {
  requires(t, "root", "cgroup-v1");
  const c = container(t, (spec) => {
    spec.process.scheduler = { policy: "SCHED_FIFO", priority: 3 };
  });
  const answer = await c.call("run");
  expect(answer.status).not.toBe(0);
  expect(answer.stderr).toMatch(/sched_setattr\(0, \{size=56, sched_policy=SCHED_FIFO/);
  expect(answer.stderr).toMatch(/realtimeRuntime/);
});

test("the I/O priority is what the configuration says", async (t) => {
  requires(t, "root");
  const classes = ["IOPRIO_CLASS_BE", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_IDLE"] as const;
  const found = await Promise.all(
    classes.map((name, index) =>
      output(t, "ionice; ionice -p 1", (spec) => {
        spec.process.ioPriority = { class: name, priority: 6 - index };
      }),
    ),
  );
  expect(found).toEqual([
    "best-effort: prio 6\nbest-effort: prio 6\n",
    "realtime: prio 5\nrealtime: prio 5\n",
    "idle\nidle\n",
  ]);
});

test("the memory policy is what the configuration says", async (t) => {
  requires(t, "root");
  const policies = [
    { mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"] },
    { mode: "MPOL_INTERLEAVE", nodes: "0-0" },
    { mode: "MPOL_PREFERRED", nodes: "0" },
    { mode: "MPOL_LOCAL" },
    { mode: "MPOL_DEFAULT", nodes: "" },
  ];
  const found = await Promise.all(
    policies.map((memoryPolicy) =>
      output(t, "", (spec) => {
        spec.linux.memoryPolicy = memoryPolicy;
        asked(spec, "/proc/self/numa_maps");
      }),
    ),
  );
  const told = found.map((text) => [
    ...new Set(
      text
        .trimEnd()
        .split("\n")
        .map((line) => line.split(" ")[1]),
    ),
  ]);
  expect(told).toEqual([["bind=static:0"], ["interleave:0"], ["prefer:0"], ["local"], ["default"]]);
});

test("execCPUAffinity does not change the CPUs of the container's init", async (t) => {
  requires(t, "root");
  const allowed = () => output(t, "grep Cpus_allowed_list /proc/1/status");
  const before = await allowed();
  const text = await output(t, "grep Cpus_allowed_list /proc/1/status", (spec) => {
    spec.process.execCPUAffinity = { initial: "0", final: "0" };
  });
  expect(text).toBe(before);
});
