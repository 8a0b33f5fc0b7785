// SPDX-License-Identifier: Apache-2.0
/** Programs of classic BPF as data: struct sock_filter, linux/filter.h. Encoder and decoder. */

/** One instruction, in the kernel's words: code, the offsets of a jump when true and when false, and a constant. */
export interface SockFilter {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

export type ClassicProgram = readonly SockFilter[];

const SIZE = 8;

/**
 * struct sock_filter, 8 bytes, little-endian.
 *
 *   offset  size  field
 *        0     2  code
 *        2     1  jt
 *        3     1  jf
 *        4     4  k
 */
export function encodeClassic(program: ClassicProgram): Uint8Array {
  const bytes = new Uint8Array(SIZE * program.length);
  const view = new DataView(bytes.buffer);
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    const at = SIZE * index;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, jt);
    view.setUint8(at + 3, jf);
    view.setUint32(at + 4, k, true);
  }
  return bytes;
}

/** Throws a RangeError for bytes that end within an instruction. */
export function decodeClassic(bytes: Uint8Array): ClassicProgram {
  if (bytes.length % SIZE !== 0) throw new RangeError(`${bytes.length} bytes are no whole number of instructions`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / SIZE }, (_, index) => {
    const at = SIZE * index;
    return {
      code: view.getUint16(at, true),
      jt: view.getUint8(at + 2),
      jf: view.getUint8(at + 3),
      k: view.getUint32(at + 4, true),
    };
  });
}
