// SPDX-License-Identifier: Apache-2.0
/** Lists of CPUs and memory nodes: `0-3,7`. The list format of cpuset(7), without strides. */

/**
 * The numbers of a list, each once, in order; empty for an empty list.
 * Undefined: it is no such list, a range goes backwards, or a number is above `most`.
 */
export function parseNumberList(text: string, most: number): readonly number[] | undefined {
  const numbers = new Set<number>();
  if (text.trim() === "") return [];
  for (const part of text.split(",")) {
    const [, first, last = first] = /^\s*(\d{1,9})(?:-(\d{1,9}))?\s*$/.exec(part) ?? [];
    if (first === undefined || Number(first) > Number(last) || Number(last) > most) return undefined;
    for (let number = Number(first); number <= Number(last); number++) numbers.add(number);
  }
  return [...numbers].sort((one, other) => one - other);
}

/** The numbers as a mask of the kernel: bit n of 64-bit words, little-endian. */
export function bitMask(numbers: readonly number[]): Uint8Array {
  const mask = new Uint8Array(8 * (Math.floor(Math.max(...numbers) / 64) + 1));
  for (const number of numbers) mask[number >> 3] = (mask[number >> 3] ?? 0) | (1 << (number & 7));
  return mask;
}
