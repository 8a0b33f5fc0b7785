// SPDX-License-Identifier: Apache-2.0
/** Runs a program of eBPF on the bytes of its context. Only what the filters here are made of. */
import { BPF_ALU, BPF_CLASS, BPF_JMP, BPF_MEM_W, BPF_X } from "../kernel/bpf.ts";
import type { BpfInsn, ExtendedProgram } from "./extended.ts";

const CONTEXT = 1;
const RESULT = 0;

/**
 * What the program returns in r0. r1 points at the context when it begins; a register that was never written is not
 * read. Throws a RangeError for what the kernel's verifier would refuse, as far as this run comes by it.
 */
export function simulateExtended(program: ExtendedProgram, context: Uint8Array): number {
  const view = new DataView(context.buffer, context.byteOffset, context.byteLength);
  const registers: (number | undefined)[] = [];
  for (let at = 0; ; at++) {
    const insn = program[at];
    if (insn === undefined) throw new RangeError(`the program runs past its end, at ${at}`);
    if (insn.code === (BPF_CLASS.BPF_JMP | BPF_JMP.BPF_EXIT)) return read(registers, RESULT);
    if ((insn.code & 0x07) === BPF_CLASS.BPF_JMP || (insn.code & 0x07) === BPF_CLASS.BPF_JMP32) {
      // The kernel allows loops that end; a filter has none.
      if (insn.off < 0) throw new RangeError(`a jump leads back, at ${at}`);
      if (jumps(insn, registers)) at += insn.off;
    } else registers[insn.dst] = computed(insn, registers, view);
  }
}

function computed(insn: BpfInsn, registers: readonly (number | undefined)[], view: DataView): number {
  if (insn.code === (BPF_CLASS.BPF_LDX | BPF_MEM_W)) {
    if (insn.src !== CONTEXT) throw new RangeError(`r${insn.src} is no pointer`);
    return view.getUint32(insn.off, true);
  }
  if ((insn.code & 0x07) !== BPF_CLASS.BPF_ALU) throw unknown(insn);
  const second = secondOf(insn, registers);
  const operation = insn.code & 0xf0;
  if (operation === BPF_ALU.BPF_MOV) return second;
  if (operation === BPF_ALU.BPF_AND) return (read(registers, insn.dst) & second) >>> 0;
  if (operation === BPF_ALU.BPF_RSH) return read(registers, insn.dst) >>> second;
  throw unknown(insn);
}

function jumps(insn: BpfInsn, registers: readonly (number | undefined)[]): boolean {
  const operation = insn.code & 0xf0;
  if (operation === BPF_JMP.BPF_JA) return true;
  const [first, second] = [read(registers, insn.dst), secondOf(insn, registers)];
  if (operation === BPF_JMP.BPF_JNE) return first !== second;
  if (operation === BPF_JMP.BPF_JSET) return (first & second) !== 0;
  throw unknown(insn);
}

function secondOf(insn: BpfInsn, registers: readonly (number | undefined)[]): number {
  return (insn.code & BPF_X) === 0 ? insn.imm >>> 0 : read(registers, insn.src);
}

function read(registers: readonly (number | undefined)[], register: number): number {
  const value = registers[register];
  if (value === undefined) throw new RangeError(`r${register} is read before it is written`);
  return value;
}

function unknown({ code }: BpfInsn): RangeError {
  return new RangeError(`no filter has an instruction of code 0x${code.toString(16)}`);
}
