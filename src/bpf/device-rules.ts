// SPDX-License-Identifier: Apache-2.0
/** Rules for device nodes as the kernel's device controller speaks of them. config-linux.md#allowed-device-list. */
import { BPF_DEVCG_ACC } from "../kernel/bpf.ts";

/** Of the rules that match a device the last one counts, for each kind of access by itself. */
export interface DeviceRule {
  readonly allow: boolean;
  /** b: block, c: character, a: both. */
  readonly type: "a" | "b" | "c";
  /** ANY: all. */
  readonly major: number;
  readonly minor: number;
  /** BPF_DEVCG_ACC bits. */
  readonly access: number;
}

export const ANY = -1;

export const ACCESS =
  BPF_DEVCG_ACC.BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC.BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC.BPF_DEVCG_ACC_MKNOD;

const LETTERS = [
  ["r", BPF_DEVCG_ACC.BPF_DEVCG_ACC_READ],
  ["w", BPF_DEVCG_ACC.BPF_DEVCG_ACC_WRITE],
  ["m", BPF_DEVCG_ACC.BPF_DEVCG_ACC_MKNOD],
] as const;

/** `rw` → bits. */
export function accessOf(letters: string): number {
  return LETTERS.reduce((bits, [letter, bit]) => (letters.includes(letter) ? bits | bit : bits), 0);
}

/** `c 10:* rw`, as devices.list has it. */
export function printDevices({ type, major, minor, access }: Omit<DeviceRule, "allow">): string {
  const number = (value: number) => (value === ANY ? "*" : String(value));
  const letters = LETTERS.filter(([, bit]) => (access & bit) !== 0).map(([letter]) => letter);
  return `${type} ${number(major)}:${number(minor)} ${letters.join("")}`;
}

/** `allow c 10:* rw` */
export function printDeviceRule(rule: DeviceRule): string {
  return `${rule.allow ? "allow" : "deny"} ${printDevices(rule)}`;
}

/**
 * What counts of a list: the last rule about everything is the default, and what stands before it never matters.
 * Without such a rule everything is denied that is not allowed.
 */
export function decisiveRules<Rule extends DeviceRule>(
  rules: readonly Rule[],
): { readonly allow: boolean; readonly rules: readonly Rule[] } {
  const last = rules.findLastIndex(
    ({ type, major, minor, access }) => type === "a" && major === ANY && minor === ANY && access === ACCESS,
  );
  return { allow: rules[last]?.allow ?? false, rules: rules.slice(last + 1) };
}
