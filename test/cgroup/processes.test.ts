// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { driverOf } from "../../src/cgroup/drivers.ts";
import { makeCgroup } from "../../src/cgroup/make.ts";
import type { CgroupDir } from "../../src/cgroup/place.ts";
import { isFrozen, killAll, processesIn } from "../../src/cgroup/processes.ts";
import { SIG } from "../../src/kernel/signal.ts";
import { unmet } from "../requires.ts";
import { ended, hostHierarchies, ownPlace, sleeper } from "./own.ts";

const VIEWS = ["v1", "v2", "hybrid"] as const;

/** Forks a successor and is gone, 3000 times: a list of pids is old as soon as it is read. */
const RELAY = '[ "$1" -gt 0 ] && { sh -c "$2" relay $(($1 - 1)) "$2" & }';

describe.each(VIEWS)("%s: the processes of a cgroup", (view) => {
  test("are those in it and in the cgroups below", (t) => {
    const made = makeCgroup(ownPlace(t, view));
    const below = made.dirs.map((dir) => ({ ...dir, path: `${dir.path}/a/b`, procs: `${dir.path}/a/b/cgroup.procs` }));
    for (const dir of below) {
      mkdirSync(dir.path, { recursive: true });
      driverOf(dir).prepare(dir);
    }
    const children = [sleeper(made.dirs), sleeper(below)];
    expect([...processesIn(made.dirs)].sort()).toEqual(children.map((child) => child.pid).sort());
  });

  test("get a signal, each", async (t) => {
    const made = makeCgroup(ownPlace(t, view));
    const children = [sleeper(made.dirs), sleeper(made.dirs), sleeper(made.dirs)];
    await killAll(made.dirs, SIG.SIGUSR1);
    expect(await Promise.all(children.map(ended))).toEqual(["SIGUSR1", "SIGUSR1", "SIGUSR1"]);
    expect(isFrozen(made.dirs)).toBe(false);
  });

  test.for(["SIGKILL", "SIGTERM"] as const)("cannot outrun %s by forking", async (signal, t) => {
    const made = makeCgroup(ownPlace(t, view));
    // The first one waits until it is in the cgroup: it is moved there by its parent.
    sleeper(made.dirs, "sh", "-c", `sleep 0.2; ${RELAY}`, "relay", "3000", RELAY);
    await wait(300);
    expect(processesIn(made.dirs)).not.toEqual([]);
    await killAll(made.dirs, SIG[signal]);
    await until(() => processesIn(made.dirs).length === 0);
    expect(isFrozen(made.dirs)).toBe(false);
  });

  test("are signalled but for the caller, who may be one of them", async (t) => {
    const made = makeCgroup(ownPlace(t, view));
    const child = sleeper(made.dirs);
    const homes = hostHierarchies().filter(({ mountpoint }) => made.dirs.some((dir) => dir.mountpoint === mountpoint));
    if (homes.some(({ root }) => root !== "/")) unmet(t, "needs to see the whole hierarchies, to find back");
    for (const dir of made.dirs) writeFileSync(`${dir.path}/cgroup.procs`, "0");
    try {
      await killAll(made.dirs, SIG.SIGTERM);
      expect(processesIn(made.dirs)).toContain(process.pid);
    } finally {
      for (const { mountpoint, own } of homes) writeFileSync(`${mountpoint}${own}/cgroup.procs`, "0");
    }
    expect(await ended(child)).toBe("SIGTERM");
  });
});

describe.each(VIEWS)("%s: a frozen cgroup", (view) => {
  test("stays frozen when it gets a signal, but not when it is killed", async (t) => {
    const made = makeCgroup(ownPlace(t, view));
    const child = sleeper(made.dirs);
    freeze(t, made.dirs);
    await until(() => isFrozen(made.dirs));
    await killAll(made.dirs, SIG.SIGTERM);
    expect(isFrozen(made.dirs)).toBe(true);
    await killAll(made.dirs, SIG.SIGKILL);
    expect(isFrozen(made.dirs)).toBe(false);
    // v1 delivers neither before the thaw, v2 both at once: whichever comes first.
    expect(await ended(child)).toMatch(/^SIG(TERM|KILL)$/);
  });

  test("does not outlive SIGKILL when the container froze a part of itself", async (t) => {
    const made = makeCgroup(ownPlace(t, view));
    const below = made.dirs.map((dir) => ({ ...dir, path: `${dir.path}/sub`, procs: `${dir.path}/sub/cgroup.procs` }));
    for (const dir of below) {
      mkdirSync(dir.path);
      driverOf(dir).prepare(dir);
    }
    const child = sleeper(below);
    freeze(t, below);
    await killAll(made.dirs, SIG.SIGKILL);
    expect(await ended(child)).toBe("SIGKILL");
  });
});

test("without cgroups there is nothing to signal", async () => {
  expect(processesIn([])).toEqual([]);
  expect(isFrozen([])).toBe(false);
  await killAll([], SIG.SIGKILL);
});

function freeze(t: Parameters<typeof unmet>[0], dirs: readonly CgroupDir[]): void {
  const v1 = dirs.find((dir) => dir.controllers.includes("freezer") && dir.version === 1);
  const v2 = dirs.find((dir) => dir.version === 2);
  if (v1 !== undefined) writeFileSync(`${v1.path}/freezer.state`, "FROZEN");
  else if (v2 !== undefined) writeFileSync(`${v2.path}/cgroup.freeze`, "1");
  else unmet(t, "needs a freezer");
}

async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; !done() && tries < 500; tries++) await wait(2);
  expect(done()).toBe(true);
}
