// SPDX-License-Identifier: Apache-2.0
/** The plan of a restore: the image becomes CRIU, with all that CRIU wants to find. */
import { expect, test } from "vitest";
import { compileRestore } from "../../src/compile/restore.ts";
import type { CompileOptions } from "../../src/compile/scope.ts";
import type { Config } from "../../src/config/config.ts";
import { emitImage } from "../../src/emit/image.ts";
import { checkPlan } from "../../src/plan/check.ts";
import { printCall } from "../../src/plan/print.ts";
import { isCall, type Plan } from "../../src/plan/step.ts";
import { factsFor, type Host } from "./facts.ts";

const CONFIG: Config = {
  ociVersion: "1.2.0",
  root: { path: "rootfs" },
  process: { cwd: "/", args: ["/bin/true"] },
  mounts: [
    { destination: "/proc", type: "proc", source: "proc" },
    { destination: "/dev", type: "tmpfs", source: "tmpfs" },
    { destination: "/dev/pts", type: "devpts", source: "devpts" },
    { destination: "/var/data", type: "bind", source: "/srv/data", options: ["rbind"] },
    { destination: "/etc/hosts", type: "bind", source: "hosts", options: ["bind"] },
  ],
  linux: { namespaces: [{ type: "mount" }, { type: "pid" }] },
};

const CGROUP = {
  path: "/sys/fs/cgroup/x",
  procs: "/sys/fs/cgroup/x/cgroup.procs",
  version: 2 as const,
  controllers: [],
  late: [{ path: "/sys/fs/cgroup/x/pids.max", data: "1", from: "/linux/resources/pids/limit" }],
};

function restored(config = CONFIG, host: Host = {}, options: CompileOptions = { cgroup: [CGROUP] }) {
  const facts = factsFor(config, "/bundles/any", {
    sources: { "/bundles/any/hosts": { kind: "file" } },
    ...host,
  });
  const program = { file: "/usr/sbin/criu", env: ["PATH=/bin"], root: "/run/x/criu-root", inherited: ["null"] };
  return compileRestore({ config, facts, options }, program);
}

const lines = ({ steps }: Plan) => steps.map((step) => (isCall(step) ? printCall(step) : step.act));

test("is sound, and can be made an image", () => {
  const { plan } = restored();
  expect(checkPlan(plan)).toEqual([]);
  expect(emitImage(plan).bytes.length).toBeGreaterThan(0);
  expect(plan.inputs).toEqual({ criu: 3, null: 4, report: 5 });
});

test("ends as CRIU, which has its socket as descriptor 3 and no report", () => {
  const [close, execve] = restored().plan.steps.filter(isCall).slice(-2);
  expect(close && printCall(close)).toBe("close_range(5, 4294967295, CLOSE_RANGE_CLOEXEC)");
  expect(execve && printCall(execve)).toContain('execve("/usr/sbin/criu", ["criu", "swrk", "3"]');
});

test("joins the cgroup before anything is made, and leaves limits of processes for later", () => {
  const all = lines(restored().plan);
  const join = all.findIndex((line) => line.includes("cgroup.procs"));
  expect(join).toBeGreaterThan(0);
  expect(join).toBeLessThan(all.findIndex((line) => line.startsWith("unshare(CLONE_NEWNS")));
  expect(all).not.toContain("write");
});

test("makes the places of mounts in the root alone, a file for a file", () => {
  const all = lines(restored().plan);
  const made = all.filter((line) => /^mk(?:dir|nod)at/.test(line)).map((line) => /"([^"]*)"/.exec(line)?.[1]);
  // What lies on the tmpfs is in CRIU's images.
  expect(made).toEqual(["proc", "dev", "var", "data", "etc", "hosts"]);
  expect(all.find((line) => line.startsWith("mknodat"))).toContain('"hosts"');
  const walks = all.filter((line) => line.startsWith("openat2"));
  expect(walks.every((line) => line.includes("RESOLVE_IN_ROOT"))).toBe(true);
});

test("tells of bind mounts by the place that they really have", () => {
  expect(restored(CONFIG, { links: { "/var/data": "/data" } }).binds).toEqual([
    { path: "/data", source: "/srv/data" },
    { path: "/etc/hosts", source: "/bundles/any/hosts" },
  ]);
});
