// SPDX-License-Identifier: Apache-2.0
/** The headers of a static ELF64 executable, little-endian. elf(5). */

export const EHDR_SIZE = 64;
export const PHDR_SIZE = 56;

export const PT = { PT_LOAD: 1, PT_GNU_STACK: 0x6474e551 } as const;
export const PF = { PF_X: 1, PF_W: 2, PF_R: 4 } as const;

/** What differs between the architectures: e_machine, and the largest page that the kernel may have. */
export const MACHINES = {
  x64: { machine: 62, name: "EM_X86_64", pageSize: 0x1000 },
  arm64: { machine: 183, name: "EM_AARCH64", pageSize: 0x1_0000 },
} as const;

export interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: number;
}

/**
 * Writes Elf64_Ehdr, 64 bytes, at the start of the file.
 *
 *   offset  size  field        value
 *        0    16  e_ident      7f 'E' 'L' 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT, ELFOSABI_SYSV, zeros
 *       16     2  e_type       ET_EXEC: the addresses are fixed, nothing relocates them
 *       18     2  e_machine    EM_X86_64, EM_AARCH64
 *       20     4  e_version    EV_CURRENT
 *       24     8  e_entry      the first instruction
 *       32     8  e_phoff      64: the program headers follow
 *       40     8  e_shoff      0: no sections
 *       48     4  e_flags      0
 *       52     2  e_ehsize     64
 *       54     2  e_phentsize  56
 *       56     2  e_phnum
 *       58     2  e_shentsize  0
 *       60     2  e_shnum      0
 *       62     2  e_shstrndx   0
 */
export function writeEhdr(words: Int32Array, machine: number, entry: number, segments: number): void {
  words[0] = 0x464c_457f;
  words[1] = 0x0001_0102;
  words[4] = (machine << 16) | 2;
  words[5] = 1;
  words[6] = entry;
  words[8] = EHDR_SIZE;
  words[13] = (PHDR_SIZE << 16) | EHDR_SIZE;
  words[14] = segments;
}

/**
 * Writes Elf64_Phdr, 56 bytes, at `at`. All numbers are below 2^31: the upper halves of the wide fields stay zero.
 *
 *   offset  size  field     value
 *        0     4  p_type    PT_LOAD, PT_GNU_STACK
 *        4     4  p_flags   PF_R | PF_X, PF_R | PF_W
 *        8     8  p_offset  in the file
 *       16     8  p_vaddr   in memory; equals p_offset modulo p_align
 *       24     8  p_paddr   the same; unused
 *       32     8  p_filesz
 *       40     8  p_memsz   what exceeds p_filesz is zero
 *       48     8  p_align   the largest page size
 */
export function writePhdr(words: Int32Array, at: number, segment: Segment): void {
  const word = at >> 2;
  words[word] = segment.type;
  words[word + 1] = segment.flags;
  words[word + 2] = segment.offset;
  words[word + 4] = segment.address;
  words[word + 6] = segment.address;
  words[word + 8] = segment.fileSize;
  words[word + 10] = segment.memorySize;
  words[word + 12] = segment.align;
}

/** Reads what `writePhdr` wrote. */
export function readPhdr(view: DataView, at: number): Segment {
  return {
    type: view.getUint32(at, true),
    flags: view.getUint32(at + 4, true),
    offset: Number(view.getBigUint64(at + 8, true)),
    address: Number(view.getBigUint64(at + 16, true)),
    fileSize: Number(view.getBigUint64(at + 32, true)),
    memorySize: Number(view.getBigUint64(at + 40, true)),
    align: Number(view.getBigUint64(at + 48, true)),
  };
}
