// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { MAGIC } from "../../src/kernel/magic.ts";
import { MS } from "../../src/kernel/mount.ts";
import { S } from "../../src/kernel/open.ts";
import { STATX } from "../../src/kernel/statx.ts";
import { address, bytes, flags, int, mode, NULL, out, ref, string, strings, struct } from "../../src/plan/operands.ts";
import { planToJson, printCall, printPlan } from "../../src/plan/print.ts";
import { type Call, NEXT, type Plan, type Step } from "../../src/plan/step.ts";
import { CASES } from "./calls.ts";

const at = { stage: "init", from: "" } as const;
const runtime = { stage: "runtime", from: "" } as const;
const plan = (steps: readonly Step[]): Plan => ({ arch: "x64", steps, inputs: { report: 3, start: 4 } });
/** The lines of the plan, without the header. */
const lines = (steps: readonly Step[]) => printPlan(plan(steps)).trimEnd().split("\n").slice(1);

describe("a call is printed as strace prints it", () => {
  test.each(CASES.map(([line, call, args]) => [line, call, args] as const))("%s", (line, call, args) => {
    expect(printCall({ call, args })).toBe(line);
  });

  test.each([
    ["clone(child_stack=NULL, flags=SIGCHLD)", "clone", [int(17), NULL]],
    ["exit_group(0)", "exit_group", [int(0)]],
    ['setsockopt($s, 1, 7, "\\1", 1)', "setsockopt", [ref("s"), int(1), int(7), bytes("\u0001"), int(1)]],
    ["prctl(PR_SET_MM, 7)", "prctl", [int(35), int(7)]],
    [
      "sendto($report, &$init, 8, 0, NULL, 0)",
      "sendto",
      [ref("report"), address("init"), int(8), int(0), NULL, int(0)],
    ],
  ] as const)("%s", (line, call, args) => {
    expect(printCall({ call, args })).toBe(line);
  });

  test("numbers stand in the place of names when they are known", () => {
    const known = (name: string) => (name === "report" ? "3" : "258");
    const args = [ref("report"), address("init"), int(8), int(0), NULL, int(0)];
    expect(printCall({ call: "sendto", args }, known)).toBe('sendto(3, "\\2\\1\\0\\0\\0\\0\\0\\0", 8, 0, NULL, 0)');
  });

  test.each([
    ["a flag that no table has", "umount2", [string("/"), int(0x100)]],
    ["a command that fsconfig(2) does not have", "fsconfig", [int(1), int(77), NULL, NULL, int(0)]],
    ["an operation that prctl(2) does not have", "prctl", [int(99999)]],
    [
      "a field that the layout does not have",
      "openat2",
      [int(1), string("x"), struct("open_how", { mod: int(1) }), int(24)],
    ],
    ["a device without a type", "mknodat", [int(1), string("x"), ref("mode"), int(0)]],
  ] as const)("%s is an error, never ???", (_, call, args) => {
    expect(() => printCall({ call, args })).toThrow(RangeError);
  });
});

