// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ContainerState } from "../../src/state/container-state.ts";
import { hold, release, withHeld } from "../../src/state/hold.ts";
import {
  createState,
  listStates,
  readState,
  removeStartSocket,
  removeState,
  startSocket,
  writeFirstState,
  writeState,
} from "../../src/state/store.ts";

let parent: string;
let root: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "tsrun-state-"));
  root = join(parent, "a/root");
});
afterEach(() => rmSync(parent, { recursive: true }));

function stateOf(id: string, more: Partial<ContainerState> = {}): ContainerState {
  return {
    ociVersion: "1.3.0",
    id,
    status: "created",
    pid: 4,
    startTime: 5,
    bundle: "/b",
    rootfs: "/b/rootfs",
    created: "2026-11-21T23:00:00.000Z",
    owner: 0,
    annotations: { "a.b": "ü" },
    cgroup: { paths: ["/sys/fs/cgroup/x"] },
    ...more,
  };
}

test("what is written is read; files are the owner's alone; removal leaves nothing", async () => {
  const held = await createState(root, "one");
  writeFirstState(held, stateOf("one", { status: "creating", pid: 0, startTime: 0 }));
  writeState(held, stateOf("one"));
  expect(readState(root, "one")).toEqual(stateOf("one"));
  expect(readdirSync(held.path)).toEqual(["state.json"]);
  expect([root, held.path, join(held.path, "state.json")].map((path) => statSync(path).mode & 0o777)).toEqual([
    0o700, 0o700, 0o600,
  ]);
  writeFileSync(startSocket(root, "one"), "");
  removeStartSocket(held);
  removeStartSocket(held);
  expect(existsSync(startSocket(root, "one"))).toBe(false);
  removeState(held);
  expect(readdirSync(root)).toEqual([]);
  expect(() => readState(root, "one")).toThrow(expect.objectContaining({ code: "ETSRUN_NOT_FOUND", id: "one" }));
});

test("an id is used once at a time, whoever is faster", async () => {
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => createState(root, "same")));
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const result of results) {
    if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "ETSRUN_EXISTS", id: "same" });
    else removeState(result.value);
  }
  release(await createState(root, "same"));
});

test("commands on one container come one after the other, on others they do not wait", async () => {
  release(await createState(root, "one"));
  release(await createState(root, "two"));
  let inside = 0;
  const works = Array.from({ length: 8 }, () =>
    withHeld(root, "one", async () => {
      inside += 1;
      expect(inside).toBe(1);
      await new Promise((next) => setTimeout(next, 2));
      inside -= 1;
    }),
  );
  const other = await hold(root, "two", 0);
  await Promise.all(works);
  await expect(hold(root, "two", 20)).rejects.toMatchObject({ code: "ETSRUN_BUSY", id: "two" });
  release(other);
});

test("who waited for a container that was deleted finds none; or the new one", async () => {
  const first = await createState(root, "one");
  const waiting = hold(root, "one");
  await new Promise((next) => setTimeout(next, 5));
  removeState(first);
  await expect(waiting).rejects.toMatchObject({ code: "ETSRUN_NOT_FOUND" });

  const second = await createState(root, "one");
  const patient = hold(root, "one");
  await new Promise((next) => setTimeout(next, 5));
  removeState(second);
  mkdirSync(join(root, "one"));
  const held = await patient;
  await expect(hold(root, "one", 0)).rejects.toMatchObject({ code: "ETSRUN_BUSY" });
  release(held);
});

test("an absent root is an empty list, and has no container", async () => {
  expect(listStates(root)).toEqual([]);
  expect(() => readState(root, "x")).toThrow(expect.objectContaining({ code: "ETSRUN_NOT_FOUND" }));
  await expect(hold(root, "x")).rejects.toMatchObject({ code: "ETSRUN_NOT_FOUND" });
  expect(existsSync(root)).toBe(false);
});

test("the list tells whole containers and broken ones, and skips what is none", async () => {
  for (const id of ["b", "a", "copy", "half", "wrong"]) {
    const held = await createState(root, id);
    if (id < "copy") writeState(held, stateOf(id));
    release(held);
  }
  writeFileSync(join(root, "half/state.json"), '{"ociVersion": "1.3');
  writeFileSync(join(root, "wrong/state.json"), JSON.stringify({ ...stateOf("wrong"), pid: "4" }));
  writeFileSync(join(root, "copy/state.json"), JSON.stringify(stateOf("a")));
  mkdirSync(join(root, "empty"));
  mkdirSync(join(root, "not an id"));
  writeFileSync(join(root, "file"), "");
  symlinkSync("a", join(root, "link"));
  const listed = listStates(root);
  expect(listed.map(({ id, state }) => [id, state?.id])).toEqual([
    ["a", "a"],
    ["b", "b"],
    ["copy", undefined],
    ["empty", undefined],
    ["half", undefined],
    ["wrong", undefined],
  ]);
  expect(listed.map(({ broken }) => broken === undefined)).toEqual([true, true, false, false, false, false]);
});

test.each(["empty", "half"])("a create that was killed is told as such, and can be removed: %s", async (id) => {
  const held = await createState(root, id);
  if (id === "half") writeFileSync(join(held.path, "state.json.new"), "{");
  release(held);
  expect(() => readState(root, id)).toThrow(
    expect.objectContaining({
      code: "ETSRUN_NOT_CREATED",
      status: "creating",
      message: expect.stringContaining("--force"),
    }),
  );
  await expect(createState(root, id)).rejects.toMatchObject({ code: "ETSRUN_EXISTS" });
  const again = await hold(root, id);
  writeState(again, stateOf(id));
  expect(readdirSync(again.path)).toEqual(["state.json"]);
  removeState(again);
  expect(readdirSync(root)).toEqual([]);
});

test("a symlink in the place of a container's directory is not followed", async () => {
  release(await createState(root, "real"));
  symlinkSync("real", join(root, "fake"));
  await expect(hold(root, "fake")).rejects.toThrow("ENOTDIR");
});

test("an invalid id touches nothing", async () => {
  await expect(createState(root, "../up")).rejects.toMatchObject({ code: "ETSRUN_INVALID_ID" });
  expect(() => readState(root, "..")).toThrow(expect.objectContaining({ code: "ETSRUN_INVALID_ID" }));
  expect(() => startSocket(root, "a/b")).toThrow(expect.objectContaining({ code: "ETSRUN_INVALID_ID" }));
  expect(existsSync(root)).toBe(false);
});
