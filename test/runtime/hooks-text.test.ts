// SPDX-License-Identifier: Apache-2.0
/** What is told of a hook's output, which a hostile hook has in its hands. */
import { writeSync } from "node:fs";
import { expect, test } from "vitest";
import { close, type Fd } from "../../src/native/fd.ts";
import { memlog } from "../../src/native/memfd.ts";
import { rawSyscall } from "../../src/native/syscall.ts";
import { readOutput } from "../../src/runtime/hooks-text.ts";

const FTRUNCATE = process.arch === "arm64" ? 46 : 77;

test.each([
  ["nothing", () => {}, ""],
  ["a word", (fd: Fd) => writeSync(fd, " said\n"), "said"],
  ["more than is told", (fd: Fd) => writeSync(fd, `${"a".repeat(5000)}b`), `${"a".repeat(4095)}b`],
  ["what a terminal would obey", (fd: Fd) => writeSync(fd, "\x1b]0;x\x07\r\u202e"), "?]0;x???"],
  ["a size beyond all numbers", (fd: Fd) => rawSyscall(FTRUNCATE, fd, 2n ** 62n), "?".repeat(4096)],
])("of a file with %s", (_, make, told) => {
  const fd = memlog("output");
  try {
    make(fd);
    expect(readOutput(fd)).toBe(told);
  } finally {
    close(fd);
  }
});
