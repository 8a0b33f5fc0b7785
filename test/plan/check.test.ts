// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { O } from "../../src/kernel/open.ts";
import { checkPlan } from "../../src/plan/check.ts";
import { address, bytes, flags, int, mode, NULL, out, ref, string, strings, struct } from "../../src/plan/operands.ts";
import { type Act, type Call, NEXT, type Plan, type Stage, type Step } from "../../src/plan/step.ts";

type Rest = Partial<Omit<Call, "call" | "args">>;

function call(stage: Stage, name: Call["call"], args: Call["args"], rest: Rest = {}): Call {
  return { call: name, args, stage, from: "", ...rest };
}

function send(stage: Stage, word: string): Call {
  return call(stage, "sendto", [ref("report"), bytes(word), int(word.length), int(0), NULL, int(0)]);
}

function act(value: { act: "wait" | "answer"; message: "map" | "pid" | "created" }): Act {
  return { stage: "runtime", from: "", ...value };
}

const EXEC = call("process", "execve", [string("/bin/sh"), strings(["sh"]), strings([])]);
const READ = call("bootstrap", "recvfrom", [ref("report"), out("char8"), int(1), int(0), NULL, NULL]);
const CHDIR = call("init", "chdir", [string("/")]);

const plan = (...steps: readonly Step[]): Plan => ({ arch: "x64", steps, inputs: { report: 3, start: 4 } });

/** A start in small: two processes, a message each way, a search along PATH. */
const SOUND = plan(
  { act: "spawn", stage: "runtime", from: "" },
  send("bootstrap", "map"),
  act({ act: "wait", message: "map" }),
  act({ act: "answer", message: "map" }),
  READ,
  call("bootstrap", "clone", [int(17), NULL], { result: "init", branch: { value: 0, equal: "init", other: NEXT } }),
  call("bootstrap", "sendto", [ref("report"), address("init"), int(8), int(0), NULL, int(0)]),
  act({ act: "wait", message: "pid" }),
  call("bootstrap", "exit_group", [int(0)]),
  call("init", "openat", [int(-100), string("/"), flags(O, O.O_PATH)], { label: "init", result: "root" }),
  call("init", "mkdirat", [ref("root"), string("dev"), mode(0o755)], { tolerate: { EEXIST: NEXT } }),
  send("init", "created"),
  act({ act: "wait", message: "created" }),
  call("process", "accept4", [ref("start"), NULL, NULL, int(0)]),
  { ...EXEC, tolerate: { ENOENT: NEXT, EACCES: "last" } },
  { ...EXEC, tolerate: { ENOENT: NEXT } },
  { ...EXEC, label: "last" },
);

test("a sound plan has no findings", () => {
  expect(checkPlan(SOUND)).toEqual([]);
});

test("a start without a program ends by itself", () => {
  expect(checkPlan(plan(CHDIR, call("process", "exit_group", [int(1)])))).toEqual([]);
});

