// SPDX-License-Identifier: Apache-2.0
import { fstatSync, ftruncateSync, openSync, readFileSync, readlinkSync, writeSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { close, duplicate, type Fd, fcntl, isOpen, setCloseOnExec } from "../../src/native/fd.ts";
import { memfd_create, sealedMemfd } from "../../src/native/memfd.ts";

const open: Fd[] = [];
afterEach(() => {
  for (const fd of open.splice(0)) close(fd);
});

function keep(fd: Fd): Fd {
  open.push(fd);
  return fd;
}

test("a sealed memfd holds the bytes, is executable, close-on-exec, and cannot be changed", () => {
  const bytes = Buffer.from("x".repeat(100_000));
  const fd = keep(sealedMemfd("tsrun", bytes));
  expect(readFileSync(`/proc/self/fd/${fd}`).equals(bytes)).toBe(true);
  expect(readlinkSync(`/proc/self/fd/${fd}`)).toBe("/memfd:tsrun (deleted)");
  expect(fstatSync(fd).mode & 0o111).toBe(0o111);
  expect(fcntl(fd, "F_GETFD")).toBe(1);
  expect(() => writeSync(fd, "y", 0)).toThrow("EPERM");
  expect(() => ftruncateSync(fd, 0)).toThrow("EPERM");
  const again = keep(openSync(`/proc/self/fd/${fd}`, "r+") as Fd);
  expect(() => writeSync(again, "y", 0)).toThrow("EPERM");
  // F_SEAL_SEAL|SHRINK|GROW|WRITE; F_SEAL_FUTURE_WRITE (0x10) must not be there.
  expect(fcntl(fd, "F_GET_SEALS") & 0x1f).toBe(0x0f);
});

test("a failure names the call", () => {
  expect(() => memfd_create("n".repeat(300), 1)).toThrow(/^memfd_create\("n+"\.*, MFD_CLOEXEC\) = -1 EINVAL/);
});

test("a duplicate lies above the given number and is closed by an execve", () => {
  const fd = keep(memfd_create("a", 1));
  const copy = keep(duplicate(fd, 200));
  expect(copy).toBeGreaterThanOrEqual(200);
  expect(fcntl(copy, "F_GETFD")).toBe(1);
  setCloseOnExec(copy, false);
  expect(fcntl(copy, "F_GETFD")).toBe(0);
  expect(isOpen(copy)).toBe(true);
  close(copy);
  expect(isOpen(copy)).toBe(false);
});
