// SPDX-License-Identifier: Apache-2.0
/** Classic BPF, in which filters of system calls are written. bpf(4) of the BSDs, linux/filter.h. */

/** Parts of an instruction's code: class, then size and mode of a load, or operation and source. */
export const BPF = {
  BPF_LD: 0x00,
  BPF_LDX: 0x01,
  BPF_ST: 0x02,
  BPF_STX: 0x03,
  BPF_ALU: 0x04,
  BPF_JMP: 0x05,
  BPF_RET: 0x06,
  BPF_MISC: 0x07,

  BPF_W: 0x00,
  BPF_IMM: 0x00,
  BPF_ABS: 0x20,
  BPF_MEM: 0x60,
  BPF_LEN: 0x80,

  BPF_ADD: 0x00,
  BPF_SUB: 0x10,
  BPF_MUL: 0x20,
  BPF_DIV: 0x30,
  BPF_OR: 0x40,
  BPF_AND: 0x50,
  BPF_LSH: 0x60,
  BPF_RSH: 0x70,
  BPF_NEG: 0x80,
  BPF_XOR: 0xa0,

  BPF_JA: 0x00,
  BPF_JEQ: 0x10,
  BPF_JGT: 0x20,
  BPF_JGE: 0x30,
  BPF_JSET: 0x40,

  BPF_K: 0x00,
  BPF_X: 0x08,
  BPF_A: 0x10,

  BPF_TAX: 0x00,
  BPF_TXA: 0x80,

  /** The most instructions that a program may have, and its words of memory. */
  BPF_MAXINSNS: 4096,
  BPF_MEMWORDS: 16,
} as const;