describe("a broken plan is told with the number of the step", () => {
  const broken: readonly (readonly [title: string, plan: Plan, findings: readonly string[]])[] = [
    [
      "a name that nothing defines",
      plan(call("init", "fchdir", [ref("root")]), EXEC),
      ["step 1: $root is not known on every way to it"],
    ],
    [
      "a name inside a structure",
      plan(
        call("init", "mount_setattr", [
          int(3),
          string(""),
          int(0),
          struct("mount_attr", { userns_fd: ref("ns") }),
          int(32),
        ]),
        EXEC,
      ),
      ["step 1: $ns is not known on every way to it"],
    ],
    [
      "a context that nothing defines",
      plan({ ...CHDIR, context: "fs" }, EXEC),
      ["step 1: $fs is not known on every way to it"],
    ],
    [
      "a name that one way leaves out",
      plan(
        call("init", "fsopen", [string("proc"), int(0)], { result: "fs", tolerate: { ENODEV: NEXT } }),
        call("init", "fchdir", [ref("fs")]),
        EXEC,
      ),
      ["step 2: $fs is not known on every way to it"],
    ],
    [
      "a name that is defined behind a jump over it",
      plan(
        call("init", "getpid", [], { branch: { value: 1, equal: "end", other: NEXT } }),
        call("init", "fsopen", [string("proc"), int(0)], { result: "fs" }),
        call("init", "fchdir", [ref("fs")], { label: "end" }),
        EXEC,
      ),
      ["step 3: $fs is not known on every way to it"],
    ],
    [
      "a label that is nowhere",
      plan({ ...CHDIR, tolerate: { ENOENT: "end" } }, EXEC),
      ["step 1: no step has the label end"],
    ],
    [
      "a jump backwards",
      plan({ ...CHDIR, label: "again" }, { ...CHDIR, tolerate: { ENOENT: "again" } }, EXEC),
      ["step 2: the label again lies behind it"],
    ],
    [
      "a label that stands twice",
      plan({ ...CHDIR, label: "a" }, { ...EXEC, label: "a" }),
      ["step 2: the label a stands twice"],
    ],
    [
      "a step to which no way leads",
      plan(call("init", "exit", [int(0)]), CHDIR, EXEC),
      ["step 2: no way leads here", "step 3: no way leads here"],
    ],
    [
      "steps behind execve",
      plan(EXEC, { ...CHDIR, stage: "process" }),
      ["step 2: no way leads here", "step 2: the image ends with chdir in stage process"],
    ],
    [
      "an execve that may return to nothing",
      plan({ ...EXEC, tolerate: { ENOENT: NEXT } }),
      ["step 1: nothing follows it, but it can return"],
    ],
    ["an end in init", plan({ ...EXEC, stage: "init" }), ["step 1: the image ends with execve in stage init"]],
    [
      "an end by itself in init",
      plan(call("init", "exit_group", [int(1)])),
      ["step 1: the image ends with exit_group in stage init"],
    ],
    ["no image at all", plan({ act: "spawn", stage: "runtime", from: "" }), ["the image has no steps"]],
    [
      "a call of stage runtime",
      plan({ ...CHDIR, stage: "runtime" }, EXEC),
      ["step 1: a call of the image in stage runtime"],
    ],
    [
      "an act in the image",
      plan({ act: "spawn", stage: "init", from: "" }, EXEC),
      ["step 1: an act of the runtime in stage init"],
    ],
    [
      "stages in another order",
      plan({ ...CHDIR, stage: "process" }, CHDIR, EXEC),
      ["step 2: stage init after stage process"],
    ],
    [
      "too few operands",
      plan(call("init", "mkdirat", [int(3), string("a")]), EXEC),
      ["step 1: mkdirat takes 3 operands, got 2"],
    ],
    [
      "too many operands",
      plan(call("init", "openat", [int(3), string("a"), int(0), int(0), int(0)]), EXEC),
      ["step 1: openat takes 3 to 4 operands, got 5"],
    ],
    [
      "a field that a structure does not have",
      plan(call("init", "openat2", [int(3), string("a"), struct("open_how", { umask: int(0) }), int(24)]), EXEC),
      ["step 1: open_how has no field umask"],
    ],
    ["a NUL in a path", plan(call("init", "chdir", [string("/a\0b")]), EXEC), ['step 1: a NUL inside "/a\\0b"']],
    [
      "a NUL in an argument",
      plan({ ...EXEC, args: [string("/a"), strings(["a", "b\0"]), strings([])] }),
      ['step 1: a NUL inside "b\\0"'],
    ],
    [
      "a NUL in a path of the runtime",
      plan({ act: "mkdir", path: "/\0", mode: 0, stage: "runtime", from: "" }, EXEC),
      ['step 1: a NUL inside "/\\0"'],
    ],
    [
      "EINTR tolerated",
      plan({ ...CHDIR, tolerate: { EINTR: NEXT } }, EXEC),
      ["step 1: EINTR is always retried, it cannot be tolerated"],
    ],
    [
      "more errnos than a record has room for",
      plan({ ...CHDIR, tolerate: { ENOENT: NEXT, ENODEV: NEXT, EPERM: NEXT, EACCES: NEXT, EROFS: NEXT } }, EXEC),
      ["step 1: tolerates 5 errnos, 4 at most"],
    ],
    [
      "a branch and a demanded result",
      plan({ ...CHDIR, expect: 0, branch: { value: 0, equal: NEXT, other: NEXT } }, EXEC),
      ["step 1: both a branch and a demanded result"],
    ],
    [
      "a check of what nothing fills",
      plan(
        call("init", "fstatfs", [int(3), out("statfs")], { checks: [{ field: "f_typ", value: 1n, errno: "EINVAL" }] }),
        EXEC,
      ),
      ["step 1: fstatfs fills no field f_typ"],
    ],
    [
      "a word that nobody sends",
      plan(act({ act: "wait", message: "created" }), EXEC),
      ['the image never sends "created"'],
    ],
    ["a word that nobody waits for", plan(send("init", "created"), EXEC), ['nobody waits for "created"']],
    ["a pid that nobody sends", plan(act({ act: "wait", message: "pid" }), EXEC), ['the image never sends "pid"']],
    [
      "an answer that nobody reads",
      plan(act({ act: "answer", message: "map" }), EXEC),
      ["the runtime answers 1 times, the image reads 0 answers"],
    ],
    ["an answer that nobody gives", plan(READ, EXEC), ["the runtime answers 0 times, the image reads 1 answers"]],
  ];

  test.each(broken)("%s", (_, value, findings) => {
    expect(checkPlan(value)).toEqual(findings);
  });
});
