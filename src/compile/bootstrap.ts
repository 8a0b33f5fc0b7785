// SPDX-License-Identifier: Apache-2.0
/** The first steps of the image, still in the host's namespaces: descriptors, dumpability, cgroup. */
import { CLOSE_RANGE } from "../kernel/close-range.ts";
import { AT, O } from "../kernel/open.ts";
import { PR } from "../kernel/prctl.ts";
import { bytes, flags, int, named, ref } from "../plan/operands.ts";
import type { Act, Step } from "../plan/step.ts";
import { hookInputs } from "./hooks.ts";
import { at, type CgroupDirectory, close, type FileWrite, namespaceOf, type Scope } from "./scope.ts";

/** The descriptors that the image starts with, above stdio and the preserved ones. */
export function inputs(scope: Scope): Record<string, number> {
  const first = 3 + (scope.options.preserveFds ?? 0);
  const named = { report: first, [scope.options.join === undefined ? "start" : "container"]: first + 1 };
  const terminal = scope.config.process?.terminal === true ? ["console"] : [];
  const root = scope.options.join?.root === true ? ["root"] : [];
  const more = [...root, ...terminal, ...hookInputs(scope)].map((name, index) => [name, first + 2 + index] as const);
  return more.length === 0 ? named : { ...named, ...Object.fromEntries(more) };
}

/** What the runtime does before there is an image: the cgroup, and a state that `delete --force` can clean up after. */
export function prepare(scope: Scope): readonly Step[] {
  return [
    { stage: "runtime", from: "", act: "state", status: "creating" },
    ...(scope.options.unit === undefined ? cgroupActs(scope) : []),
    { stage: "runtime", from: "", act: "spawn" },
  ];
}

/** Makes the cgroup, but for what systemd makes, and readies it for processes. */
export function cgroupActs({ options: { cgroup = [], unit } }: Scope): readonly Act[] {
  const mkdirs = cgroup
    .filter(({ path }) => !unit?.made.includes(path))
    .map(({ path }): Act => ({ stage: "runtime", from: "/linux/cgroupsPath", act: "mkdir", path, mode: 0o755 }));
  const writes = cgroup.flatMap(({ writes = [] }) => writes.map(written));
  return [...mkdirs, ...writes, ...cgroup.flatMap(guarded), ...cgroup.flatMap(givenAway)];
}

/** Limits that the image itself would run into; it waits for `start` by now, or will. config-linux.md#pids. */
export function lateLimits(scope: Scope): readonly Step[] {
  return (scope.options.cgroup ?? []).flatMap(({ late = [] }) => late.map(written));
}

/** Whatever the rules say, nodes can be made: they let the init do that. */
function guarded({ path, filter }: CgroupDirectory): readonly Act[] {
  return filter === undefined ? [] : [{ stage: "runtime", act: "device-filter", path, ...filter }];
}

/** config-linux.md#cgroup-ownership: the directory, and what the kernel lists of its files. */
function givenAway({ path, owner }: CgroupDirectory): readonly Act[] {
  if (owner === undefined) return [];
  return ["", ...owner.files.map((file) => `/${file}`)].map((name) => ({
    stage: "runtime",
    from: "/linux/cgroupsPath",
    act: "chown",
    path: `${path}${name}`,
    uid: owner.uid,
    optional: name !== "",
  }));
}

function written({ path, data, from }: FileWrite): Act {
  return { stage: "runtime", from, act: "write", path, data };
}

/** Whatever else the caller left open ends here: CVE-2024-21626. And umask 0: every mode that follows is meant. */
export function closeInherited(scope: Scope): readonly Step[] {
  const first = Math.max(...Object.values(inputs(scope))) + 1;
  const make = at("bootstrap", "");
  return [
    make("close_range", [int(first), int(0xffff_ffff), flags(CLOSE_RANGE, 0)]),
    make("umask", [{ kind: "int", value: 0, base: 8 }]),
    ...(dumpableLater(scope) ? [] : [notDumpable()]),
  ];
}

/** No process of the container may trace the image or look into it: CVE-2016-9962. */
export function closeToTracers(scope: Scope): readonly Step[] {
  return dumpableLater(scope) ? [notDumpable()] : [];
}

/**
 * Files of /proc/PID belong to root once the process cannot be dumped; what an ordinary user writes there comes before.
 * For root it is at once: over a user namespace that root makes, any process of root's has all rights, whatever it lost.
 */
function dumpableLater(scope: Scope): boolean {
  if (scope.facts.uid === 0) return false;
  return scope.options.join !== undefined || namespaceOf(scope, "user") === "new";
}

function notDumpable(): Step {
  return at("bootstrap", "")("prctl", [flags(PR, PR.PR_SET_DUMPABLE), int(0)]);
}

/** Before anything else is charged: "0" moves the writer. config-linux.md#cgroups-path, cgroups(7). */
export function joinCgroup(scope: Scope): readonly Step[] {
  const { cgroup = [], unit } = scope.options;
  const make = at("bootstrap", "/linux/cgroupsPath");
  const ours = unit === undefined ? cgroup : cgroup.filter(({ path }) => !unit.made.includes(path));
  return ours.flatMap(({ procs }) => [
    make("openat", [flags(AT, AT.AT_FDCWD), named(procs), flags(O, O.O_WRONLY | O.O_CLOEXEC)], { result: "procs" }),
    make("write", [ref("procs"), bytes("0"), int(1)]),
    close(make, "procs"),
  ]);
}
