// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { printVerdict } from "../../src/bpf/seccomp-data.ts";
import { oneToJson, printOne, printTable, tableToJson } from "../../src/cli/explain-text.ts";
import type { Config, Seccomp } from "../../src/config/config.ts";
import { HostError } from "../../src/errors/errors.ts";
import { ExplainedFilter } from "../../src/runtime/explain-seccomp.ts";

/** Denies but for a few; two rules look at arguments. */
const DENYING: Seccomp = {
  defaultAction: "SCMP_ACT_ERRNO",
  architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
  syscalls: [
    { names: ["read", "write", "execve", "no_such_call"], action: "SCMP_ACT_ALLOW" },
    {
      names: ["personality"],
      action: "SCMP_ACT_ALLOW",
      args: [{ index: 0, value: 0xffffffff, op: "SCMP_CMP_EQ" }],
    },
    {
      names: ["clone"],
      action: "SCMP_ACT_ALLOW",
      args: [{ index: 0, value: 0x7e020000, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }],
    },
    { names: ["ptrace"], action: "SCMP_ACT_KILL_PROCESS" },
    { names: ["mount"], action: "SCMP_ACT_ERRNO", errnoRet: 38 },
  ],
};

/** Allows but for a few. */
const ALLOWING: Seccomp = {
  defaultAction: "SCMP_ACT_ALLOW",
  syscalls: [
    { names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 13 },
    {
      names: ["kill"],
      action: "SCMP_ACT_LOG",
      args: [
        { index: 1, value: 9, op: "SCMP_CMP_GE" },
        { index: 0, value: 1, op: "SCMP_CMP_NE" },
      ],
    },
  ],
};

function explained(seccomp: Seccomp): ExplainedFilter {
  const config: Config = { ociVersion: "1.3.0", root: { path: "rootfs" }, linux: { seccomp } };
  return new ExplainedFilter(config, "x64");
}

function verdictOn(seccomp: Seccomp, name: string, ...args: readonly bigint[]) {
  const filter = explained(seccomp);
  const { verdict, origin } = filter.verdict(filter.numberOf(name) ?? -1, args);
  return [printVerdict(verdict), origin.pointer];
}

test.each<[string, Seccomp, string, readonly bigint[], string, string]>([
  ["that a rule names", DENYING, "read", [], "SECCOMP_RET_ALLOW", "syscalls/0"],
  ["that no rule names", DENYING, "chmod", [], "SECCOMP_RET_ERRNO(EPERM)", "defaultAction"],
  ["whose condition holds", DENYING, "personality", [0xffffffffn], "SECCOMP_RET_ALLOW", "syscalls/1"],
  ["whose condition does not hold", DENYING, "personality", [8n], "SECCOMP_RET_ERRNO(EPERM)", "defaultAction"],
  ["with bits outside of a mask", DENYING, "clone", [0x11n], "SECCOMP_RET_ALLOW", "syscalls/2"],
  ["with bits inside of a mask", DENYING, "clone", [0x10000000n], "SECCOMP_RET_ERRNO(EPERM)", "defaultAction"],
  ["that ends the process", DENYING, "ptrace", [], "SECCOMP_RET_KILL_PROCESS", "syscalls/3"],
  ["with an errno of its own", DENYING, "mount", [], "SECCOMP_RET_ERRNO(ENOSYS)", "syscalls/4"],
  ["newer than the profile", DENYING, "openat2", [], "SECCOMP_RET_ERRNO(ENOSYS)", "syscalls"],
  ["with one of two conditions", ALLOWING, "kill", [1n, 15n], "SECCOMP_RET_ALLOW", "defaultAction"],
  ["with both conditions", ALLOWING, "kill", [2n, 15n], "SECCOMP_RET_LOG", "syscalls/1"],
])("a call %s is explained", (_, seccomp, name, args, verdict, place) => {
  expect(verdictOn(seccomp, name, ...args)).toEqual([verdict, `/linux/seccomp/${place}`]);
});

describe("the table", () => {
  test("has every call once, with the verdict that a single question has", () => {
    for (const seccomp of [DENYING, ALLOWING]) {
      const filter = explained(seccomp);
      const calls = filter.calls();
      expect(calls.length).toBeGreaterThan(300);
      expect(new Set(calls.map(({ number }) => number)).size).toBe(calls.length);
      for (const { number, verdict } of calls) {
        if (verdict !== undefined) expect(filter.verdict(number, [7n, 7n, 7n, 7n, 7n, 7n]).verdict).toEqual(verdict);
      }
    }
  });

  test("tells which calls depend on their arguments, and how", () => {
    const depend = explained(DENYING)
      .calls()
      .filter(({ verdict }) => verdict === undefined);
    expect(depend.map(({ name, conditions }) => [name, conditions.map(({ text }) => text)])).toEqual([
      ["clone", ["(args[0] & 0x7e020000) == 0"]],
      ["personality", ["args[0] == 0xffffffff"]],
    ]);
  });

  test("tells of other architectures, and of calls to come", () => {
    const filter = explained(DENYING);
    expect(filter.others().map(({ arch, verdict }) => [arch, verdict?.action])).toEqual([
      ["SCMP_ARCH_X86", undefined],
      ["SCMP_ARCH_X32", "SECCOMP_RET_KILL_THREAD"],
    ]);
    expect(printVerdict(filter.future())).toBe("SECCOMP_RET_ERRNO(ENOSYS)");
    expect(printVerdict(explained(ALLOWING).future())).toBe("SECCOMP_RET_ALLOW");
  });

  test("is printed in groups", () => {
    const text = printTable(explained(DENYING));
    expect(text).toContain("SECCOMP_RET_ALLOW: 3\n  execve read write\n");
    expect(text).toMatch(
      /^ {2}personality {2}SECCOMP_RET_ALLOW if args\[0\] == 0xffffffff +# \/linux\/seccomp\/syscalls\/1$/m,
    );
    expect(text).toMatch(/^a call that is not known yet {2}SECCOMP_RET_ERRNO\(ENOSYS\)$/m);
    expect(text).toContain("libseccomp does not know no_such_call");
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

test("a single answer is printed for people and for programs", () => {
  const one = explained(DENYING).verdict(135, [8n]);
  expect(printOne(one)).toBe(
    "personality(8), call 135 → SECCOMP_RET_ERRNO(EPERM)\n" +
      "  /linux/seccomp/defaultAction: no rule for personality has conditions that hold\n",
  );
  expect(oneToJson(one)).toMatchObject({ name: "personality", args: ["0x8"], action: "SECCOMP_RET_ERRNO", data: 1 });
  expect(JSON.parse(JSON.stringify(tableToJson(explained(ALLOWING))))).toMatchObject({
    architecture: "SCMP_ARCH_X86_64",
  });
});

test("without a profile there is nothing to explain", () => {
  expect(() => new ExplainedFilter({ ociVersion: "1.3.0" }, "x64")).toThrow(HostError);
});
