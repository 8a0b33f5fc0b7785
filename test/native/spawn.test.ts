// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { close, type Fd, fcntl } from "../../src/native/fd.ts";
import { memfd_create, sealedMemfd } from "../../src/native/memfd.ts";
import { spawn } from "../../src/native/spawn.ts";
import { waitpid } from "../../src/native/wait.ts";

/** Runs a program whose descriptor 1 is a memfd; tells what it wrote. */
function outputOf(file: string | Fd, argv: string[], fds: [number, number][] = [], env: string[] = []): string {
  const out = memfd_create("out", 1);
  try {
    const pid = spawn({ file, argv, env, fds: [[out, 1], ...fds] });
    expect(waitpid(pid)).toEqual({ exited: 0 });
    return readFileSync(`/proc/self/fd/${out}`, "utf8");
  } finally {
    close(out);
  }
}

test("arguments and environment arrive as they are", () => {
  expect(outputOf("/bin/sh", ["sh", "-c", 'echo "$0 $1 $A"', "é", "two words"], [], ["A=1", "PATH=/bin"])).toBe(
    "sh two words 1\n".replace("sh", "é"),
  );
});

test("signals are at their defaults, none is blocked, whatever this process does", () => {
  const ignore = () => {};
  process.on("SIGUSR1", ignore);
  try {
    const status = outputOf("/bin/cat", ["cat", "/proc/self/status"]);
    expect(status).toMatch(/^SigBlk:\t0{16}$/m);
    expect(status).toMatch(/^SigIgn:\t0{16}$/m);
  } finally {
    process.off("SIGUSR1", ignore);
  }
});

test("only what is asked for is inherited; a descriptor onto itself loses close-on-exec", () => {
  const fd = memfd_create("kept", 1);
  try {
    const list = outputOf("/bin/ls", ["ls", "/proc/self/fd"], [[fd, fd]]);
    // ls itself opens the directory: one more number.
    expect(list.split("\n").filter(Boolean)).toContain(String(fd));
    const bare = outputOf("/bin/ls", ["ls", "/proc/self/fd"]);
    expect(bare.split("\n").filter(Boolean).length).toBeLessThanOrEqual(4);
    expect(fcntl(fd, "F_GETFD")).toBe(1);
  } finally {
    close(fd);
  }
});

test("two descriptors can change places, and the file itself may have a target's number", () => {
  const [a, b] = [memfd_create("a", 1), memfd_create("b", 1)];
  const cat = sealedMemfd("cat", readFileSync("/bin/readlink"));
  try {
    const fds: [number, number][] = [
      [a, b],
      [b, a],
      [a, cat],
    ];
    const argv = ["readlink", `/proc/self/fd/${a}`, `/proc/self/fd/${b}`, `/proc/self/fd/${cat}`];
    expect(outputOf(cat, argv, fds)).toBe("/memfd:b (deleted)\n/memfd:a (deleted)\n/memfd:a (deleted)\n");
  } finally {
    for (const fd of [a, b, cat]) close(fd);
  }
});

test("a program that cannot be run is an error with the errno of execve", () => {
  const program = { argv: ["x"], env: [], fds: [] };
  expect(() => spawn({ file: "/no/such", ...program })).toThrow(
    expect.objectContaining({ errno: "ENOENT", call: 'posix_spawn("/no/such", ["x"])' }),
  );
  expect(() => spawn({ file: "/", ...program })).toThrow(expect.objectContaining({ errno: "EACCES" }));
});
