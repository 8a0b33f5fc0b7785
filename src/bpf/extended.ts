// SPDX-License-Identifier: Apache-2.0
/** Programs of eBPF as data: struct bpf_insn, linux/bpf.h. Encoder and decoder. */

/** One instruction, in the kernel's words: code, the two registers, an offset and an immediate. */
export interface BpfInsn {
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  readonly off: number;
  readonly imm: number;
}

export type ExtendedProgram = readonly BpfInsn[];

const SIZE = 8;

/**
 * struct bpf_insn, 8 bytes, little-endian.
 *
 *   offset  size  field
 *        0     1  code
 *        1     1  dst_reg in the lower half, src_reg in the upper
 *        2     2  off, signed
 *        4     4  imm
 */
export function encodeExtended(program: ExtendedProgram): Uint8Array {
  const bytes = new Uint8Array(SIZE * program.length);
  const view = new DataView(bytes.buffer);
  for (const [index, { code, dst, src, off, imm }] of program.entries()) {
    const at = SIZE * index;
    view.setUint8(at, code);
    view.setUint8(at + 1, dst | (src << 4));
    view.setInt16(at + 2, off, true);
    view.setUint32(at + 4, imm, true);
  }
  return bytes;
}

/** Throws a RangeError for bytes that end within an instruction. */
export function decodeExtended(bytes: Uint8Array): ExtendedProgram {
  if (bytes.length % SIZE !== 0) throw new RangeError(`${bytes.length} bytes are no whole number of instructions`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / SIZE }, (_, index) => {
    const at = SIZE * index;
    const registers = view.getUint8(at + 1);
    return {
      code: view.getUint8(at),
      dst: registers & 0xf,
      src: registers >> 4,
      off: view.getInt16(at + 2, true),
      imm: view.getUint32(at + 4, true),
    };
  });
}
