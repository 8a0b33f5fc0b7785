// SPDX-License-Identifier: Apache-2.0
/**
 * The image while it is made. Nothing is kept beside the bytes: records, constants and data are written where they stay,
 * and an address stands there as a place until the areas are laid out.
 */
import type { Plan } from "../plan/step.ts";
import { RECORD_SIZE } from "./record.ts";

/**
 * A position: the area in the upper bits, the offset in the lower ones; never 0 for something that can be pointed to.
 * `FILE` is headers, code and records; `CONSTANT` is read-only and lies in the file behind them, `DATA` is writable and
 * lies in the file, `ZERO` is writable only.
 */
export type Place = number;
export const FILE = 0;
export const CONSTANT = 1;
export const DATA = 2;
export const ZERO = 3;
export const AREA_SHIFT = 27;
export const OFFSET_MASK = (1 << AREA_SHIFT) - 1;

/** Bytes that grow; those from `size` on are unused and zero. */
export interface Content {
  bytes: Uint8Array;
  /** The same bytes, little-endian as the machines that tsrun knows. */
  words: Int32Array;
  size: number;
}

/** A range of an area. */
export interface Piece {
  readonly place: Place;
  readonly size: number;
  /** What it is, for a person who reads a dump. */
  readonly what: string;
}

export interface Draft {
  readonly arch: Plan["arch"];
  readonly file: Content;
  readonly constant: Content;
  readonly data: Content;
  /** Bytes of the area that is only zero. */
  zeros: number;
  /** Places of the 4 bytes in which a place must become an address. */
  fixes: Int32Array;
  fixed: number;
  /** Where the structures lie that operands 0 to 5 of the call at hand point to. */
  readonly structs: Place[];
  /** Record -> index into the steps of the plan. */
  readonly steps: number[];
  /** Where each result is kept. */
  readonly slots: Map<string, Place>;
  /** Strings with the container's name in them, in the order of the plan. */
  readonly names: { readonly place: Place; readonly room: number }[];
  /** Constant strings that are there already. */
  readonly texts: Map<string, Place>;
  /** Other constants, by a hash of their content. */
  readonly constants: Map<number, Piece>;
  /** Flags as the architecture has them, where that is another value. */
  readonly translated: Map<number | bigint, number>;
  /** Address of the file's first byte. */
  readonly base: number;
  /** Everything but records, for a dump; nobody else asks. */
  readonly pieces: Piece[] | undefined;
}

export function newDraft(arch: Plan["arch"], base: number, fileSize: number, pieces: Piece[] | undefined): Draft {
  return {
    arch,
    file: newContent(fileSize),
    constant: newContent(0x2000),
    data: newContent(0x1000),
    zeros: 0,
    fixes: new Int32Array(0x800),
    fixed: 0,
    structs: [0, 0, 0, 0, 0, 0],
    steps: [],
    slots: new Map(),
    names: [],
    texts: new Map(),
    constants: new Map(),
    translated: new Map(),
    base,
    pieces,
  };
}

/** Makes room for a record of that step, and returns the index of its first word. Throws an Error for too many. */
export function addRecord(draft: Draft, step: number): number {
  const { file, steps } = draft;
  const index = steps.length;
  if (index > 0xffff) throw new Error(`${index} is not in 0..65535`);
  steps.push(step);
  const at = file.size;
  reserve(file, RECORD_SIZE);
  file.size = at + RECORD_SIZE;
  return at >> 2;
}

/** Where the record behind that one will be: the address, as records do not move. */
export function addressBehind(draft: Draft, record: number): number {
  return draft.base + 4 * record + RECORD_SIZE;
}

/** Writes a place into a word of a record: an address later. */
export function pointFrom(draft: Draft, word: number, to: Place): void {
  draft.file.words[word] = to;
  if (draft.fixed === draft.fixes.length) growFixes(draft);
  draft.fixes[draft.fixed++] = 4 * word;
}

/** The word at that place holds a place, and becomes an address. */
export function addFix(draft: Draft, at: Place): void {
  if (draft.fixed === draft.fixes.length) growFixes(draft);
  draft.fixes[draft.fixed++] = at;
}

/** Throws an Error for an offset that has no room in a place. */
export function placeAt(area: number, offset: number): Place {
  if (offset < 0 || offset > OFFSET_MASK) throw new Error(`an image with ${offset} bytes in an area is too large`);
  return (area << AREA_SHIFT) | offset;
}

/** The capacity grows so that `room` bytes fit behind `size`. */
export function reserve(content: Content, room: number): void {
  const needed = content.size + room;
  if (needed <= content.bytes.length) return;
  const larger = newContent(2 * needed);
  larger.bytes.set(content.bytes);
  content.bytes = larger.bytes;
  content.words = larger.words;
}

export function alignUp(value: number, align: number): number {
  return Math.ceil(value / align) * align;
}

/** Only a dump asks what lies where. */
export function note(draft: Draft, place: Place, size: number, kind: string, name = ""): void {
  if (draft.pieces === undefined) return;
  draft.pieces.push({ place, size, what: name === "" ? kind : `${kind} ${name}` });
}

function newContent(capacity: number): Content {
  const buffer = new ArrayBuffer(alignUp(capacity, 8));
  return { bytes: new Uint8Array(buffer), words: new Int32Array(buffer), size: 0 };
}

function growFixes(draft: Draft): void {
  const larger = new Int32Array(2 * draft.fixed);
  larger.set(draft.fixes);
  draft.fixes = larger;
}
