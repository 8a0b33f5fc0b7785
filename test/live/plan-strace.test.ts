// SPDX-License-Identifier: Apache-2.0
/** The promise of `tsrun plan`: what strace sees the image do is the printed plan, step for step. */
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { printPlan } from "../../src/plan/print.ts";
import { isCall } from "../../src/plan/step.ts";
import { Runtime } from "../../src/runtime/runtime.ts";
import { type Need, requires } from "../requires.ts";
import { matchStrace } from "../strace/match.ts";
import { bundle, temporary } from "./support/bundle.ts";
import { freshId, shell } from "./support/container.ts";
import { terminal } from "./support/pty.ts";
import { runtimeRoot, TSRUN, tsrun } from "./support/run.ts";
import { CAPABILITIES, raw, type Spec } from "./support/spec.ts";
import { STRACE, trace } from "./support/strace.ts";

const BUNDLES: Readonly<Record<string, (spec: Spec, dir: string) => void>> = {
  "what engines write": () => {},
  "a user namespace": (spec) => {
    spec.linux.namespaces.push({ type: "user" }, { type: "cgroup" });
    spec.linux.uidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
    spec.linux.gidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
  },
  "no pid namespace": (spec) => {
    spec.linux.namespaces = [{ type: "mount" }, { type: "uts" }, { type: "ipc" }];
    // procfs of the host's pid namespace may be bound, not made.
    spec.mounts = spec.mounts.filter(({ type }) => type !== "sysfs");
  },
  "no mount namespace": (spec) => {
    spec.linux = { namespaces: [{ type: "pid" }, { type: "uts" }] };
    spec.mounts = [];
  },
  "masked and read-only paths": (spec) => {
    spec.linux.maskedPaths = ["/proc/kcore", "/etc", "/etc/passwd", "/gone/away", "/proc/acpi"];
    spec.linux.readonlyPaths = ["/proc/sys", "/home", "/gone", "/etc"];
    spec.root.readonly = true;
  },
  "binds of directories and files": (spec, dir) => {
    mkdirSync(join(dir, "data"));
    writeFileSync(join(dir, "data", "a"), "a");
    spec.mounts.push(
      { destination: "/data", source: "data", options: ["bind", "ro", "nosuid", "rnodev", "rslave"] },
      { destination: "/etc/motd", source: join(dir, "data", "a"), options: ["rbind", "rw", "noexec", "noatime"] },
      { destination: "/made/on/the/way", source: "data", type: "bind" },
      { destination: "/data", source: "data", options: ["bind", "remount", "ro", "nodev"] },
    );
  },
  "the time namespace and sysctls": (spec) => {
    spec.linux.namespaces.push({ type: "time" });
    spec.linux.timeOffsets = { monotonic: { secs: 86_400, nanosecs: 7 }, boottime: { secs: 3600 } };
    spec.linux.sysctl = { "net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1" };
  },
  everything,
};

function everything(spec: Spec): void {
  spec.linux.namespaces.push({ type: "cgroup" });
  spec.domainname = "example";
  spec.process = {
    ...spec.process,
    args: ["true"],
    cwd: "/srv/app",
    user: { uid: 1000, gid: 100, umask: 0o077, additionalGids: [5, 70_000] },
    env: ["PATH=/nowhere:/sbin/gone:/bin", "A=1", 'A=ü\n"2"'],
    capabilities: {
      bounding: [...CAPABILITIES],
      effective: ["CAP_KILL"],
      permitted: ["CAP_KILL", "CAP_CHOWN"],
      inheritable: ["CAP_KILL"],
      ambient: ["CAP_KILL"],
    },
    rlimits: [
      { type: "RLIMIT_NOFILE", soft: 100, hard: 200 },
      { type: "RLIMIT_CORE", soft: 0, hard: raw("18446744073709551615") },
    ],
    noNewPrivileges: true,
    oomScoreAdj: 500,
  };
  spec.mounts.push(
    { destination: "/etc", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "ro", "nosymfollow", "relatime"] },
    { destination: "/tmp/in/it", type: "tmpfs", source: "none", options: ["iversion", "nodiratime", "size=1m"] },
    { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro", "nosuid", "noexec"] },
    { destination: "/var/x", type: "tmpfs", options: ["sync", "dirsync", "strictatime", "private"] },
  );
  spec.linux.devices = [
    { type: "c", path: "/dev/fuse", major: 10, minor: 229, fileMode: 0o600, uid: 1, gid: 2 },
    { type: "p", path: "/pipe", fileMode: 0o644 },
    { type: "b", path: "/opt/dev/loop", major: 7, minor: 300 },
  ];
  spec.linux.rootfsPropagation = "shared";
  spec.linux.personality = { domain: "LINUX32" };
  spec.root.readonly = true;
}