describe("a plan is printed", () => {
  test("with a header, numbers, stages and origins", () => {
    const text = printPlan(
      plan([
        { ...runtime, act: "spawn", from: "" },
        { call: "chdir", args: [string("/")], stage: "bootstrap", from: "/root" },
      ]),
    );
    expect(text).toBe(
      [
        "# tsrun plan · x64 · 2 steps",
        "  1  runtime    $bootstrap = posix_spawn($image, {report=3, start=4})",
        `${'  2  bootstrap  chdir("/")'.padEnd(100)}# /root`,
        "",
      ].join("\n"),
    );
  });

  test("with what may happen besides success", () => {
    const steps: Call[] = [
      {
        ...at,
        call: "mkdirat",
        args: [ref("report"), string("a"), mode(0o755)],
        tolerate: { EEXIST: NEXT, EROFS: NEXT },
      },
      { ...at, call: "fchdir", args: [ref("report")], result: "x", tolerate: { EBADF: "end", ENOENT: NEXT } },
      { ...at, call: "getpid", args: [], expect: 1 },
      { ...at, call: "getpid", args: [], branch: { value: 0, equal: "end", other: NEXT } },
      {
        ...at,
        call: "statx",
        args: [ref("report"), string(""), int(0), flags(STATX, STATX.STATX_TYPE), out("statx")],
        checks: [
          { field: "stx_mode", mask: BigInt(S.S_IFMT), value: BigInt(S.S_IFCHR), errno: "ENODEV" },
          { field: "stx_rdev_minor", value: 3n, errno: "ENODEV" },
        ],
      },
      {
        ...at,
        call: "fstatfs",
        args: [ref("report"), out("statfs")],
        label: "end",
        checks: [{ field: "f_type", value: BigInt(MAGIC.PROC_SUPER_MAGIC), errno: "EINVAL" }],
      },
      {
        ...at,
        call: "getcwd",
        args: [out("path"), int(4096)],
        checks: [{ field: "first", value: 0x2fn, errno: "ENOENT" }],
      },
    ];
    expect(lines(steps)).toEqual([
      '  1  init       mkdirat($report, "a", 0755) or EEXIST, EROFS → next',
      "  2  init       $x = fchdir($report) or EBADF → 6 or ENOENT → next",
      "  3  init       getpid() = 1",
      "  4  init       getpid() = 0 → 6, else → next",
      '  5  init       statx($report, "", AT_STATX_SYNC_AS_STAT, STATX_TYPE, {...}) where stx_mode & S_IFMT == S_IFCHR, stx_rdev_minor == 3 else ENODEV',
      "  6  init       fstatfs($report, {...}) where f_type == PROC_SUPER_MAGIC else EINVAL",
      "  7  init       getcwd({...}, 4096) where first == 0x2f else ENOENT",
    ]);
  });

  test("with the acts of the runtime in the grammar of calls", () => {
    const steps: Step[] = [
      { ...runtime, act: "mkdir", path: "/sys/fs/cgroup/a b", mode: 0o755 },
      { ...runtime, act: "write", path: "/sys/fs/cgroup/a/cgroup.procs", data: "0" },
      { ...runtime, act: "write-proc", file: "uid_map", data: "0 1000 1\n" },
      { ...runtime, act: "idmap-tool", path: "/usr/bin/newuidmap", ranges: ["0", "1000", "1"] },
      { ...runtime, act: "wait", message: "map" },
      { ...runtime, act: "wait", message: "pid" },
      { ...runtime, act: "answer", message: "map" },
      { ...runtime, act: "state", status: "created" },
    ];
    expect(lines(steps).map((line) => line.slice(16))).toEqual([
      'mkdir("/sys/fs/cgroup/a b", 0755)',
      'write("/sys/fs/cgroup/a/cgroup.procs", "0")',
      'write("/proc/$bootstrap/uid_map", "0 1000 1\\n")',
      'posix_spawn("/usr/bin/newuidmap", [$bootstrap, "0", "1000", "1"])',
      'recv("map")',
      '$init = recv("pid")',
      'send("map")',
      'write("state.json", {status="created"})',
    ]);
  });

  test("with long vectors in full", () => {
    const args = [string("/bin/sh"), strings(["sh", "-c", "x".repeat(5000)]), strings([])];
    expect(lines([{ ...at, call: "execve", args }])[0]).toContain("x".repeat(5000));
  });
});

test("the JSON of a plan holds nothing that JSON cannot", () => {
  const steps: Step[] = [
    {
      ...at,
      call: "prlimit64",
      args: [int(0), int(7), struct("rlimit", { rlim_cur: int(2n ** 64n - 1n), rlim_max: int(5n) }), NULL],
      tolerate: { EPERM: "end", EINVAL: NEXT },
    },
    { ...at, call: "write", args: [ref("report"), bytes(Uint8Array.of(0, 255)), int(2)], result: "n" },
    { ...at, call: "umount2", args: [string("/"), flags(MS, 2)], label: "end", expect: 0n },
    { ...runtime, act: "state", status: "created" },
  ];
  const json = planToJson(plan(steps));
  expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  expect(json).toMatchObject({
    arch: "x64",
    inputs: { report: 3, start: 4 },
    steps: [
      {
        number: 1,
        stage: "init",
        text: "prlimit64(0, RLIMIT_NOFILE, {rlim_cur=RLIM64_INFINITY, rlim_max=5}, NULL)",
        args: [{}, {}, { fields: { rlim_cur: { value: "18446744073709551615" }, rlim_max: { value: 5 } } }, {}],
        tolerate: { EPERM: 3, EINVAL: null },
      },
      { result: "n", args: [{ name: "report" }, { value: [0, 255] }, { value: 2 }] },
      { expect: 0 },
      { act: "state", status: "created", text: 'write("state.json", {status="created"})' },
    ],
  });
});
