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