const NEEDS: Readonly<Record<string, readonly Need[]>> = {
  "a user namespace": ["userns"],
  "the time namespace and sysctls": ["timens"],
};

for (const [name, edit] of Object.entries(BUNDLES)) {
  test(`strace sees the plan: ${name}`, async (t) => {
    requires(t, "root", "strace", ...(NEEDS[name] ?? []));
    const traced = await trace(t, bundle(t, edit));
    expect(traced.stderr.replaceAll(/^tsrun: warning: .*\n/gm, "")).toBe("");
    expect(traced.differences).toEqual([]);
    expect(traced.status).toBe(0);
  });
}

test("strace sees the plan of a terminal", async (t) => {
  requires(t, "root", "strace");
  const made = bundle(t, (spec) => {
    spec.process.terminal = true;
    spec.process.consoleSize = { height: 25, width: 81 };
    shell(spec, "stty size");
  });
  const [root, log, id] = [runtimeRoot(t), join(temporary(t), "log"), freshId()];
  const plan = await new Runtime({ root }).plan({ bundle: made.dir, id });
  const at = await terminal(t, [...STRACE, log, TSRUN, "--root", root, "run", id], { cwd: made.dir });
  expect(await at.end(), at.shown()).toBe(0);
  expect(matchStrace(plan, readFileSync(log, "utf8"))).toEqual([]);
});

test("a start that fails does so at the step that it tells, and nothing comes after it", async (t) => {
  requires(t, "root", "strace");
  const { plan, differences, status, stderr } = await trace(
    t,
    bundle(t, (spec) => {
      spec.mounts.push({ destination: "/m", type: "tmpfs", options: ["nonsense"] });
    }),
  );
  const failing = plan.steps.findIndex(
    (step) => isCall(step) && step.args.some((arg) => arg.kind === "string" && arg.value === "nonsense"),
  );
  expect(differences).toEqual([`step ${failing + 1}: failed with EINVAL, which ends the start`]);
  expect(stderr).toContain(`step ${failing + 1} of ${plan.steps.length}`);
  expect(status).not.toBe(0);
});

test("tsrun plan prints the plan of the library", async (t) => {
  requires(t, "root");
  const made = bundle(t, everything);
  const root = runtimeRoot(t);
  const nothing = openSync("/dev/null", "r+");
  t.onTestFinished(() => closeSync(nothing));
  // The command's standard output is a pipe, which belongs to root, as does the user of this container.
  const plan = await new Runtime({ root }).plan({ bundle: made.dir, stdio: [nothing, nothing, nothing] });
  const file = join(temporary(t), "plan");
  const printed = await tsrun(["--root", root, "plan", "--bundle", made.dir, "--format", "text"]);
  writeFileSync(file, printed.stdout);
  expect(withoutStdio(printed.stdout)).toEqual(withoutStdio(printPlan(plan)));
  expect(printed.status).toBe(0);
});

/** A printed plan without the steps that depend on what the command's own output is, and without numbers. */
function withoutStdio(text: string): readonly string[] {
  return text
    .split("\n")
    .slice(1)
    .filter((line) => !/ fchown\([012], /.test(line))
    .map((line) => line.replace(/^\s*\d+/, "").replace(/→ \d+/g, "→"));
}
