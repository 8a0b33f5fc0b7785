// SPDX-License-Identifier: Apache-2.0
/** What the image has in memory besides code and records, collected before the addresses are known. */

/** `constant` is read-only and lies in the file, `data` is writable and lies in the file, `zero` is writable only. */
export type Area = "constant" | "data" | "zero";

/** A position in an area: it becomes an address when the image is laid out. */
export interface Place {
  readonly area: Area;
  readonly offset: number;
}

/** Bytes of an area. */
export interface Piece {
  readonly place: Place;
  readonly size: number;
  /** Absent in the area `zero`. */
  readonly bytes?: Uint8Array;
  /** The places whose addresses (8 bytes) stand in the bytes. */
  readonly pointers: readonly Pointer[];
  /** What it is, for a person who reads a dump. */
  readonly what: string;
}

export interface Pointer {
  readonly at: number;
  readonly to: Place;
}

export interface Memory {
  readonly pieces: Piece[];
  readonly sizes: Record<Area, number>;
  /** Constants that are there already, by their content. */
  readonly known: Map<string, Place>;
}

export function newMemory(): Memory {
  return { pieces: [], sizes: { constant: 0, data: 0, zero: 0 }, known: new Map() };
}

/** Adds constant bytes, or finds the same bytes if they are there. Text needs no alignment, all else gets 8. */
export function addConstant(memory: Memory, what: string, bytes: Uint8Array, pointers: readonly Pointer[] = []): Place {
  const isText = what === "string";
  const key = `${isText}${latin1(bytes)}${pointers.map(({ at, to }) => `|${at} ${to.area} ${to.offset}`).join("")}`;
  const found = memory.known.get(key);
  if (found !== undefined) return found;
  const place = add(memory, "constant", { what, bytes, pointers, size: bytes.length }, isText ? 1 : 8);
  memory.known.set(key, place);
  return place;
}

/** Adds writable bytes. */
export function addData(memory: Memory, what: string, bytes: Uint8Array, pointers: readonly Pointer[] = []): Place {
  return add(memory, "data", { what, bytes, pointers, size: bytes.length }, 8);
}

/** Adds writable memory that is zero. 8 bytes can be read from any byte of it: a check reads narrow fields so. */
export function addZero(memory: Memory, what: string, size: number): Place {
  return add(memory, "zero", { what, pointers: [], size: size + 8 }, 8);
}

function add(memory: Memory, area: Area, piece: Omit<Piece, "place">, align: number): Place {
  const offset = alignUp(memory.sizes[area], align);
  const place: Place = { area, offset };
  memory.pieces.push({ ...piece, place });
  memory.sizes[area] = offset + piece.size;
  return place;
}

export function alignUp(value: number, align: number): number {
  return Math.ceil(value / align) * align;
}

/** One character a byte: bytes as the key of a map. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x1000) text += String.fromCharCode(...bytes.subarray(at, at + 0x1000));
  return text;
}
