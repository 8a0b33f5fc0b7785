// SPDX-License-Identifier: Apache-2.0
/** What the image has in memory besides code and records, collected before the addresses are known. */
import { quote } from "../kernel/quote.ts";

/** `constant` is read-only and lies in the file, `data` is writable and lies in the file, `zero` is writable only. */
export type Area = "constant" | "data" | "zero";

/** A position in an area: it becomes an address when the image is laid out. */
export interface Place {
  readonly area: Area;
  readonly offset: number;
}

/** A range of an area. */
export interface Piece {
  readonly place: Place;
  readonly size: number;
  /** What it is, for a person who reads a dump. */
  readonly what: string;
}

/** The address of `to` (8 bytes) stands at `at`. */
export interface Pointer {
  readonly at: Place;
  readonly to: Place;
}

export interface Memory {
  readonly constant: Content;
  readonly data: Content;
  /** Bytes of the area that is only zero. */
  zeros: number;
  readonly pieces: Piece[];
  readonly pointers: Pointer[];
  /** Constants that are there already, by their content. */
  readonly known: Map<string, Place>;
}

/** Bytes that grow; those from `size` on are unused and zero. */
export interface Content {
  bytes: Uint8Array;
  size: number;
}

export function newMemory(): Memory {
  const constant: Content = { bytes: new Uint8Array(0x4000), size: 0 };
  const data: Content = { bytes: new Uint8Array(0x1000), size: 0 };
  return { constant, data, zeros: 0, pieces: [], pointers: [], known: new Map() };
}

/**
 * Adds a constant string with its NUL, or finds the same string if it is there. Throws an Error when there is a NUL
 * inside: the kernel would see a shorter string.
 */
export function addText(memory: Memory, text: string): Place {
  const key = `"${text}`;
  const found = memory.known.get(key);
  if (found !== undefined) return found;
  if (text.includes("\0")) throw new Error(`a NUL inside ${quote(text)}`);
  const { constant } = memory;
  // UTF-8 takes at most 3 bytes for each UTF-16 unit.
  reserve(constant, 3 * text.length + 1);
  const { written } = ENCODER.encodeInto(text, constant.bytes.subarray(constant.size));
  const place = addPiece(memory, "constant", constant.size, written + 1, "string");
  constant.size += written + 1;
  memory.known.set(key, place);
  return place;
}

/** Adds constant bytes, or finds the same bytes if they are there. `pointers` are offsets and what stands there. */
export function addConstant(memory: Memory, what: string, bytes: Uint8Array, pointers: readonly Inside[] = []): Place {
  const key = `${what}:${LATIN1.decode(bytes)}:${pointers.map(([at, to]) => `${at},${to.area},${to.offset}`).join()}`;
  const found = memory.known.get(key);
  if (found !== undefined) return found;
  const place = addBytes(memory, "constant", what, bytes, pointers);
  memory.known.set(key, place);
  return place;
}

/** Adds writable bytes. */
export function addData(memory: Memory, what: string, bytes: Uint8Array, pointers: readonly Inside[] = []): Place {
  return addBytes(memory, "data", what, bytes, pointers);
}

/** Adds writable memory that is zero. 8 bytes can be read from any byte of it: a check reads narrow fields so. */
export function addZero(memory: Memory, what: string, size: number): Place {
  const offset = alignUp(memory.zeros, ALIGN);
  memory.zeros = offset + size + 8;
  return addPiece(memory, "zero", offset, size + 8, what);
}

export function alignUp(value: number, align: number): number {
  return Math.ceil(value / align) * align;
}

/** A pointer in bytes: its offset, and what it points to. */
export type Inside = readonly [number, Place];

const ENCODER = new TextEncoder();
/** One character for each byte: bytes as a key. */
const LATIN1 = new TextDecoder("latin1");
/** Structures begin where their widest field may. */
const ALIGN = 8;

function addBytes(
  memory: Memory,
  area: "constant" | "data",
  what: string,
  bytes: Uint8Array,
  pointers: readonly Inside[],
): Place {
  const content = memory[area];
  const offset = alignUp(content.size, ALIGN);
  reserve(content, offset - content.size + bytes.length);
  content.bytes.set(bytes, offset);
  content.size = offset + bytes.length;
  for (const [at, to] of pointers) memory.pointers.push({ at: { area, offset: offset + at }, to });
  return addPiece(memory, area, offset, bytes.length, what);
}

function addPiece(memory: Memory, area: Area, offset: number, size: number, what: string): Place {
  const place: Place = { area, offset };
  memory.pieces.push({ place, size, what });
  return place;
}

function reserve(content: Content, room: number): void {
  const needed = content.size + room;
  if (needed <= content.bytes.length) return;
  const larger = new Uint8Array(2 * needed);
  larger.set(content.bytes);
  content.bytes = larger;
}
