// SPDX-License-Identifier: Apache-2.0
/** Images that run. Each plan runs on this machine, and as an arm64 image under qemu. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, type TestContext, test } from "vitest";
import { CLONE } from "../../src/kernel/clone.ts";
import { FUTEX } from "../../src/kernel/futex.ts";
import { AT, O, S } from "../../src/kernel/open.ts";
import { STATX } from "../../src/kernel/statx.ts";
import {
  address,
  buffer,
  bytes,
  flags,
  int,
  NULL,
  out,
  ref,
  string,
  strings,
  struct,
} from "../../src/plan/operands.ts";
import { NEXT, type Operand, type Plan, type Step } from "../../src/plan/step.ts";
import { requires } from "../requires.ts";
import { act, call, exit, HOST, plan, print, type Run, run } from "./images.ts";

const MACHINES = [
  ["this machine", HOST],
  ["arm64 under qemu", "arm64"],
] as const;

const EINVAL = 22;
const ENOENT = 2;
const SIGCHLD = 17;
const AT_FDCWD = flags(AT, AT.AT_FDCWD);
const MISSING = string("/there/is/no/such/file");

describe.each(MACHINES)("on %s", (machine, arch) => {
  const start = (t: TestContext, steps: readonly Step[], rest: Partial<Plan> = {}): Run => {
    const isEmulated = machine !== "this machine";
    if (isEmulated) requires(t, "qemu-aarch64");
    return run(plan(steps, { arch, ...rest }), isEmulated ? ["qemu-aarch64"] : []);
  };
  const show = (operand: Operand, size: number, rest = {}) => call("write", [int(1), operand, int(size)], rest);

  test("an image makes its calls in order and ends with the status that it was told", (t) => {
    const { status, stdout, stderr, report } = start(t, [print("one "), print("two "), print("three\n"), exit(7)]);
    expect({ status, stdout, stderr, report }).toEqual({
      status: 7,
      stdout: "one two three\n",
      stderr: "",
      report: undefined,
    });
  });

  test("acts of the runtime take no part", (t) => {
    const { status, report } = start(t, [
      act("created"),
      print("x"),
      act("created"),
      call("chdir", [MISSING]),
      exit(0),
    ]);
    expect(status).toBe(1);
    expect(report).toEqual({ kind: "failure", step: 1, errno: ENOENT, result: -2n, log: "" });
  });

  test("execve gets its arguments and its environment", (t) => {
    const script = 'echo "$0,$1,$X,$Y"';
    const args = ["sh", "-c", script, "zero", "o n e"];
    const { stdout } = start(t, [call("execve", [string("/bin/sh"), strings(args), strings(["X=1", "Y="])])]);
    expect(stdout).toBe("zero,o n e,1,\n");
  });

  test("a thread of the image shares its results, and needs no stack of its own", (t) => {
    const { CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND, CLONE_THREAD, CLONE_SYSVSEM } = CLONE;
    const thread = flags(CLONE, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM);
    const limit = struct("timespec", { tv_sec: int(1) });
    const { status, stdout, report } = start(t, [
      call("fcntl", [ref("report"), int(1), int(0)], { result: "seen", expect: 0 }),
      call("clone", [thread, NULL, NULL, NULL, NULL], { branch: { value: 0, equal: NEXT, other: "first" } }),
      // It ends with EAGAIN as soon as the value is another than 0.
      call("futex", [address("seen"), flags(FUTEX, FUTEX.FUTEX_WAIT_PRIVATE), int(0), limit], {
        tolerate: { EAGAIN: "told", ETIMEDOUT: "told" },
        branch: { value: 0, equal: "told", other: "told" },
      }),
      print("told", { label: "told" }),
      show(address("seen"), 8),
      exit(5),
      call("getpid", [], { label: "first", result: "seen" }),
      call("exit", [int(0)]),
    ]);
    expect({ status, report }).toEqual({ status: 5, report: undefined });
    const pid = Buffer.from(stdout.slice("told".length), "latin1").readBigUInt64LE(0);
    expect([stdout.slice(0, 4), pid > 1n]).toEqual(["told", true]);
  });

  describe("errors", () => {
    test("an error ends the start: nothing after it is done, and the report tells it", (t) => {
      const { status, stdout, report } = start(t, [print("before"), call("chdir", [MISSING]), print("after"), exit(0)]);
      expect({ status, stdout }).toEqual({ status: 1, stdout: "before" });
      expect(report).toEqual({ kind: "failure", step: 1, errno: ENOENT, result: -2n, log: "" });
    });

    test("a tolerated errno goes on with the next step", (t) => {
      const { status, stdout } = start(t, [
        call("chdir", [MISSING], { tolerate: { ENOENT: NEXT } }),
        print("x"),
        exit(3),
      ]);
      expect({ status, stdout }).toEqual({ status: 3, stdout: "x" });
    });

    test("another errno than the tolerated ones is a failure", (t) => {
      const tolerate = { EPERM: NEXT, EACCES: NEXT, ENOTDIR: NEXT, ELOOP: NEXT };
      const { report } = start(t, [call("chdir", [MISSING], { tolerate }), exit(3)]);
      expect(report).toMatchObject({ step: 0, errno: ENOENT });
    });

    test.for([0, 1, 2, 3])("an errno is tolerated at place %i of four", (place, t) => {
      const names = ["EPERM", "EACCES", "ELOOP"];
      names.splice(place, 0, "ENOENT");
      const tolerate = Object.fromEntries(names.map((name) => [name, name === "ENOENT" ? "there" : "elsewhere"]));
      const { stdout } = start(t, [
        call("chdir", [MISSING], { tolerate }),
        print("skipped"),
        print("elsewhere", { label: "elsewhere" }),
        print("there", { label: "there" }),
        exit(0),
      ]);
      expect(stdout).toBe("there");
    });

    test("a tolerated error is kept as the result, so that no other file is taken for it", (t) => {
      const { stdout } = start(t, [
        call("openat", [AT_FDCWD, MISSING, flags(O, O.O_RDONLY)], { result: "file", tolerate: { ENOENT: NEXT } }),
        show(address("file"), 8),
        exit(0),
      ]);
      expect(stdout).toBe("\xfe\xff\xff\xff\xff\xff\xff\xff");
    });

    test("a result whose step was jumped over is no file descriptor", (t) => {
      const { report } = start(t, [
        call("chdir", [MISSING], { tolerate: { ENOENT: "after" } }),
        call("openat", [AT_FDCWD, string("/"), flags(O, O.O_RDONLY)], { result: "root" }),
        call("fchdir", [ref("root")], { label: "after" }),
        exit(0),
      ]);
      expect(report).toMatchObject({ step: 2, errno: 9 });
    });
  });

  describe("control", () => {
    test("the demanded result is no failure", (t) => {
      expect(start(t, [print("abc", { expect: 3 }), exit(0)]).report).toBeUndefined();
    });

    test("another result than the demanded one is told with EINVAL and the result", (t) => {
      const { stdout, report } = start(t, [print("abc", { expect: 4n }), print("after"), exit(0)]);
      expect(stdout).toBe("abc");
      expect(report).toEqual({ kind: "failure", step: 0, errno: EINVAL, result: 3n, log: "" });
    });

    test("a demanded result that another step does not keep stays as it was", (t) => {
      const { report } = start(t, [
        call("dup3", [ref("report"), int(9), int(0)], { result: "report" }),
        call("dup3", [ref("report"), int(10), int(0)], { result: "report", expect: 11 }),
        exit(0),
      ]);
      expect(report).toMatchObject({ step: 1, result: 10n });
    });

    test.for([
      [2, "equal"],
      [3, "other"],
    ] as const)("a branch on 2 with the result %i goes to %s", ([length, way], t) => {
      const { stdout } = start(t, [
        call("write", [int(1), bytes("..."), int(length)], { branch: { value: 2, equal: "equal", other: "other" } }),
        print("skipped"),
        print("equal", { label: "equal" }),
        exit(0),
        print("other", { label: "other" }),
        exit(0),
      ]);
      expect(stdout).toBe("...".slice(0, length) + way);
    });

    test("a branch on NEXT goes on", (t) => {
      const { stdout } = start(t, [
        print("ab", { branch: { value: 2, equal: NEXT, other: "end" } }),
        print("c"),
        exit(0, { label: "end" }),
      ]);
      expect(stdout).toBe("abc");
    });

    test("clone: the parent waits for the child and sees its status", (t) => {
      const { status, stdout, report } = start(t, [
        call("clone", [int(SIGCHLD), NULL], { result: "pid", branch: { value: 0, equal: "child", other: "parent" } }),
        print("child ", { label: "child" }),
        exit(3),
        call("wait4", [ref("pid"), out("int"), int(0), NULL], {
          label: "parent",
          checks: [{ field: "value", mask: 0xff00n, value: 0x300n, errno: "ECHILD" }],
        }),
        print("parent"),
        exit(5),
      ]);
      expect({ status, stdout, report }).toEqual({ status: 5, stdout: "child parent", report: undefined });
    });
  });

  describe("results", () => {
    test("a result is an operand of later steps; stored to again, it is the new one", (t) => {
      const { stdout } = start(t, [
        print("ab", { result: "length" }),
        show(bytes("12345"), 3, { result: "length" }),
        call("write", [int(1), bytes("vwxyz"), ref("length")]),
        show(address("length"), 8),
        exit(0),
      ]);
      expect(stdout).toBe("ab123vwx\x03\0\0\0\0\0\0\0");
    });

    test("a step may replace the result that it uses", (t) => {
      const { stdout } = start(t, [
        print("ab", { result: "n" }),
        call("write", [int(1), bytes("xyz"), ref("n")], { result: "n" }),
        show(address("n"), 1),
        exit(0),
      ]);
      expect(stdout).toBe("abxy\x02");
    });

    test("inputs are file descriptors with a name", (t) => {
      const { stdout } = start(t, [call("write", [ref("screen"), bytes("x"), int(1)]), exit(0)], {
        inputs: { screen: 1, report: 3, start: 4 },
      });
      expect(stdout).toBe("x");
    });

    test("a result in a structure leaves the fields around it alone", (t) => {
      const header = struct("user_cap_header", { version: ref("n"), pid: int(-2) });
      const data = struct("user_cap_data", { effective0: int(0x1111), permitted0: ref("n"), effective1: ref("n") });
      const { stdout } = start(t, [print("abc", { result: "n" }), show(header, 8), show(data, 24), exit(0)]);
      expect(stdout).toBe("abc\x03\0\0\0\xfe\xff\xff\xff" + "\x11\x11\0\0\x03\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0");
    });

    test("a structure gets the result that is known when its step runs", (t) => {
      const { stdout } = start(t, [
        print("a", { result: "n" }),
        print("bc", { result: "n" }),
        show(struct("int", { value: ref("n") }), 4),
        exit(0),
      ]);
      expect(stdout).toBe("abc\x02\0\0\0");
    });

    test("structures point to structures", (t) => {
      const vector = struct("iovec", { iov_base: bytes("message"), iov_len: ref("n") });
      const header = struct("msghdr", { msg_iov: vector, msg_iovlen: int(1) });
      const { stdout } = start(t, [print("abcd", { result: "n" }), call("sendmsg", [int(1), header, int(0)]), exit(0)]);
      expect(stdout).toBe("abcdmess");
    });
  });

  describe("checks", () => {
    const DEVICE = [
      { field: "stx_mode", mask: BigInt(S.S_IFMT), value: BigInt(S.S_IFCHR), errno: "ENOTBLK" },
      { field: "stx_rdev_major", value: 1n, errno: "ENODEV" },
      { field: "stx_rdev_minor", value: 3n, errno: "ENXIO" },
    ] as const;
    const stat = (path: string) =>
      call("statx", [AT_FDCWD, string(path), int(0), flags(STATX, STATX.STATX_BASIC_STATS), out("statx")], {
        checks: DEVICE,
        tolerate: { ENOENT: NEXT },
      });

    test("what the kernel filled in is as asked", (t) => {
      expect(start(t, [stat("/dev/null"), exit(4)])).toMatchObject({ status: 4, report: undefined });
    });

    test("the first field that is not as asked is told with its errno and what it holds", (t) => {
      const { report } = start(t, [print("x"), stat("/dev/zero"), exit(4)]);
      expect(report).toEqual({ kind: "failure", step: 4, errno: 6, result: 5n, log: "" });
      const { report: other } = start(t, [stat("/"), exit(4)]);
      expect(other).toMatchObject({ step: 1, errno: 15, result: BigInt(S.S_IFDIR) });
    });

    test("a tolerated error skips the checks", (t) => {
      expect(start(t, [stat("/there/is/no/such/file"), exit(4)])).toMatchObject({ status: 4, report: undefined });
    });

    test("the bytes of memory without a layout are named by their offsets", (t) => {
      const cwd = (errno: "ENOENT", value: string) =>
        call("getcwd", [buffer(4096), int(4096)], {
          checks: [{ field: "0", value: BigInt(value.charCodeAt(0)), errno }],
        });
      expect(start(t, [cwd("ENOENT", "/"), exit(4)])).toMatchObject({ status: 4 });
      expect(start(t, [cwd("ENOENT", "("), exit(4)]).report).toMatchObject({ errno: ENOENT, result: 0x2fn });
    });

    test("memory that is to be filled is zero, and each operand has its own", (t) => {
      const random = call("read", [ref("zero"), buffer(16), int(16)], { expect: 16 });
      const { stdout } = start(t, [
        call("openat", [AT_FDCWD, string("/dev/urandom"), flags(O, O.O_RDONLY)], { result: "zero" }),
        random,
        show(buffer(16), 16),
        random,
        exit(0),
      ]);
      expect(stdout).toBe("\0".repeat(16));
    });
  });

  describe("messages", () => {
    const send = (operand: Operand, size: number) =>
      call("sendto", [ref("report"), operand, int(size), int(0), NULL, int(0)]);

    test("a word", (t) => {
      const { report } = start(t, [send(bytes("created"), 7), exit(0)]);
      expect(report).toEqual({ kind: "word", word: "created" });
    });

    test("a pid", (t) => {
      const { report } = start(t, [call("getpid", [], { result: "pid" }), send(address("pid"), 8), exit(0)]);
      expect(report).toMatchObject({ kind: "pid" });
    });

    test("a failure goes where `report` leads at that time", (t) => {
      const { status, report } = start(t, [
        call("dup3", [ref("report"), int(9), int(0)], { result: "report" }),
        call("close", [int(3)]),
        call("chdir", [MISSING]),
        exit(0),
      ]);
      expect(status).toBe(1);
      expect(report).toMatchObject({ kind: "failure", step: 2 });
    });

    test("nobody listens: the image still ends", (t) => {
      const { status, signal, report } = start(t, [call("close", [int(3)]), call("chdir", [MISSING]), exit(0)]);
      expect({ status, signal, report }).toEqual({ status: 1, signal: null, report: undefined });
    });
  });
});

describe("filesystem contexts", () => {
  const configure = (value: string) => [
    call("fsopen", [string("tmpfs"), int(1)], { result: "fs" }),
    call("fsconfig", [ref("fs"), int(1), string("size"), string(value), int(0)], { context: "fs" }),
    exit(0),
  ];

  test("a failure carries what the kernel said", (t) => {
    requires(t, "root");
    const { report } = run(plan(configure("what")));
    expect(report).toMatchObject({ kind: "failure", step: 1, errno: EINVAL, result: -22n });
    expect(report).toHaveProperty("log", expect.stringMatching(/^e tmpfs: Bad value for 'size'\n$/));
  });

  test("a success reads no log", (t) => {
    requires(t, "root");
    expect(run(plan(configure("1m")))).toMatchObject({ status: 0, report: undefined });
  });
});

describe("under strace", () => {
  const trace = (t: TestContext, steps: readonly Step[], ...options: readonly string[]) => {
    requires(t, "strace");
    const directory = mkdtempSync(join(tmpdir(), "tsrun-emit-"));
    try {
      const file = join(directory, "trace");
      const result = run(plan(steps), ["strace", "-f", "-o", file, ...options]);
      // A line is pid and call.
      const calls = readFileSync(file, "utf8")
        .split("\n")
        .map((line) => line.replace(/^\d+ +/, ""));
      return { ...result, calls: calls.slice(1, -1) };
    } finally {
      rmSync(directory, { recursive: true });
    }
  };

  test("the calls of the plan are made, and no other", (t) => {
    const { calls } = trace(t, [
      print("x"),
      call("openat", [AT_FDCWD, string("/dev/null"), flags(O, O.O_WRONLY | O.O_CLOEXEC)], { result: "null" }),
      call("write", [ref("null"), bytes("ä\n"), int(3)]),
      call("chdir", [MISSING], { tolerate: { ENOENT: NEXT } }),
      exit(2),
    ]);
    expect(calls.map((line) => line.replace(/\) += /, ") = "))).toEqual(
      [
        'write(1, "x", 1) = 1',
        'openat(AT_FDCWD, "/dev/null", O_WRONLY|O_CLOEXEC) = 5',
        'write(5, "\\303\\244\\n", 3) = 3',
        'chdir("/there/is/no/such/file") = -1 ENOENT (No such file or directory)',
        "exit_group(2) = ?",
        "+++ exited with 2 +++",
      ].map((line) => line.replaceAll("5", fdOf(calls))),
    );
  });

  test("an interrupted call is made again", (t) => {
    const { stdout, calls } = trace(t, [print("x"), exit(0)], "-e", "inject=write:error=EINTR:when=1..3");
    expect(stdout).toBe("x");
    expect(calls.filter((line) => line.startsWith("write("))).toHaveLength(4);
  });

  test("an interrupted report is sent again", (t) => {
    const { report } = trace(t, [call("chdir", [MISSING]), exit(0)], "-e", "inject=sendto:error=EINTR:when=1..2");
    expect(report).toMatchObject({ kind: "failure", errno: ENOENT });
  });

  test("every errno from 1 to 4095 is an error, and no other result is", (t) => {
    const failed = trace(t, [call("getuid", []), exit(0)], "-e", "inject=getuid:error=4095");
    expect(failed.report).toMatchObject({ kind: "failure", errno: 4095, result: -4095n });
    for (const result of [-4096n, 1n << 63n, 0n]) {
      const { status } = trace(
        t,
        [call("getuid", []), exit(0)],
        "-e",
        `inject=getuid:retval=${BigInt.asUintN(64, result)}`,
      );
      expect(status).toBe(0);
    }
  });
});

/** The fd that openat returned in a trace: how many are open is the test runner's affair. */
function fdOf(calls: readonly string[]): string {
  return /O_CLOEXEC\) += (\d+)/.exec(calls.join("\n"))?.[1] ?? "none";
}
