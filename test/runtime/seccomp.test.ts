// SPDX-License-Identifier: Apache-2.0
/** Filters that libseccomp makes of profiles, as the simulator of filters judges them. */
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { decodeClassic } from "../../src/bpf/classic.ts";
import { simulatorOf } from "../../src/bpf/classic-simulate.ts";
import { printVerdict } from "../../src/bpf/seccomp-data.ts";
import type { Seccomp, SeccompArg } from "../../src/config/config.ts";
import { ConfigError } from "../../src/errors/errors.ts";
import { AUDIT_ARCH } from "../../src/kernel/seccomp.ts";
import { PROFILE_FLAGS, SCMP_ACT, SCMP_ARCH, SCMP_CMP } from "../../src/kernel/seccomp-profile.ts";
import { seccompFilter } from "../../src/runtime/seccomp.ts";

const SCHEMA = new URL("../../schema/seccomp.json", import.meta.url);
const READ = 0;
const OPENAT2 = 437;
const BIG = 2n ** 64n - 1n;

/** The verdict of a profile on a call of x86-64. */
function verdict(
  profile: Seccomp,
  nr: number,
  args: readonly bigint[] = [],
  arch: number = AUDIT_ARCH.AUDIT_ARCH_X86_64,
) {
  const simulate = simulatorOf(decodeClassic(seccompFilter(profile, "x64").program));
  return printVerdict(simulate({ nr, arch, instructionPointer: 0n, args }).verdict).replace("SECCOMP_RET_", "");
}

function reading(...args: readonly SeccompArg[]): Seccomp {
  const syscalls = [{ names: ["read", "openat2"], action: "SCMP_ACT_LOG", args }];
  return { defaultAction: "SCMP_ACT_ERRNO", syscalls };
}

describe("an action", () => {
  test.for([
    ["SCMP_ACT_KILL", "KILL_THREAD"],
    ["SCMP_ACT_KILL_PROCESS", "KILL_PROCESS"],
    ["SCMP_ACT_KILL_THREAD", "KILL_THREAD"],
    ["SCMP_ACT_TRAP", "TRAP"],
    ["SCMP_ACT_ERRNO", "ERRNO(EPERM)"],
    ["SCMP_ACT_TRACE", "TRACE(1)"],
    ["SCMP_ACT_ALLOW", "ALLOW"],
    ["SCMP_ACT_LOG", "LOG"],
    ["SCMP_ACT_NOTIFY", "USER_NOTIF"],
  ] as const)("%s of a rule, and as the default", ([action, expected]) => {
    const other = action === "SCMP_ACT_ALLOW" ? "SCMP_ACT_LOG" : "SCMP_ACT_ALLOW";
    expect(verdict({ defaultAction: other, syscalls: [{ names: ["read"], action }] }, READ)).toBe(expected);
    const syscalls = [{ names: ["openat2"], action: other }];
    expect(verdict({ defaultAction: action, syscalls }, READ)).toBe(expected);
  });

  test("is each of the table", () => {
    expect(Object.keys(SCMP_ACT)).toHaveLength(9);
  });

  test("has the errno that is asked for, 0 and the highest, too", () => {
    const rule = (errnoRet: number) => ({ names: ["read"], action: "SCMP_ACT_ERRNO", errnoRet });
    for (const errno of [0, 2, 4094]) {
      const profile = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [rule(errno)] };
      expect(verdict(profile, READ)).toMatch(errno === 2 ? "ERRNO(ENOENT)" : "ERRNO");
    }
    const profile = { defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 13, syscalls: [rule(2)] };
    expect(
      verdict({ ...profile, syscalls: [...profile.syscalls, { names: ["openat2"], action: "SCMP_ACT_LOG" }] }, 1),
    ).toBe("ERRNO(EACCES)");
  });
});

describe("an operator compares 64 bits", () => {
  test.for([
    ["SCMP_CMP_NE", BIG, [0n, BIG - 1n], [BIG]],
    ["SCMP_CMP_LT", 2n ** 32n, [0n, 2n ** 32n - 1n], [2n ** 32n, BIG]],
    ["SCMP_CMP_LE", 2n ** 32n, [0n, 2n ** 32n], [2n ** 32n + 1n, BIG]],
    ["SCMP_CMP_EQ", BIG, [BIG], [0n, 2n ** 32n - 1n]],
    ["SCMP_CMP_GE", 2n ** 63n, [2n ** 63n, BIG], [0n, 2n ** 63n - 1n]],
    ["SCMP_CMP_GT", 2n ** 63n, [2n ** 63n + 1n], [0n, 2n ** 63n]],
  ] as const)("%s", ([op, value, true_, false_]) => {
    const profile = reading({ index: 5, op, value });
    const args = (last: bigint) => [0n, 0n, 0n, 0n, 0n, last];
    for (const one of true_) expect(verdict(profile, READ, args(one)), String(one)).toBe("LOG");
    for (const one of false_) expect(verdict(profile, READ, args(one)), String(one)).toBe("ERRNO(EPERM)");
  });

  test("SCMP_CMP_MASKED_EQ", () => {
    const profile = reading({ index: 0, op: "SCMP_CMP_MASKED_EQ", value: 0xff00_0000_0000_0001n, valueTwo: 1 });
    for (const one of [1n, 3n]) expect(verdict(profile, READ, [one])).toBe("LOG");
    for (const one of [0n, 0x0100_0000_0000_0001n]) expect(verdict(profile, READ, [one])).toBe("ERRNO(EPERM)");
  });
});

