// SPDX-License-Identifier: Apache-2.0
/** Rules for devices → the program that cgroup v2 asks about each access. Pure. cgroup-v2.rst, "Device controller". */
import { BPF_ALU, BPF_CLASS, BPF_DEVCG_DEV, BPF_JMP, BPF_MEM_W, BPF_X } from "../kernel/bpf.ts";
import { ACCESS, ANY, type DeviceRule, decisiveRules } from "./device-rules.ts";
import type { BpfInsn, ExtendedProgram } from "./extended.ts";

/** struct bpf_cgroup_dev_ctx, 12 bytes: access << 16 | type 0-3, major 4-7, minor 8-11. */
const CONTEXT = { what: 0, major: 4, minor: 8 } as const;

/** r1 points at the context. ASKED: the kinds of access that no rule has decided yet. */
const [RESULT, POINTER, ASKED, TYPE, MAJOR, MINOR] = [0, 1, 2, 3, 4, 5];

/**
 * The program asks the rules from the last to the first. A matching rule that denies some of what is asked ends it; one
 * that allows takes what it allows from what is asked, and ends it when nothing is left.
 */
export function deviceFilter(list: readonly DeviceRule[]): ExtendedProgram {
  const { allow, rules } = decisiveRules(list);
  return [
    load(ASKED, CONTEXT.what),
    { ...NOTHING, code: BPF_CLASS.BPF_ALU | BPF_ALU.BPF_MOV | BPF_X, dst: TYPE, src: ASKED },
    alu("BPF_AND", TYPE, 0xffff),
    alu("BPF_RSH", ASKED, 16),
    load(MAJOR, CONTEXT.major),
    load(MINOR, CONTEXT.minor),
    ...[...rules].reverse().flatMap(ruleInsns),
    ...verdict(allow),
  ];
}

/** All tests lead to the next rule, behind the last instruction of this one. */
function ruleInsns(rule: DeviceRule): readonly BpfInsn[] {
  const consequence = consequenceOf(rule);
  const tests: (readonly [number, number])[] = [];
  if (rule.type !== "a")
    tests.push([TYPE, rule.type === "b" ? BPF_DEVCG_DEV.BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV.BPF_DEVCG_DEV_CHAR]);
  if (rule.major !== ANY) tests.push([MAJOR, rule.major]);
  if (rule.minor !== ANY) tests.push([MINOR, rule.minor]);
  const end = tests.length + consequence.length;
  return [...tests.map(([register, value], at) => jump("BPF_JNE", register, value, end - at - 1)), ...consequence];
}

function consequenceOf({ allow, access }: DeviceRule): readonly BpfInsn[] {
  const end = verdict(allow);
  if (access === ACCESS) return end;
  if (!allow)
    return [jump("BPF_JSET", ASKED, access, 1), { ...NOTHING, code: BPF_CLASS.BPF_JMP, off: end.length }, ...end];
  return [alu("BPF_AND", ASKED, ACCESS & ~access), jump("BPF_JNE", ASKED, 0, end.length), ...end];
}

function verdict(allow: boolean): readonly BpfInsn[] {
  return [alu("BPF_MOV", RESULT, allow ? 1 : 0), { ...NOTHING, code: BPF_CLASS.BPF_JMP | BPF_JMP.BPF_EXIT }];
}

const NOTHING: BpfInsn = { code: 0, dst: 0, src: 0, off: 0, imm: 0 };

function load(dst: number, off: number): BpfInsn {
  return { code: BPF_CLASS.BPF_LDX | BPF_MEM_W, dst, src: POINTER, off, imm: 0 };
}

function alu(operation: keyof typeof BPF_ALU, dst: number, imm: number): BpfInsn {
  return { ...NOTHING, code: BPF_CLASS.BPF_ALU | BPF_ALU[operation], dst, imm };
}

/** 32 bits wide: the kernel extends an immediate of 64 by its sign. */
function jump(operation: "BPF_JNE" | "BPF_JSET", dst: number, imm: number, off: number): BpfInsn {
  return { code: BPF_CLASS.BPF_JMP32 | BPF_JMP[operation], dst, src: 0, off, imm };
}
