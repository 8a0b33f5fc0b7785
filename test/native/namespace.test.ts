// SPDX-License-Identifier: Apache-2.0
import { fstatSync, openSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { close, type Fd } from "../../src/native/fd.ts";
import { namespaceType, owningUserNamespace } from "../../src/native/namespace.ts";
import { statfs } from "../../src/native/statfs.ts";
import { cString, syscall } from "../../src/native/syscall.ts";

test("a namespace file tells its type and its owner; another file is none", () => {
  const uts = openSync("/proc/self/ns/uts", "r") as Fd;
  expect(namespaceType(uts)).toBe(0x4000000);
  const owner = owningUserNamespace(uts);
  // In the initial user namespace, and in one's own, the owner is told.
  if (owner !== undefined) {
    expect(namespaceType(owner)).toBe(0x10000000);
    expect(fstatSync(owner).ino).toBeGreaterThan(0);
    close(owner);
  }
  const other = openSync("/dev/null", "r") as Fd;
  expect(namespaceType(other)).toBeUndefined();
  for (const fd of [uts, other]) close(fd);
});

test("statfs tells type and flags of a mount", () => {
  const proc = statfs("/proc");
  expect(proc.type).toBe(0x9fa0);
  expect(proc.flags & 0x20).toBe(0x20);
  expect(() => statfs("/no/such")).toThrow(
    expect.objectContaining({ call: 'statfs("/no/such", [])', errno: "ENOENT" }),
  );
});

test("a call without a libc function is made by its number", () => {
  const fd = syscall("openat", -100, cString("/etc"), 0o2200000, 0) as Fd;
  expect(fstatSync(fd).ino).toBe(statSync("/etc").ino);
  close(fd);
  expect(() => syscall("openat", -100, cString("/no/such"), 0, 0)).toThrow(
    expect.objectContaining({ call: "openat(-100, [9 bytes], 0, 0)", errno: "ENOENT" }),
  );
});
