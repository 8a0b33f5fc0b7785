// SPDX-License-Identifier: Apache-2.0
/** The promise of `tsrun plan --exec`: what strace sees the image do is the printed plan, step for step. */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type ExecOptions, Runtime } from "../../src/runtime/runtime.ts";
import { type Need, requires } from "../requires.ts";
import { matchStrace } from "../strace/match.ts";
import { temporary } from "./support/bundle.ts";
import { execLine, sleeping } from "./support/exec.ts";
import { terminal } from "./support/pty.ts";
import type { Spec } from "./support/spec.ts";
import { STRACE } from "./support/strace.ts";

interface Joined {
  readonly edit?: (spec: Spec) => void;
  readonly options?: readonly string[];
  /** The same, to the library. */
  readonly asked?: ExecOptions;
  readonly needs?: readonly Need[];
}

const JOINS: Readonly<Record<string, Joined>> = {
  "as the container's own": {},
  "another user, with more of everything": {
    options: "--user 1000:1001 -g 5 -c CAP_SYS_ADMIN --cwd /bin -e A=1 --no-new-privs".split(" "),
    asked: {
      uid: 1000,
      gid: 1001,
      additionalGids: [5],
      capabilities: ["CAP_SYS_ADMIN"],
      cwd: "/bin",
      env: ["A=1"],
      noNewPrivileges: true,
    },
  },
  "a user namespace": {
    needs: ["userns"],
    edit: (spec) => {
      spec.linux.namespaces.push({ type: "user" }, { type: "cgroup" });
      spec.linux.uidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
      spec.linux.gidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
    },
  },
  "no pid namespace, and CPUs to run on": {
    edit: (spec) => {
      spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== "pid");
      spec.process.execCPUAffinity = { initial: "0", final: "0-1" };
    },
  },
  "no mount namespace": {
    edit: (spec) => {
      spec.linux = { namespaces: [{ type: "pid" }] };
      spec.mounts = [];
      delete spec.hostname;
    },
  },
  "limits, a score, a scheduler and a filter": {
    edit: (spec) => {
      spec.process.oomScoreAdj = 300;
      spec.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 64, hard: 64 }];
      spec.process.scheduler = { policy: "SCHED_BATCH", nice: 3 };
      spec.process.user.umask = 0o077;
      spec.linux.seccomp = {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["sync"], action: "SCMP_ACT_ERRNO" }],
      };
    },
  },
};

for (const [name, { edit, options, asked, needs = [] }] of Object.entries(JOINS)) {
  test(`strace sees the plan of an exec: ${name}`, async (t) => {
    requires(t, "root", "strace", ...needs);
    const c = await sleeping(t, edit);
    const files = temporary(t);
    const [log, out] = [join(files, "log"), join(files, "out")];
    const fds: [number, number, number] = [openSync("/dev/null", "r"), openSync(out, "w"), openSync(out, "w")];
    t.onTestFinished(() => {
      for (const fd of fds) closeSync(fd);
    });
    const plan = await new Runtime({ root: c.root }).planExec(c.id, { ...asked, args: ["true"], stdio: fds });
    const [file = "", ...args] = [...STRACE, log, ...execLine(c, ["true"], options)];
    const env = { PATH: process.env.PATH, HOME: "/" };
    const child = spawn(file, args, { stdio: fds, env, cwd: "/" });
    const status = await new Promise((resolve) => child.on("exit", resolve));
    expect(readFileSync(out, "utf8")).toBe("");
    expect(matchStrace(plan, readFileSync(log, "utf8"))).toEqual([]);
    expect(status).toBe(0);
  });
}

test("strace sees the plan of an exec with a terminal", async (t) => {
  requires(t, "root", "strace");
  const c = await sleeping(t);
  const log = join(temporary(t), "log");
  const plan = await new Runtime({ root: c.root }).planExec(c.id, { args: ["true"], terminal: true });
  const at = terminal(t, [...STRACE, log, ...execLine(c, ["true"], ["--tty"])], { cwd: "/" });
  expect(await at.end()).toBe(0);
  expect(at.shown()).toBe("");
  expect(matchStrace(plan, readFileSync(log, "utf8"))).toEqual([]);
});
