// SPDX-License-Identifier: Apache-2.0
/** eBPF: what bpf(2) is asked, and the codes of instructions. linux/bpf.h, linux/bpf_common.h. */

/** Commands of bpf(2). */
export const BPF = {
  BPF_PROG_LOAD: 5,
  BPF_PROG_ATTACH: 8,
  BPF_PROG_DETACH: 9,
  BPF_PROG_GET_FD_BY_ID: 13,
  BPF_PROG_QUERY: 16,
} as const;

export const BPF_PROG_TYPE_CGROUP_DEVICE = 15;
/** The attach type of such programs. */
export const BPF_CGROUP_DEVICE = 6;

/** Flags of an attachment. */
export const BPF_F = {
  BPF_F_ALLOW_MULTI: 2,
  BPF_F_REPLACE: 4,
} as const;

/** What a program for devices is asked: bits of struct bpf_cgroup_dev_ctx. */
export const BPF_DEVCG_ACC = { BPF_DEVCG_ACC_MKNOD: 1, BPF_DEVCG_ACC_READ: 2, BPF_DEVCG_ACC_WRITE: 4 } as const;
export const BPF_DEVCG_DEV = { BPF_DEVCG_DEV_BLOCK: 1, BPF_DEVCG_DEV_CHAR: 2 } as const;

/** Classes of instructions, the lowest three bits of a code. */
export const BPF_CLASS = { BPF_LDX: 0x01, BPF_ALU: 0x04, BPF_JMP: 0x05, BPF_JMP32: 0x06 } as const;

/** Operations of ALU, the highest four bits. */
export const BPF_ALU = { BPF_AND: 0x50, BPF_RSH: 0x70, BPF_MOV: 0xb0 } as const;

/** Operations of JMP and JMP32. */
export const BPF_JMP = { BPF_JA: 0x00, BPF_JSET: 0x40, BPF_JNE: 0x50, BPF_EXIT: 0x90 } as const;

/** BPF_X: the second operand is a register, not the immediate. */
export const BPF_X = 0x08;
/** BPF_MEM | BPF_W: 4 bytes at a register and an offset. */
export const BPF_MEM_W = 0x60;
