// SPDX-License-Identifier: Apache-2.0
/** One case of the differential test: what it changes in the base config, and running it under one runtime. */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, copyFileSync, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import type { TestContext } from "vitest";
import type { Need } from "../requires.ts";
import { bundle, mountsBelow } from "./support/bundle.ts";
import { type Outcome, PURE_V1, run, runtimeRoot, TSRUN } from "./support/run.ts";
import { ORDINARY, rootless, type Spec } from "./support/spec.ts";
import { HOST_NAMESPACES, type Testimony, testimony, witness } from "./support/witness.ts";

export interface Case {
  /** The sentence that the test proves. */
  readonly name: string;
  readonly edit?: (spec: Spec, scene: Scene) => void;
  /** "user": a rootless bundle, run by an ordinary user. */
  readonly as?: "user";
  /** Arguments of the witness: try=PATH, read=PATH, list=DIR. */
  readonly ask?: readonly string[];
  readonly needs?: readonly Need[];
  /** Options of `run`. */
  readonly options?: readonly string[];
  /** Shell commands in the bundle, as root, in a mount namespace of the run's own. */
  readonly prelude?: string;
  /** A shell command that runs "$@", the runtime. */
  readonly wrap?: string;
  /** unshare(1)'s options for a process whose namespaces the container joins: `scene.holder` is its pid. */
  readonly hold?: readonly string[];
  /** Owner of the bundle's files. */
  readonly owner?: number;
  /** Facts as they must be where Debian's runc 1.1.5 ignores or refuses what the specification asks. */
  readonly expects?: Testimony;
  /** Every runtime refuses it. */
  readonly refused?: true;
  /** Facts that differ on purpose, by the beginning of their path, with the reason. */
  readonly differs?: Readonly<Record<string, string>>;
}

export interface Scene {
  readonly dir: string;
  readonly rootfs: string;
  /** The pid of the process of `hold`. */
  readonly holder: number;
}

export type RuntimeName = "tsrun" | "runc" | "crun";

export interface Report {
  readonly outcome: Outcome;
  /** Empty if the container did not run. */
  readonly facts: Testimony;
}

/** Runs a case in a fresh bundle and state directory. */
export async function report(t: TestContext, test: Case, runtime: RuntimeName, holder: number): Promise<Report> {
  const owner = test.as === "user" ? ORDINARY : test.owner;
  const { dir, rootfs, spec } = bundle(
    t,
    (spec, dir) => edit(t, test, spec, { dir, rootfs: join(dir, "rootfs"), holder }),
    { bare: true, ...(owner === undefined ? {} : { owner }) },
  );
  const [bin = "", ...globals] = commandOf(runtime);
  const root = runtimeRoot(t, { bin, ...(test.as === "user" ? { owner: ORDINARY } : {}) });
  const before = tree(rootfs);
  const wrap = test.wrap === undefined ? [] : ["sh", "-c", test.wrap, "sh"];
  const id = `diff-${basename(dir)}`;
  // Detached, the container has the caller's own streams; in the foreground runc puts pipes of its own between.
  const args = ["--root", root, "run", "--detach", ...(test.options ?? []), id];
  const outcome = await run([...wrap, bin, ...globals, ...args], {
    cwd: dir,
    as: test.as ?? "root",
    prelude: [PURE_V1, HOST_MNT, test.prelude ?? ""].join("\n"),
  });
  // Now and not after the test: there it would be one after the other.
  await run([bin, ...globals, "--root", root, "delete", "--force", id], { prelude: PURE_V1 });
  const left = mountsBelow(dir);
  if (left.length > 0) throw new Error(`${runtime} left mounted: ${left.join(" ")}`);
  const line = outcome.stdout.split("\n").find((text) => text.startsWith("{"));
  if (line === undefined) return { outcome, facts: {} };
  const facts = { ...testimony(line.replaceAll(id, "$ID"), dir), ...created(before, tree(rootfs)) };
  return { outcome, facts: withoutMasks(facts, spec) };
}

