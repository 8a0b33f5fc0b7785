// SPDX-License-Identifier: Apache-2.0
/** eBPF for people, as the kernel's verifier and bpftool(8) print it. Only what the filters here are made of. */
import { BPF_ALU, BPF_CLASS, BPF_JMP, BPF_MEM_W, BPF_X } from "../kernel/bpf.ts";
import type { BpfInsn, ExtendedProgram } from "./extended.ts";

/** One line an instruction, with its number. Throws a RangeError for an instruction that no filter has. */
export function printExtended(program: ExtendedProgram): string {
  return program.map((insn, index) => `${String(index).padStart(4)}: ${printInsn(insn)}\n`).join("");
}

function printInsn({ code, dst, src, off, imm }: BpfInsn): string {
  const operation = code & 0xf0;
  const second = (code & BPF_X) === 0 ? String(imm) : `w${src}`;
  switch (code & 0x07) {
    case BPF_CLASS.LDX:
      if (code === (BPF_CLASS.LDX | BPF_MEM_W)) return `r${dst} = *(u32 *)(r${src} +${off})`;
      break;
    case BPF_CLASS.ALU:
      if (operation === BPF_ALU.MOV) return `w${dst} = ${second}`;
      if (operation === BPF_ALU.AND) return `w${dst} &= ${second}`;
      if (operation === BPF_ALU.RSH) return `w${dst} >>= ${second}`;
      break;
    case BPF_CLASS.JMP:
      if (operation === BPF_JMP.JA) return `goto pc+${off}`;
      if (operation === BPF_JMP.EXIT) return "exit";
      break;
    case BPF_CLASS.JMP32:
      if (operation === BPF_JMP.JNE) return `if w${dst} != ${second} goto pc+${off}`;
      if (operation === BPF_JMP.JSET) return `if w${dst} & ${second} goto pc+${off}`;
      break;
  }
  throw new RangeError(`no filter has an instruction of code 0x${code.toString(16)}`);
}
