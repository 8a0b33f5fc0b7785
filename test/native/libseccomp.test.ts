// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { SCMP_ARCH } from "../../src/kernel/seccomp-profile.ts";
import {
  libraryIdentity,
  seccomp_arch_add,
  seccomp_export_bpf,
  seccomp_init,
  seccomp_release,
  seccomp_rule_add,
  seccomp_syscall_resolve_name,
  seccomp_syscall_resolve_name_arch,
  seccomp_version,
} from "../../src/native/libseccomp.ts";
import { hasAction, hasFlags } from "../../src/native/seccomp.ts";

const ALLOW = 0x7fff0000;
const ERRNO = 0x50001;

test("a version has three parts, and the file of the library is the same each time", () => {
  expect(seccomp_version()).toMatch(/^2\.\d+\.\d+$/);
  expect(libraryIdentity()).toBe(libraryIdentity());
});

test("names have numbers on this machine and on others, or a negative one for calls of others alone", () => {
  expect(seccomp_syscall_resolve_name("read")).toBe(process.arch === "arm64" ? 63 : 0);
  expect(seccomp_syscall_resolve_name("socketcall")).toBeLessThan(-1);
  expect(seccomp_syscall_resolve_name("nosuchcall")).toBeUndefined();
  expect(seccomp_syscall_resolve_name_arch(SCMP_ARCH.SCMP_ARCH_X86, "socketcall")).toBe(102);
  expect(seccomp_syscall_resolve_name_arch(SCMP_ARCH.SCMP_ARCH_X32, "read")).toBe(0x4000_0000);
  expect(seccomp_syscall_resolve_name_arch(SCMP_ARCH.SCMP_ARCH_AARCH64, "socketcall")).toBeUndefined();
});

test("a filter is instructions of 8 bytes, and says no to what libseccomp refuses", () => {
  const context = seccomp_init(ERRNO);
  const number = seccomp_syscall_resolve_name("read") ?? 0;
  const comparison = { arg: 0, op: 4, a: 2n ** 64n - 1n, b: 0n };
  expect(seccomp_rule_add(context, ALLOW, { number, comparisons: [comparison] })).toBe(0);
  expect(seccomp_rule_add(context, 0, { number, comparisons: [comparison] })).toBe(-17);
  expect(seccomp_rule_add(context, ALLOW, { number, comparisons: [{ ...comparison, arg: 6 }] })).toBe(-22);
  const own = process.arch === "arm64" ? SCMP_ARCH.SCMP_ARCH_AARCH64 : SCMP_ARCH.SCMP_ARCH_X86_64;
  expect(seccomp_arch_add(context, own)).toBe(false);
  expect(() => seccomp_arch_add(context, 0x99)).toThrow(/EINVAL/);
  const program = seccomp_export_bpf(context);
  seccomp_release(context);
  expect(program.length % 8).toBe(0);
  expect(program.length).toBeGreaterThan(8);
  expect(() => seccomp_init(0x5ffff)).toThrow(/refuses the action/);
});

test("the kernel is asked for actions and flags, and sets nothing", () => {
  expect([hasAction(ALLOW), hasAction(0x12340000)]).toEqual([true, false]);
  expect([hasFlags(2), hasFlags(0x4000_0000)]).toEqual([true, false]);
});