/** A process whose namespaces can be joined; it ends with the test. */
export async function hold(t: TestContext, options: readonly string[]): Promise<number> {
  const child = spawn("unshare", [...options, "sh", "-c", "echo ready; exec sleep 60"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.onTestFinished(() => {
    child.kill("SIGKILL");
  });
  await new Promise((resolve, reject) =>
    child.stdout.once("data", resolve).once("end", () => reject(new Error("unshare failed"))),
  );
  const pid = child.pid ?? 0;
  if (!options.includes("--fork")) return pid;
  const inner = Number(execFileSync("cat", [`/proc/${pid}/task/${pid}/children`], { encoding: "utf8" }).trim());
  t.onTestFinished(() => {
    process.kill(inner, "SIGKILL");
  });
  return inner;
}

/** The facts in which two reports differ, each as one line; those that a case allows are left out. */
export function differences(test: Case, mine: Report, theirs: Report, third: Report): string[] {
  const wanted = { ...theirs.facts, ...test.expects };
  // A reference that refused the config says nothing of the other facts.
  const refused = theirs.outcome.status !== 0;
  const paths = new Set([...(refused ? [] : Object.keys(mine.facts)), ...Object.keys(wanted)]);
  const allowed = Object.keys(test.differs ?? {});
  return [...paths]
    .filter((path) => mine.facts[path] !== wanted[path])
    .filter((path) => !allowed.some((beginning) => path.startsWith(beginning)))
    .sort()
    .map(
      (path) => `${path}: ${[mine.facts, wanted, third.facts].map((facts) => JSON.stringify(facts[path])).join(" | ")}`,
    );
}

/** The prelude's own mount namespace is the host's to the runtime. */
const HOST_MNT = `mnt=$(readlink /proc/self/ns/mnt); sed -i "s/host=mnt:\\[[0-9]*\\]/host=$mnt/" config.json`;

function commandOf(runtime: RuntimeName): string[] {
  const bin = runtime === "tsrun" ? TSRUN : runtime;
  return basename(bin) === "crun" ? [bin, "--cgroup-manager=disabled"] : [bin];
}

function edit(t: TestContext, test: Case, spec: Spec, scene: Scene): void {
  const program = join(scene.rootfs, "witness");
  copyFileSync(witness(t), program);
  chmodSync(program, 0o755);
  spec.process.args = ["/witness", ...HOST_NAMESPACES, ...(test.ask ?? [])];
  // Go raises the soft limit of open files for itself and runc 1.1.5 hands that on: said here, it is the same for all.
  spec.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 1024, hard: 1024 }];
  if (test.as === "user") rootless(spec);
  else spec.linux.cgroupsPath = `/diff-${basename(scene.dir)}`;
  test.edit?.(spec, scene);
}

/** How a path is masked is the runtime's own choice; whether it is, `try=` tells. */
function withoutMasks(facts: Testimony, spec: Spec): Testimony {
  const masks = (spec.linux.maskedPaths ?? []).map((path) => `mounts.${path}#`);
  return Object.fromEntries(Object.entries(facts).filter(([path]) => !masks.some((mask) => path.startsWith(mask))));
}

/** What the runtime made in the bundle's root filesystem. */
function created(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Record<string, string> {
  const facts: Record<string, string> = {};
  for (const [path, what] of after) if (before.get(path) !== what) facts[`created.${path}`] = what;
  return facts;
}

function tree(dir: string, at = "/", into = new Map<string, string>()): Map<string, string> {
  for (const entry of readdirSync(join(dir, at), { withFileTypes: true })) {
    const path = join(at, entry.name);
    const stat = lstatSync(join(dir, path));
    const target = entry.isSymbolicLink() ? ` ${readlinkSync(join(dir, path))}` : "";
    into.set(path, `${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${stat.rdev}${target}`);
    if (entry.isDirectory()) tree(dir, path, into);
  }
  return into;
}
