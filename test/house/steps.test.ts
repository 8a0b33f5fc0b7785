// SPDX-License-Identifier: Apache-2.0
/** Every kind of operand is printed and emitted, and every act is printed: a reader that forgets one is found here. */
import { expect, test } from "vitest";
import { emitImage } from "../../src/emit/image.ts";
import { AT, O } from "../../src/kernel/open.ts";
import { printCall, printPlan } from "../../src/plan/print.ts";
import type { Act, Call, Operand, Plan } from "../../src/plan/step.ts";
import { filesIn, read, withoutComments } from "./tree.ts";

const origin = { stage: "init", from: "" } as const;
const runtime = { stage: "runtime", from: "" } as const;
const fd: Operand = { kind: "result", name: "report" };

/** A call with an operand of each kind, and its line. TypeScript sees to it that none is missing. */
const OPERANDS: { readonly [K in Operand["kind"]]: readonly [string, Call] } = {
  int: [
    "dup3($report, 7, 0)",
    { ...origin, call: "dup3", args: [fd, { kind: "int", value: 7 }, { kind: "int", value: 0 }] },
  ],
  flags: [
    'openat(AT_FDCWD, "/", O_RDONLY|O_PATH)',
    {
      ...origin,
      call: "openat",
      args: [
        { kind: "flags", table: AT, value: AT.AT_FDCWD },
        { kind: "string", value: "/" },
        { kind: "flags", table: O, value: O.O_PATH },
      ],
    },
  ],
  string: ['chdir("/")', { ...origin, call: "chdir", args: [{ kind: "string", value: "/" }] }],
  bytes: [
    'write($report, "a\\0b", 3)',
    {
      ...origin,
      call: "write",
      args: [fd, { kind: "bytes", value: Uint8Array.of(97, 0, 98) }, { kind: "int", value: 3 }],
    },
  ],
  null: ["setgroups(0, NULL)", { ...origin, call: "setgroups", args: [{ kind: "int", value: 0 }, { kind: "null" }] }],
  result: ["close($report)", { ...origin, call: "close", args: [fd] }],
  address: [
    "write($report, &$report, 8)",
    { ...origin, call: "write", args: [fd, { kind: "address", name: "report" }, { kind: "int", value: 8 }] },
  ],
  strings: [
    'execve("/init", ["init"], [])',
    {
      ...origin,
      call: "execve",
      args: [
        { kind: "string", value: "/init" },
        { kind: "strings", value: ["init"] },
        { kind: "strings", value: [] },
      ],
    },
  ],
  struct: [
    'openat2($report, "a", {flags=O_RDONLY|O_PATH, resolve=0}, 24)',
    {
      ...origin,
      call: "openat2",
      args: [
        fd,
        { kind: "string", value: "a" },
        { kind: "struct", layout: "open_how", fields: { flags: { kind: "flags", table: O, value: O.O_PATH } } },
        { kind: "int", value: 24 },
      ],
    },
  ],
  out: ["fstatfs($report, {...})", { ...origin, call: "fstatfs", args: [fd, { kind: "out", layout: "statfs" }] }],
};

const ACTS: { readonly [K in Act["act"]]: Extract<Act, { act: K }> } = {
  mkdir: { ...runtime, act: "mkdir", path: "/a", mode: 0o755 },
  write: { ...runtime, act: "write", path: "/a", data: "b" },
  "device-filter": {
    ...runtime,
    act: "device-filter",
    path: "/a",
    rules: ["deny a *:* rwm"],
    program: Uint8Array.of(1),
  },
  chown: { ...runtime, act: "chown", path: "/a", uid: 1000, optional: true },
  "start-unit": { ...runtime, act: "start-unit", unit: "a.scope", properties: [{ name: "B", type: "t", value: 1n }] },
  "set-unit": { ...runtime, act: "set-unit", unit: "a.scope", properties: [{ name: "B", type: "as", value: ["c"] }] },
  resctrl: { ...runtime, act: "resctrl", does: "tasks", path: "/resctrl/c1" },
  "move-link": { ...runtime, act: "move-link", name: "eth0", index: 2, passing: "tsrun-2" },
  "write-proc": { ...runtime, act: "write-proc", file: "uid_map", data: "0 1 1" },
  "idmap-tool": { ...runtime, act: "idmap-tool", path: "/newuidmap", ranges: ["0", "1", "1"] },
  spawn: { ...runtime, act: "spawn" },
  wait: { ...runtime, act: "wait", message: "pid" },
  "wait-exec": { ...runtime, act: "wait-exec" },
  answer: { ...runtime, act: "answer", message: "map" },
  state: { ...runtime, act: "state", status: "created" },
  hook: { ...runtime, act: "hook", kind: "prestart", index: 0, path: "/hook", args: ["a"], env: ["B=c"], timeout: 5 },
  "hook-state": { ...runtime, act: "hook-state", input: "creating_state", status: "creating" },
};

const kinds = Object.entries(OPERANDS).map(([kind, [line, call]]) => ({ kind, line, call }));

test.each(kinds)("an operand of kind $kind is printed", ({ line, call }) => {
  expect(printCall(call)).toBe(line);
});

test.each(["x64", "arm64"] as const)("operands of all kinds are emitted for %s", (arch) => {
  const calls = kinds.map(({ call }) => call);
  // Nothing follows an execve.
  const last = calls.filter(({ call }) => call === "execve");
  const steps = [...calls.filter(({ call }) => call !== "execve"), ...last];
  const plan: Plan = { arch, steps, inputs: { report: 3, start: 4 } };
  const { bytes } = emitImage(plan);
  expect(bytes.subarray(0, 4)).toEqual(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46));
});

test("every act is printed on a line of its own", () => {
  const acts = Object.values(ACTS);
  const lines = printPlan({ arch: "x64", steps: acts, inputs: { report: 3, start: 4 } }).split("\n");
  expect(
    new Set(lines.filter((line) => /^\s*\d+\s+runtime\s+\S/.test(line)).map((line) => line.replace(/^\s*\d+/, "")))
      .size,
  ).toBe(acts.length);
});

test.each([
  ["plan", "operands"],
  ["plan", "acts"],
  ["emit", "operands"],
  ["runtime", "acts"],
])("a reader in %s/ does not compile when it forgets one of the %s", (room) => {
  const code = filesIn(`src/${room}`, /\.ts$/).map((file) => withoutComments(read(`src/${room}/${file}`)));
  expect(code.filter((source) => /\bsatisfies never\b/.test(source))).not.toEqual([]);
});
