// SPDX-License-Identifier: Apache-2.0
/** Whom the cgroup is given to, and when: config-linux.md#cgroup-ownership. */
import { describe, expect, test } from "vitest";
import { delegated, delegatedFiles, ownerOf } from "../../src/cgroup/delegate.ts";
import type { Config } from "../../src/config/config.ts";
import { v2 } from "./limits-hosts.ts";

const MOUNT = { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", "rw"] };
const config: Config = {
  ociVersion: "1.3.0",
  root: { path: "rootfs" },
  process: { cwd: "/", args: ["sh"], user: { uid: 1, gid: 1 } },
  mounts: [MOUNT],
  linux: {
    namespaces: [{ type: "cgroup" }, { type: "user" }],
    uidMappings: [
      { containerID: 0, hostID: 1000, size: 1 },
      { containerID: 1, hostID: 100_000, size: 10 },
    ],
  },
};
const facts = { cgroup: { layout: "v2", hierarchies: [] }, uid: 0, capabilities: 1n } as const;
const ownersOf = (changed: Partial<Config>, given: Partial<Parameters<typeof delegated>[2]> = {}) =>
  delegated(v2, { ...config, ...changed }, { ...facts, ...given }).map(({ owner }) => owner?.uid);

test("the cgroup is given to the host's id of the process's user", () => {
  expect(ownersOf({})).toEqual([100_000]);
  expect(ownersOf({ process: { cwd: "/", user: { uid: 0, gid: 0 } } })).toEqual([1000]);
  expect(ownersOf({ linux: { namespaces: [{ type: "cgroup" }] } })).toEqual([1]);
});

describe("the cgroup is kept", () => {
  const mount = (more: object) => ({ mounts: [{ ...MOUNT, ...more }] });
  const namespaces = (...list: object[]) => ({ linux: { ...config.linux, namespaces: list } }) as Partial<Config>;
  test.each([
    ["without a cgroup namespace", namespaces({ type: "user" })],
    [
      "in somebody else's cgroup namespace",
      namespaces({ type: "user" }, { type: "cgroup", path: "/proc/1/ns/cgroup" }),
    ],
    ["without a cgroup mount", { mounts: [] }],
    ["with one elsewhere", mount({ destination: "/cgroup" })],
    ["with one of another source", mount({ source: "cgroup2" })],
    ["with one that is read-only", mount({ options: ["ro"] })],
    ["for a user that is not mapped", { process: { cwd: "/", user: { uid: 11, gid: 0 } } }],
  ])("%s", (_, changed) => expect(ownersOf(changed)).toEqual([undefined]));

  test("on a host with cgroup v1, where to give it away is not safe", () => {
    expect(ownersOf({}, { cgroup: { layout: "hybrid", hierarchies: [] } })).toEqual([undefined]);
    expect(ownersOf({}, { cgroup: { layout: "v1", hierarchies: [] } })).toEqual([undefined]);
  });

  test("by a runtime that may not give it away, or whose own user it is", () => {
    expect(ownersOf({}, { capabilities: ~1n })).toEqual([undefined]);
    expect(ownersOf({}, { uid: 100_000 })).toEqual([undefined]);
  });
});

test("the files are those that the kernel lists, or the three of the specification where it lists none", () => {
  expect(delegatedFiles("cgroup.procs\nmemory.oom.group\n../x\n")).toEqual(["cgroup.procs", "memory.oom.group"]);
  expect(delegatedFiles(undefined)).toEqual(["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"]);
});

test("without a user namespace an id is its own", () => {
  expect(ownerOf({ ...config, linux: {} })).toBe(1);
  expect(ownerOf({ ociVersion: "1.3.0", root: { path: "r" } })).toBe(0);
});
