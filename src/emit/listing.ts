// SPDX-License-Identifier: Apache-2.0
/** A listing of machine code: the text that a person reads is the source of the bytes. */

export interface Instruction {
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** As objdump(1) prints it, but for a label in place of an address. */
  readonly text: string;
  /** Why it is there; "" where the line before says it. */
  readonly why: string;
  readonly label: string | undefined;
}

export interface Listing {
  readonly instructions: readonly Instruction[];
  readonly code: Uint8Array;
  readonly labels: ReadonlyMap<string, number>;
}

const LABEL = /^(\w+):$/;
const LINE = /^ {2}((?:[0-9a-f]{2} )*[0-9a-f]{2}) {2,}(.*?)(?:\s*; (.*))?$/;

/**
 * Only the bytes: what a start needs. The listing is one that `parseListing` takes; a test says so of each.
 */
export function readCode(source: string): Uint8Array {
  const bytes = new Uint8Array(source.length >> 2);
  let size = 0;
  let at = 0;
  do {
    if (source.charCodeAt(at) === SPACE) {
      let pair = at + 2;
      // One space stands between bytes, and at least two behind them.
      do {
        bytes[size++] = (digitAt(source, pair) << 4) | digitAt(source, pair + 1);
        pair += 3;
      } while (source.charCodeAt(pair) !== SPACE);
    }
    at = source.indexOf("\n", at) + 1;
  } while (at > 0);
  return bytes.subarray(0, size);
}

/** Reads lines of `label:` and of `  bytes  instruction  ; why`. Throws an Error at a line that is neither. */
export function parseListing(source: string): Listing {
  const instructions: Instruction[] = [];
  const labels = new Map<string, number>();
  let label: string | undefined;
  let offset = 0;
  for (const line of source.split("\n")) {
    if (line === "") continue;
    const name = LABEL.exec(line)?.[1];
    if (name !== undefined) {
      label = name;
      labels.set(name, offset);
      continue;
    }
    const [, hex, text, why = ""] = LINE.exec(line) ?? [];
    if (hex === undefined || text === undefined) throw new Error(`not a line of a listing: ${line}`);
    const bytes = Uint8Array.from(hex.split(" "), (byte) => Number.parseInt(byte, 16));
    instructions.push({ offset, bytes, text, why, label });
    label = undefined;
    offset += bytes.length;
  }
  const code = new Uint8Array(offset);
  for (const instruction of instructions) code.set(instruction.bytes, instruction.offset);
  return { instructions, code, labels };
}

const SPACE = 0x20;

/** A lower-case hexadecimal digit. */
function digitAt(source: string, at: number): number {
  const unit = source.charCodeAt(at);
  return (unit & 15) + 9 * (unit >> 6);
}
