// SPDX-License-Identifier: Apache-2.0
/** One case of the differential test of `exec`: a container that sleeps, and what a process that joins it sees. */
import { chmodSync, copyFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { TestContext } from "vitest";
import type { Need } from "../requires.ts";
import type { Report, RuntimeName } from "./differential.ts";
import { bundle } from "./support/bundle.ts";
import { PURE_V1, run, runtimeRoot, TSRUN } from "./support/run.ts";
import { ORDINARY, type ProcessSpec, rootless, type Spec } from "./support/spec.ts";
import { HOST_NAMESPACES, type Testimony, testimony, witness } from "./support/witness.ts";

export interface ExecCase {
  /** The sentence that the test proves. */
  readonly name: string;
  readonly edit?: (spec: Spec, dir: string) => void;
  /** Options of `exec`. */
  readonly options?: readonly string[];
  /** Given by --process, with the witness as its program. */
  readonly process?: Partial<ProcessSpec>;
  /** "user": a rootless bundle, and an ordinary user who runs and joins it. */
  readonly as?: "user";
  /** Options of `create`. */
  readonly create?: readonly string[];
  /** Join it before it is started. */
  readonly unstarted?: true;
  /** A shell command that runs "$@", the exec. */
  readonly wrap?: string;
  readonly needs?: readonly Need[];
  /** Facts as they must be where Debian's runc 1.1.5 ignores or refuses what is asked. */
  readonly expects?: Testimony;
  /** Every runtime refuses it. */
  readonly refused?: true;
  /** Facts that differ on purpose, by the beginning of their path, with the reason. */
  readonly differs?: Readonly<Record<string, string>>;
}

/** Runs a case in a fresh bundle and state directory. */
export async function report(t: TestContext, test: ExecCase, runtime: RuntimeName): Promise<Report> {
  const user = test.as === "user";
  const { dir } = bundle(t, (spec, dir) => edit(t, test, spec, dir), {
    bare: true,
    ...(user ? { owner: ORDINARY } : {}),
  });
  const command = runtime === "tsrun" ? [TSRUN] : runtime === "crun" ? ["crun", "--cgroup-manager=disabled"] : ["runc"];
  const root = runtimeRoot(t, { bin: command[0] ?? "", ...(user ? { owner: ORDINARY } : {}) });
  const id = `exec-${basename(dir)}`;
  const runs = [...command, "--root", root].join(" ");
  const words = test.process === undefined ? ["/witness", ...HOST_NAMESPACES] : [];
  const start = `${runs} create --pid-file init ${(test.create ?? []).join(" ")} ${id} </dev/null >/dev/null`;
  const script = [
    test.unstarted ? start : `${start} && ${runs} start ${id}`,
    // The caller's own streams, and not pipes of the runtime.
    `sh -c "$WRAP" sh ${runs} exec --detach --pid-file pid $OPTIONS ${id} "$@" && result=0 || result=$?`,
    "test -s pid && while grep -q 'State:.[^Z]' /proc/$(cat pid)/status; do sleep 0.02; done 2>/dev/null",
    `${runs} delete --force ${id} 2>/dev/null`,
    // Without a pid namespace and a cgroup, crun leaves it.
    "kill -9 $(cat init) 2>/dev/null",
    "exit $result",
  ];
  const outcome = await run(["sh", "-c", script.join("\n"), "sh", ...words], {
    cwd: dir,
    as: test.as ?? "root",
    prelude: PURE_V1,
    env: { WRAP: test.wrap ?? 'exec "$@"', OPTIONS: optionsOf(test).join(" ") },
  });
  const line = outcome.stdout.split("\n").find((text) => text.startsWith("{"));
  const facts = line === undefined ? {} : testimony(line.replaceAll(id, "$ID"), dir);
  return { outcome, facts: withoutMasks(facts) };
}

function optionsOf({ options = [], process }: ExecCase): readonly string[] {
  return process === undefined ? options : [...options, "--process", "process.json"];
}

function edit(t: TestContext, test: ExecCase, spec: Spec, dir: string): void {
  const program = join(dir, "rootfs", "witness");
  copyFileSync(witness(t), program);
  chmodSync(program, 0o755);
  spec.process.args = ["/bin/busybox", "sleep", "1000"];
  // Go raises the soft limit of open files for itself and runc 1.1.5 hands that on: said here, it is the same for all.
  spec.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 1024, hard: 1024 }];
  if (test.as === "user") rootless(spec);
  else spec.linux.cgroupsPath = `/exec-${basename(dir)}`;
  test.edit?.(spec, dir);
  if (test.process === undefined) return;
  const process = { user: { uid: 0, gid: 0 }, cwd: "/", args: ["/witness", ...HOST_NAMESPACES], ...test.process };
  writeFileSync(join(dir, "process.json"), JSON.stringify(process));
}

/** How a path is masked is the runtime's own choice. */
function withoutMasks(facts: Testimony): Testimony {
  return Object.fromEntries(Object.entries(facts).filter(([path]) => !/^mounts\.(\/proc|\/sys\/firmware)/.test(path)));
}
