// SPDX-License-Identifier: Apache-2.0
import { openSync, readSync, writeSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { close, type Fd } from "../../src/native/fd.ts";
import {
  openPty,
  ptyPeer,
  rawMode,
  setWindowSize,
  tcgetattr,
  tcsetattr,
  windowSize,
  withoutOnlcr,
} from "../../src/native/terminal.ts";

const { master, number } = openPty();
const peer = ptyPeer(master);
afterAll(() => [master, peer].forEach(close));

/** What the program writes, as the other side reads it. */
function through(from: Fd, to: Fd, text: string): string {
  writeSync(from, text);
  const bytes = Buffer.alloc(64);
  return bytes.toString("latin1", 0, readSync(to, bytes));
}

test("the number names the other side", () => {
  const named = openSync(`/dev/pts/${number}`, "r+") as Fd;
  expect(through(named, master, "a")).toBe("a");
  close(named);
});

test("a size set on one side is told by the other", () => {
  setWindowSize(master, { rows: 24, columns: 80 });
  expect(windowSize(peer)).toEqual({ rows: 24, columns: 80 });
  expect(() => windowSize(openSync("/dev/null", "r") as Fd)).toThrow(expect.objectContaining({ errno: "ENOTTY" }));
});

test("newlines become CR LF unless that is turned off; raw mode passes and echoes nothing", () => {
  const before = tcgetattr(peer);
  expect(through(peer, master, "x\n")).toBe("x\r\n");
  tcsetattr(peer, withoutOnlcr(before));
  expect(through(peer, master, "x\n")).toBe("x\n");
  tcsetattr(peer, rawMode(before));
  expect(through(peer, master, "x\n")).toBe("x\n");
  expect(through(master, peer, "\x03\x04q")).toBe("\x03\x04q");
  tcsetattr(peer, before);
  expect(tcgetattr(master)).toEqual(before);
  expect(through(peer, master, "x\n")).toBe("x\r\n");
});
