// SPDX-License-Identifier: Apache-2.0
/** The proof engine itself, on logs written by hand: what is equal passes, what differs is told. */
import { describe, expect, test } from "vitest";
import { MOUNT_ATTR } from "../../src/kernel/mount.ts";
import { address, buffer, flags, int, mode, NULL, out, ref, string, strings } from "../../src/plan/operands.ts";
import { type Call, NEXT, type Plan, type Stage } from "../../src/plan/step.ts";
import { readLog } from "../strace/log.ts";
import { matchStrace } from "../strace/match.ts";

function call(stage: Stage, name: Call["call"], args: Call["args"], rest: Partial<Call> = {}): Call {
  return { call: name, args, stage, from: "", ...rest };
}

const PLAN: Plan = {
  arch: "x64",
  inputs: { report: 3, start: 4 },
  steps: [
    { act: "spawn", stage: "runtime", from: "" },
    call("bootstrap", "close_range", [int(5), int(-1), int(0)]),
    call("bootstrap", "clone", [int(0x20011), NULL], {
      result: "init",
      branch: { value: 0, equal: "init", other: NEXT },
    }),
    call("bootstrap", "sendto", [ref("report"), address("init"), int(8), int(0), NULL, int(0)]),
    { act: "wait", message: "pid", stage: "runtime", from: "" },
    call("bootstrap", "exit_group", [int(0)]),
    call("init", "umask", [mode(0o22)], { label: "init", result: "mask" }),
    call("init", "mkdirat", [ref("start"), string("a"), mode(0o755)], { tolerate: { EEXIST: "got" } }),
    call("init", "fchmod", [ref("start"), ref("mask")]),
    call("init", "statfs", [string("/"), out("statfs")], { label: "got" }),
    call("init", "getcwd", [buffer(4096), int(4096)], { expect: 2 }),
    call("process", "execve", [string("/bin/true"), strings(["true"]), strings([])]),
  ],
};

const LOG = `
100 execve("/usr/bin/node", ["node"], []) = 0
100 mkdir("/x", 0777)                 = 0
100 vfork( <unfinished ...>
258 execve("/proc/self/fd/9", ["tsrun"], []) = 0
258 close_range(5, 4294967295, 0 <unfinished ...>
100 <... vfork resumed>)              = 258
258 <... close_range resumed>)        = 0
258 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD <unfinished ...>
259 umask(022)                        = 027
258 <... clone resumed>)              = 259
258 --- SIGCHLD {si_signo=SIGCHLD} ---
259 mkdirat(4, "a", 0755)             = -1 EEXIST (File exists)
258 sendto(3, "\\3\\1\\0\\0\\0\\0\\0\\0", 8, 0, NULL, 0) = 8
258 exit_group(0)                     = ?
258 +++ exited with 0 +++
259 statfs("/", {f_type=TMPFS_MAGIC, f_flags=ST_VALID}) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)
259 statfs("/", {f_type=TMPFS_MAGIC, f_flags=ST_VALID}) = 0
259 getcwd("/", 4096)                 = 2
259 execve("/bin/true", ["true"], []) = 0
259 brk(NULL)                         = 0x55d0c0a4b000
259 exit_group(0)                     = ?
`;

/** The findings of the log with one line replaced. */
function changed(from: string, to: string): string {
  if (!LOG.includes(from)) throw new Error(`the log has no ${from}`);
  return matchStrace(PLAN, LOG.replace(from, to)).join("\n");
}

test("a log that equals the plan has no differences", () => {
  expect(matchStrace(PLAN, LOG)).toEqual([]);
});

test("a way that the log takes is followed", () => {
  const log = LOG.replace(
    "0755)             = -1 EEXIST (File exists)",
    "0755)             = 0\n259 fchmod(4, 23)                     = 0",
  );
  expect(matchStrace(PLAN, log).join()).toContain("step 9: differs");
  expect(matchStrace(PLAN, log.replace("fchmod(4, 23)", "fchmod(4, 027)"))).toEqual([]);
});

describe("a difference is told with its step", () => {
  test.each([
    [
      "another operand",
      '"a", 0755',
      '"b", 0755',
      'step 8: differs\n  planned  mkdirat(4, "a", 0755)\n  seen     mkdirat(4, "b", 0755)',
    ],
    ["an operand that is a result", '"\\3\\1\\0', '"\\4\\1\\0', "step 4: differs"],
    ["another call", "umask(022)  ", "getpid()  ", "step 7: differs"],
    ["an errno that is not tolerated", "EEXIST", "EROFS", "step 8: failed with EROFS, which ends the start"],
    [
      "a result that is not the demanded one",
      '"/", 4096)                 = 2',
      '"/", 4096) = 3',
      "step 11: returned 3, 2 is demanded",
    ],
    ["a call too much", "258 exit_group", "258 getpid() = 258\n258 exit_group", "step 6: differs"],
    [
      "a call too few",
      '259 execve("/bin/true", ["true"], []) = 0\n259 brk(NULL)                         = 0x55d0c0a4b000\n259 exit_group(0)                     = ?\n',
      "",
      "step 12: the log of 259 ends before execve",
    ],
    [
      "what the kernel filled is no structure",
      '"/", {f_type=TMPFS_MAGIC, f_flags=ST_VALID}) = 0',
      '"/", 5) = 0',
      "step 10: differs",
    ],
    ["another program", '"/bin/true", ["true"]', '"/bin/true", ["false"]', "step 12: differs"],
  ])("%s", (_, from, to, finding) => {
    expect(changed(from, to)).toContain(finding);
  });

  test("a process that was killed", () => {
    const log = `${LOG.slice(0, LOG.indexOf("259 umask"))}259 umask(022 <unfinished ...>)         = ?\n`;
    expect(matchStrace(PLAN, log).join()).toContain("step 7: did not return");
  });

  test("no process that begins as the plan does", () => {
    expect(matchStrace(PLAN, '1 execve("/a", [], []) = 0\n1 getpid() = 1\n')).toEqual([
      "no process of the log begins with close_range(5, 4294967295, 0)",
    ]);
  });
});

test("what strace 6.1 does not know by name is compared as a number", () => {
  const attributes = flags(MOUNT_ATTR, MOUNT_ATTR.MOUNT_ATTR_NOSYMFOLLOW | MOUNT_ATTR.MOUNT_ATTR_RDONLY);
  const steps = [
    call("init", "fsmount", [int(5), int(0), attributes]),
    call("process", "execve", [string("/a"), strings([]), strings([])]),
  ];
  const log = (value: string) => `7 fsmount(5, 0, ${value}) = 6\n7 execve("/a", [], []) = 0\n`;
  const plan: Plan = { ...PLAN, steps };
  expect(matchStrace(plan, log("MOUNT_ATTR_RDONLY|0x200000"))).toEqual([]);
  expect(matchStrace(plan, log("MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSYMFOLLOW"))).toEqual([]);
  expect(matchStrace(plan, log("MOUNT_ATTR_RDONLY|0x400000")).join()).toContain("step 1: differs");
});

test("a line of the log that is no call is an error", () => {
  expect(() => readLog("7 something else\n")).toThrow("line 1 of the log is no call");
});
