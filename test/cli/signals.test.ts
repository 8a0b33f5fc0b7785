// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:os";
import { expect, test } from "vitest";
import { exitCode, forwardedSignals } from "../../src/cli/foreground.ts";
import { parseSignal, stopSignal } from "../../src/cli/signals.ts";

test.each([
  ["TERM", 15],
  ["SIGTERM", 15],
  ["sigterm", 15],
  ["kill", 9],
  ["Hup", 1],
  ["9", 9],
  ["09", 9],
  ["0", 0],
  ["64", 64],
  ["RTMIN", 34],
  ["SIGRTMIN+3", 37],
  ["rtmax-1", 63],
  ["RTMAX", 64],
  ["POLL", 29],
  ["CLD", 17],
])("%s is signal %i", (text, number) => {
  expect(parseSignal(text)).toBe(number);
});

test.each(["", "FOO", "SIG", "SIGSIGTERM", "65", "-9", "1.5", "0x9", "TERM ", "RTMIN+31", "RTMAX-31", "constructor"])(
  "%j is no signal",
  (text) => {
    expect(() => parseSignal(text)).toThrow(expect.objectContaining({ code: "ETSRUN_USAGE", option: "signal" }));
  },
);

test("the image says by which signal it wants to be ended, or else it is SIGTERM", () => {
  const annotated = (text: string) => stopSignal({ "org.opencontainers.image.stopSignal": text });
  expect([stopSignal(), stopSignal({}), annotated(""), annotated("15")]).toEqual([15, 15, 15, 15]);
  expect([annotated("SIGQUIT"), annotated("SIGRTMIN+3")]).toEqual([3, 37]);
  expect(() => annotated("HALT")).toThrow(expect.objectContaining({ code: "ETSRUN_USAGE", option: "signal" }));
});

test("every name that the system has is known, with its number", () => {
  for (const [name, number] of Object.entries(constants.signals)) {
    expect(parseSignal(name)).toBe(number);
    expect(parseSignal(name.toLowerCase().slice(3))).toBe(number);
  }
});

test("in the foreground all signals are forwarded that are meant for the process", () => {
  const names = forwardedSignals();
  expect(names).toEqual(
    expect.arrayContaining([
      "SIGTERM",
      "SIGINT",
      "SIGHUP",
      "SIGQUIT",
      "SIGUSR1",
      "SIGUSR2",
      "SIGTSTP",
      "SIGCONT",
      "SIGALRM",
    ]),
  );
  for (const name of ["SIGKILL", "SIGSTOP", "SIGCHLD", "SIGPIPE", "SIGURG", "SIGWINCH", "SIGSEGV"])
    expect(names).not.toContain(name);
});

test("the exit code of a process is its own, or 128 and the signal", () => {
  expect(exitCode({ code: 7 })).toBe(7);
  expect(exitCode({ signal: 9 })).toBe(137);
});
