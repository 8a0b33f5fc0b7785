// SPDX-License-Identifier: Apache-2.0
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeCgroup, surveyCgroup, undoCgroup } from "../../src/cgroup/make.ts";
import { type CgroupDir, placeCgroup } from "../../src/cgroup/place.ts";
import { isFrozen, processesIn } from "../../src/cgroup/processes.ts";
import { removeCgroup } from "../../src/cgroup/remove.ts";
import { HostError, SyscallError } from "../../src/errors/errors.ts";
import { unmet } from "../requires.ts";
import { ended, ownPlace, parentOf, sleeper } from "./own.ts";

const VIEWS = ["v1", "v2", "hybrid"] as const;

describe.each(VIEWS)("%s: making a cgroup", (view) => {
  test("makes it in each hierarchy, with its parents, and processes can join", (t) => {
    const place = ownPlace(t, view, "/pod/ada");
    const made = makeCgroup(place);
    expect(made.warning).toBeUndefined();
    expect(made.dirs).toEqual(place.dirs.map((dir) => ({ ...dir, before: [] })));
    expect(made.created).toHaveLength(3 * place.dirs.length);
    const { pid } = sleeper(made.dirs);
    expect(processesIn(made.dirs)).toEqual([pid]);
    const joined = readFileSync(`/proc/${pid}/cgroup`, "utf8").match(/\/pod\/ada$/gm);
    expect(joined).toHaveLength(place.dirs.length);
  });

  test("survives a trip through JSON", async (t) => {
    const place = ownPlace(t, view);
    const surveyed = JSON.parse(JSON.stringify(surveyCgroup(place)));
    expect(makeCgroup(place, surveyed).dirs).toEqual(surveyed);
    await removeCgroup(surveyed);
    expect(place.dirs.filter((dir) => existsSync(dir.path))).toEqual([]);
  });

  test("uses an empty one that exists, and leaves it where it was", async (t) => {
    const place = ownPlace(t, view);
    for (const dir of place.dirs) mkdirSync(`${dir.path}/old`, { recursive: true });
    const made = makeCgroup(place);
    expect(made.created).toEqual([]);
    for (const dir of place.dirs) mkdirSync(`${dir.path}/new`);
    const { pid } = sleeper(made.dirs);
    process.kill(pid, "SIGKILL");
    await removeCgroup(made.dirs);
    for (const dir of place.dirs) expect(cgroupsIn(dir.path)).toEqual(["old"]);
  });

  test("refuses one that holds a process, and makes none of the others", (t) => {
    const place = ownPlace(t, view, "/ada");
    const last = place.dirs.at(-1) as CgroupDir;
    mkdirSync(`${last.path}/sub`, { recursive: true });
    const { pid } = sleeper([{ ...last, procs: `${last.path}/sub/cgroup.procs` }]);
    expect(() => makeCgroup(place)).toThrow(HostError);
    expect(() => makeCgroup(place)).toThrow(String(pid));
    expect(place.dirs.filter((dir) => existsSync(dir.path))).toEqual([last]);
  });

  test("refuses one that is frozen, and undoes what was made", (t) => {
    const place = ownPlace(t, view, "/ada");
    const freezer = place.dirs.find((dir) => dir.version === 2 || dir.controllers.includes("freezer"));
    if (freezer === undefined) return unmet(t, "needs a freezer");
    mkdirSync(parentOf(freezer), { recursive: true });
    freeze(parentOf(freezer));
    expect(() => makeCgroup(place)).toThrow(/frozen/);
    expect(place.dirs.filter((dir) => existsSync(dir.path))).toEqual([]);
    expect(place.dirs.filter((dir) => existsSync(parentOf(dir))).map((dir) => dir.path)).toEqual([freezer.path]);
  });

  test("undoes what it made when one hierarchy fails", (t) => {
    const place = ownPlace(t, view, "/ada");
    // The kernel makes no directory beside a file of its own with that name.
    const broken = place.dirs.map((dir, n) => (n < place.dirs.length - 1 ? dir : { ...dir, path: `${dir.procs}/no` }));
    expect(() => makeCgroup({ ...place, dirs: broken })).toThrow(SyscallError);
    expect(place.dirs.filter((dir) => existsSync(parentOf(dir)))).toEqual([]);
  });

  test("can be undone, parents included, but for what others use", (t) => {
    const place = ownPlace(t, view, "/pod/ada");
    const made = makeCgroup(place);
    for (const dir of place.dirs) mkdirSync(`${parentOf(dir)}/ben`);
    undoCgroup(made.created);
    for (const dir of place.dirs) expect(cgroupsIn(parentOf(dir))).toEqual(["ben"]);
  });

  test("as an ordinary user without delegation is skipped with a warning", (t) => {
    const place = ownPlace(t, view, "/ada");
    const made = asNobody(() => makeCgroup({ ...place, optional: true }));
    expect(made).toEqual({ dirs: [], created: [], warning: expect.stringMatching(/caller's cgroup: mkdir\(.*EACCES/) });
  });

  test("as an ordinary user fails where a cgroup is demanded", (t) => {
    const place = ownPlace(t, view, "/ada");
    expect(() => asNobody(() => makeCgroup(place))).toThrow(expect.objectContaining({ errno: "EACCES" }));
  });
});

test("a cgroup that is asked for nowhere is made nowhere", (t) => {
  const facts = { layout: "none", hierarchies: [] } as const;
  const place = placeCgroup({ id: "ada", manager: "cgroupfs", facts, uid: 0, rootless: false });
  t.expect(makeCgroup(place)).toEqual({ dirs: [], created: [], warning: place.warning });
});

test("v1: a cpuset inherits CPUs and memory nodes over several empty parents", (t) => {
  const place = ownPlace(t, "v1", "/a/b");
  const cpuset = place.dirs.find((dir) => dir.controllers.includes("cpuset"));
  if (cpuset === undefined) return unmet(t, "needs the cpuset controller in cgroup v1");
  mkdirSync(parentOf(cpuset), { recursive: true });
  makeCgroup(place);
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const own = readFileSync(`${cpuset.path}/${file}`, "utf8");
    expect(own.trim()).not.toBe("");
    expect(own).toBe(readFileSync(`${cpuset.mountpoint}/${file}`, "utf8"));
  }
});

test("v2: a threaded cgroup is refused before a process fails to enter it", (t) => {
  const place = ownPlace(t, "v2", "/ada");
  const [dir] = place.dirs as [CgroupDir];
  mkdirSync(dir.path, { recursive: true });
  writeFileSync(`${dir.path}/cgroup.type`, "threaded");
  expect(() => makeCgroup(place)).toThrow(/"threaded"/);
  expect(existsSync(dir.path)).toBe(true);
});

test("v2: below a threaded cgroup nothing is left of the attempt", (t) => {
  const place = ownPlace(t, "v2", "/t/ada");
  const [dir] = place.dirs as [CgroupDir];
  mkdirSync(parentOf(dir), { recursive: true });
  writeFileSync(`${parentOf(dir)}/cgroup.type`, "threaded");
  expect(() => makeCgroup(place)).toThrow(/"domain invalid"/);
  expect(cgroupsIn(parentOf(dir))).toEqual([]);
});

test("v2: a cgroup that hands controllers to its children is refused", (t) => {
  const place = ownPlace(t, "v2");
  const [dir] = place.dirs as [CgroupDir];
  mkdirSync(dir.path, { recursive: true });
  const offered = readFileSync(`${dir.path}/cgroup.controllers`, "utf8").trim().split(" ")[0];
  if (!offered) return unmet(t, "needs a controller in cgroup v2 that the root hands out");
  writeFileSync(`${dir.path}/cgroup.subtree_control`, `+${offered}`);
  expect(() => makeCgroup(place)).toThrow(HostError);
});

test("v2: an ordinary user who owns a cgroup, but may not leave his own for it, goes without", (t) => {
  const place = ownPlace(t, "v2", "/ada");
  const [dir] = place.dirs as [CgroupDir];
  mkdirSync(parentOf(dir));
  chownSync(parentOf(dir), 65534, 65534);
  const made = asNobody(() => makeCgroup({ ...place, optional: true }));
  expect(made).toEqual({ dirs: [], created: [], warning: expect.stringContaining(`${dir.ancestor}/cgroup.procs`) });
  expect(existsSync(dir.path)).toBe(false);
});

test("v2: an ordinary user to whom all was delegated gets a cgroup", (t) => {
  const place = ownPlace(t, "v2", "/ada");
  const [dir] = place.dirs as [CgroupDir];
  mkdirSync(parentOf(dir));
  for (const path of [parentOf(dir), `${parentOf(dir)}/cgroup.procs`]) chownSync(path, 65534, 65534);
  const delegated = { ...place, optional: true, dirs: [{ ...dir, ancestor: parentOf(dir) }] };
  expect(asNobody(() => makeCgroup(delegated)).created).toEqual([dir.path]);
});

describe.each(VIEWS)("%s: removing a cgroup", (view) => {
  test("removes the leaf and what the container made in it, but not the parents", async (t) => {
    const place = ownPlace(t, view, "/pod/ada");
    const made = makeCgroup(place);
    for (const dir of made.dirs) mkdirSync(`${dir.path}/a/b/c`, { recursive: true });
    for (const dir of made.dirs)
      mkdirSync(Buffer.concat([Buffer.from(`${dir.path}/`), Buffer.from([0x61, 0xff, 0xfe])]));
    await removeCgroup(made.dirs);
    for (const dir of made.dirs) expect(cgroupsIn(parentOf(dir))).toEqual([]);
  });

  test("waits for the last process to leave", async (t) => {
    const made = makeCgroup(ownPlace(t, view, "/ada"));
    const child = sleeper(made.dirs);
    setTimeout(() => process.kill(child.pid, "SIGKILL"), 60);
    await removeCgroup(made.dirs);
    expect(made.dirs.filter((dir) => existsSync(dir.path))).toEqual([]);
    expect(await ended(child)).toBe("SIGKILL");
  });

  test("gives up at the deadline, and names the processes", async (t) => {
    const made = makeCgroup(ownPlace(t, view, "/ada"));
    const { pid } = sleeper(made.dirs);
    const failure = expect.objectContaining({ errno: "EBUSY", hint: expect.stringContaining(String(pid)) });
    await expect(removeCgroup(made.dirs, 50)).rejects.toThrow(failure);
  });

  test("is content with what is gone, and can be repeated", async (t) => {
    const made = makeCgroup(ownPlace(t, view, "/ada"));
    await Promise.all([removeCgroup(made.dirs), removeCgroup(made.dirs)]);
    await removeCgroup(made.dirs);
    expect(processesIn(made.dirs)).toEqual([]);
    expect(isFrozen(made.dirs)).toBe(false);
  });
});

function cgroupsIn(path: string): readonly string[] {
  const entries = readdirSync(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

function freeze(path: string): void {
  if (existsSync(`${path}/freezer.state`)) writeFileSync(`${path}/freezer.state`, "FROZEN");
  else writeFileSync(`${path}/cgroup.freeze`, "1");
}

function asNobody<T>(run: () => T): T {
  process.seteuid?.(65534);
  try {
    return run();
  } finally {
    process.seteuid?.(0);
  }
}
