// SPDX-License-Identifier: Apache-2.0
/** The lines that we print are the lines that strace prints: each case is made by an image, under strace. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { CLONE } from "../../src/kernel/clone.ts";
import { POLL } from "../../src/kernel/poll.ts";
import { SIG } from "../../src/kernel/signal.ts";
import { flags, int, NULL, out, ref, string, strings, struct } from "../../src/plan/operands.ts";
import { type Call, NEXT, type Plan } from "../../src/plan/step.ts";
import { call, exit, plan, run } from "../emit/images.ts";
import { requires } from "../requires.ts";
import { matchStrace } from "../strace/match.ts";
import { CASES } from "./calls.ts";

/** Runs the plan's image under strace; the log, and the status. */
function traced(value: Plan): { log: string; status: number | null } {
  const dir = mkdtempSync(join(tmpdir(), "tsrun-strace-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "log");
  const { status } = run(value, ["strace", "-f", "-qq", "-v", "-s", "65535", "-o", file]);
  return { log: readFileSync(file, "utf8"), status };
}

test("strace prints each call as we do", (t) => {
  requires(t, "root", "strace");
  const own = flags(CLONE, CLONE.CLONE_NEWNS | CLONE.CLONE_NEWUTS | CLONE.CLONE_NEWNET | CLONE.CLONE_NEWCGROUP);
  const calls = CASES.map(
    ([, name, args, errno]): Call => call(name, args, errno === undefined ? {} : { tolerate: { [errno]: NEXT } }),
  );
  const value = plan([call("unshare", [own]), ...calls, exit(7)]);
  const { log, status } = traced(value);
  expect(matchStrace(value, log)).toEqual([]);
  expect(status).toBe(7);
});

test("results, ways and two processes are followed", (t) => {
  requires(t, "root", "strace");
  const pollfd = struct("pollfd", { fd: ref("pidfd"), events: flags(POLL, POLL.POLLIN) });
  const value = plan([
    call("openat", [int(-100), string("/proc/self"), int(0)], { result: "proc" }),
    call("fstatfs", [ref("proc"), out("statfs")]),
    call("openat", [ref("proc"), string("gone"), int(0)], { result: "gone", tolerate: { ENOENT: "clone" } }),
    exit(1),
    call("clone", [flags(CLONE, CLONE.CLONE_NEWPID | CLONE.CLONE_NEWNS | SIG.SIGCHLD), NULL, NULL, NULL, NULL], {
      label: "clone",
      result: "init",
      branch: { value: 0, equal: "child", other: NEXT },
    }),
    call("pidfd_open", [ref("init"), int(0)], { result: "pidfd" }),
    call("ppoll", [pollfd, int(1), struct("timespec", { tv_sec: int(5) }), NULL, int(0)], { expect: 1 }),
    call("wait4", [ref("init"), out("int"), int(0), NULL], {
      checks: [{ field: "value", value: 0n, errno: "EINVAL" }],
    }),
    exit(3),
    call("getpid", [], { label: "child", expect: 1 }),
    call("execve", [string("/gone"), strings(["gone"]), strings([])], { tolerate: { ENOENT: NEXT } }),
    call("execve", [string("/bin/true"), strings(["true", "x"]), strings(["A=1"])]),
  ]);
  const { log, status } = traced(value);
  expect(matchStrace(value, log)).toEqual([]);
  expect(status).toBe(3);
});