describe("conditions", () => {
  const one = { index: 0, op: "SCMP_CMP_EQ", value: 1 };
  test("of several arguments must all hold", () => {
    const profile = reading(one, { index: 1, op: "SCMP_CMP_EQ", value: 2 });
    expect(verdict(profile, READ, [1n, 2n])).toBe("LOG");
    expect(verdict(profile, READ, [1n, 3n])).toBe("ERRNO(EPERM)");
    expect(verdict(profile, OPENAT2, [1n, 2n])).toBe("LOG");
  });
  test("of one argument: one is enough, as with runc and crun", () => {
    const profile = reading(one, { index: 0, op: "SCMP_CMP_EQ", value: 2 });
    for (const value of [1n, 2n]) expect(verdict(profile, READ, [value])).toBe("LOG");
    expect(verdict(profile, READ, [3n])).toBe("ERRNO(EPERM)");
  });
  test("that two rules decide differently are refused", () => {
    const rule = (action: string) => ({ names: ["read"], action, args: [one] });
    const profile = { defaultAction: "SCMP_ACT_ERRNO", syscalls: [rule("SCMP_ACT_ALLOW"), rule("SCMP_ACT_TRAP")] };
    expect(() => seccompFilter(profile, "x64")).toThrow(ConfigError);
  });
});

describe("architectures", () => {
  const allow = { names: ["read", "socketcall", "set_tls"], action: "SCMP_ACT_ALLOW" };
  test("of all names are taken; those of other machines are told of", () => {
    const profile = { defaultAction: "SCMP_ACT_ERRNO", architectures: Object.keys(SCMP_ARCH), syscalls: [allow] };
    expect(Object.keys(SCMP_ARCH)).toHaveLength(23);
    const { warnings } = seccompFilter(profile, "x64");
    expect(warnings).toEqual([expect.stringContaining("SCMP_ARCH_S390X")]);
    expect(verdict(profile, 3, [], AUDIT_ARCH.AUDIT_ARCH_I386)).toBe("ALLOW");
    expect(verdict(profile, 0x4000_0000)).toBe("ALLOW");
    expect(verdict(profile, 0, [], AUDIT_ARCH.AUDIT_ARCH_AARCH64)).toBe("KILL_THREAD");
  });
  test("that are not named may make no call", () => {
    const profile = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["read"], action: "SCMP_ACT_LOG" }] };
    expect(verdict(profile, 3, [], AUDIT_ARCH.AUDIT_ARCH_I386)).toBe("KILL_THREAD");
    expect(verdict(profile, 0x4000_0000)).toBe("KILL_THREAD");
  });
  test("of arm64 are filtered on it", () => {
    const profile = { defaultAction: "SCMP_ACT_ERRNO", architectures: ["SCMP_ARCH_ARM"], syscalls: [allow] };
    const simulate = simulatorOf(decodeClassic(seccompFilter(profile, "arm64").program));
    const judge = (arch: number, nr: number) =>
      printVerdict(simulate({ nr, arch, instructionPointer: 0n, args: [] }).verdict);
    expect(judge(AUDIT_ARCH.AUDIT_ARCH_AARCH64, 63)).toBe("SECCOMP_RET_ALLOW");
    expect(judge(AUDIT_ARCH.AUDIT_ARCH_ARM, 0xf0005)).toBe("SECCOMP_RET_ALLOW");
    expect(judge(AUDIT_ARCH.AUDIT_ARCH_X86_64, 0)).toBe("SECCOMP_RET_KILL_THREAD");
  });
});

describe("calls that came after the profile", () => {
  const syscalls = [{ names: ["read", "openat2"], action: "SCMP_ACT_LOG" }];
  test.for([
    ["SCMP_ACT_ERRNO", "ERRNO(ENOSYS)"],
    ["SCMP_ACT_KILL_PROCESS", "ERRNO(ENOSYS)"],
    ["SCMP_ACT_TRAP", "ERRNO(ENOSYS)"],
    ["SCMP_ACT_ALLOW", "ALLOW"],
    ["SCMP_ACT_TRACE", "TRACE(1)"],
    ["SCMP_ACT_NOTIFY", "USER_NOTIF"],
  ] as const)("where the default is %s: %s", ([defaultAction, expected]) => {
    expect(verdict({ defaultAction, syscalls }, OPENAT2 + 1)).toBe(expected);
    expect(verdict({ defaultAction, syscalls }, OPENAT2)).toBe("LOG");
  });
});

