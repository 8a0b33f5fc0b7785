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
    case BPF_CLASS.BPF_LDX:
      if (code === (BPF_CLASS.BPF_LDX | BPF_MEM_W)) return `r${dst} = *(u32 *)(r${src} +${off})`;
      break;
    case BPF_CLASS.BPF_ALU:
      if (operation === BPF_ALU.BPF_MOV) return `w${dst} = ${second}`;
      if (operation === BPF_ALU.BPF_AND) return `w${dst} &= ${second}`;
      if (operation === BPF_ALU.BPF_RSH) return `w${dst} >>= ${second}`;
      break;
    case BPF_CLASS.BPF_JMP:
      if (operation === BPF_JMP.BPF_JA) return `goto pc+${off}`;
      if (operation === BPF_JMP.BPF_EXIT) return "exit";
      break;
    case BPF_CLASS.BPF_JMP32:
      if (operation === BPF_JMP.BPF_JNE) return `if w${dst} != ${second} goto pc+${off}`;
      if (operation === BPF_JMP.BPF_JSET) return `if w${dst} & ${second} goto pc+${off}`;
      break;
  }
  throw new RangeError(`no filter has an instruction of code 0x${code.toString(16)}`);
}