test("the words of profiles are those of the schema", () => {
  const { action, operator, arch, flag } = JSON.parse(readFileSync(SCHEMA, "utf8")).$defs;
  expect(action.enum.sort()).toEqual(Object.keys(SCMP_ACT).sort());
  expect(operator.enum.sort()).toEqual(Object.keys(SCMP_CMP).sort());
  expect(arch.enum.sort()).toEqual(Object.keys(SCMP_ARCH).sort());
  expect(flag.enum.sort()).toEqual([...PROFILE_FLAGS].sort());
});

test("names that libseccomp does not know are told of once, and the others work", () => {
  const syscalls = [{ names: ["nosuchcall", "read", "nosuchcall"], action: "SCMP_ACT_LOG" }];
  const profile = { defaultAction: "SCMP_ACT_ALLOW", syscalls };
  expect(seccompFilter(profile, "x64").warnings).toEqual([expect.stringMatching(/know nosuchcall$/)]);
  expect(verdict(profile, READ)).toBe("LOG");
});

test("flags are those of the profile; without any, the processor is not slowed down", () => {
  const flags = (...names: string[]) => seccompFilter({ defaultAction: "SCMP_ACT_ALLOW", flags: names }, "x64").flags;
  expect(seccompFilter({ defaultAction: "SCMP_ACT_ALLOW" }, "x64").flags).toBe(4);
  expect(flags()).toBe(0);
  expect(flags("SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG")).toBe(3);
  // The kernel refuses it without a listener.
  expect(flags("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV")).toBe(0);
});

describe("a filter that is kept", () => {
  const syscalls = [{ names: ["read", "nosuchcall"], action: "SCMP_ACT_LOG" }];
  const profile: Seccomp = { defaultAction: "SCMP_ACT_ERRNO", syscalls };

  function kept(): { root: string; directory: string; file: string } {
    const root = mkdtempSync(join(tmpdir(), "tsrun-test-"));
    onTestFinished(() => rmSync(root, { recursive: true }));
    const made = seccompFilter(profile, "x64", { root });
    const directory = join(root, "~seccomp");
    const [name = ""] = readdirSync(directory);
    const file = join(directory, name);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    // What was made is believed again, warnings and all.
    expect(seccompFilter(profile, "x64", { root })).toEqual(made);
    return { root, directory, file };
  }

  /** Whether the file's own word is taken: its flags are changed to 2, digest and all. */
  function believes(root: string): boolean {
    return seccompFilter(profile, "x64", { root }).flags === 2;
  }

  /** Another filter under the same name, well-formed: that of a profile with other flags. */
  function forge(file: string): void {
    const other = mkdtempSync(join(tmpdir(), "tsrun-test-"));
    onTestFinished(() => rmSync(other, { recursive: true }));
    seccompFilter({ ...profile, flags: ["SECCOMP_FILTER_FLAG_LOG"] }, "x64", { root: other });
    const [name = ""] = readdirSync(join(other, "~seccomp"));
    const text = readFileSync(join(other, "~seccomp", name), "latin1");
    writeFileSync(file, text.replace(',"flags":["SECCOMP_FILTER_FLAG_LOG"]', ""), "latin1");
  }

  test("is believed if only its user can have written it", () => {
    const { root, file } = kept();
    forge(file);
    expect(believes(root)).toBe(true);
  });

  test.for([
    ["others may write the file", ({ file }: ReturnType<typeof kept>) => chmodSync(file, 0o606)],
    ["others may enter the directory", ({ directory }: ReturnType<typeof kept>) => chmodSync(directory, 0o701)],
    [
      "the file is a link",
      ({ file, root }: ReturnType<typeof kept>) => {
        writeFileSync(join(root, "elsewhere"), readFileSync(file), { mode: 0o600 });
        rmSync(file);
        symlinkSync(join(root, "elsewhere"), file);
      },
    ],
    [
      "a byte is another",
      ({ file }: ReturnType<typeof kept>) => {
        const bytes = readFileSync(file);
        bytes[bytes.length - 1] = 1;
        writeFileSync(file, bytes);
      },
    ],
    ["it is cut off", ({ file }: ReturnType<typeof kept>) => writeFileSync(file, readFileSync(file).subarray(0, -8))],
    ["it is empty", ({ file }: ReturnType<typeof kept>) => writeFileSync(file, "")],
  ] as const)("is not believed if %s", ([, change]) => {
    const place = kept();
    forge(place.file);
    change(place);
    expect(believes(place.root)).toBe(false);
  });

  test("belongs to one profile", () => {
    const { root } = kept();
    expect(seccompFilter({ ...profile, defaultErrnoRet: 2 }, "x64", { root }).program).not.toEqual(
      seccompFilter(profile, "x64", { root }).program,
    );
  });
});
