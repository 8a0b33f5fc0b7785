// SPDX-License-Identifier: Apache-2.0
/** What the image has in memory besides code and records. */
import { quote, utf8 } from "../kernel/quote.ts";
import {
  addFix,
  alignUp,
  CONSTANT,
  type Content,
  DATA,
  type Draft,
  note,
  type Place,
  placeAt,
  reserve,
  ZERO,
} from "./draft.ts";

/**
 * Adds a constant string with its NUL, or finds the same string if it is there. Throws an Error when there is a NUL
 * inside: the kernel would see a shorter string.
 */
export function addText(draft: Draft, text: string): Place {
  const found = draft.texts.get(text);
  if (found !== undefined) return found;
  const { constant } = draft;
  const start = constant.size;
  const size = writeText(constant, start, text) + 1;
  const place = placeAt(CONSTANT, start);
  constant.size = start + size;
  draft.texts.set(text, place);
  note(draft, place, size, "string");
  return place;
}

/** Adds a string with room for a longer one. */
export function addName(draft: Draft, text: string): Place {
  const room = alignUp(utf8(text).length + 1, NAME_ROOM);
  const start = addData(draft, room, "string", "");
  writeText(draft.data, start, text);
  const place = placeAt(DATA, start);
  draft.names.push({ place, room });
  return place;
}

/** Adds constant bytes, or finds the same bytes if they are there. */
export function addBytes(draft: Draft, bytes: string | Uint8Array): Place {
  const content = typeof bytes === "string" ? utf8(bytes) : bytes;
  const start = beginConstant(draft, content.length);
  draft.constant.bytes.set(content, start);
  return endConstant(draft, start, content.length, draft.fixed, "bytes");
}

/** Adds a NULL-terminated vector of pointers to strings, or finds the same. */
export function addTexts(draft: Draft, texts: readonly string[]): Place {
  // The strings first: the vector is written in one piece.
  for (const text of texts) addText(draft, text);
  const fixed = draft.fixed;
  const size = 8 * (texts.length + 1);
  const start = beginConstant(draft, size);
  for (const [n, text] of texts.entries()) pointInside(draft, CONSTANT, start + 8 * n, addText(draft, text));
  return endConstant(draft, start, size, fixed, "strings");
}

/** Makes room for a constant of `size` bytes and returns its offset; `endConstant` must follow. */
export function beginConstant({ constant }: Draft, size: number): number {
  const start = alignUp(constant.size, ALIGN);
  reserve(constant, start - constant.size + size + ALIGN);
  return start;
}

/**
 * Keeps the constant that was written at `start`, or takes it back if the same is there. `fixed` is how many fixes there
 * were before its own. Of one kind, the same words are pointers: so the words alone tell what is the same.
 */
export function endConstant(draft: Draft, start: number, size: number, fixed: number, kind: string, name = ""): Place {
  const { constant, constants } = draft;
  const what = name === "" ? kind : name;
  const hash = hashOf(constant.words, start, size);
  const found = constants.get(hash);
  if (found !== undefined && found.what === what && found.size === size) {
    const offset = found.place - placeAt(CONSTANT, 0);
    if (isSame(constant.words, offset, start, size)) {
      constant.bytes.fill(0, start, start + size);
      draft.fixed = fixed;
      return found.place;
    }
  }
  const place = placeAt(CONSTANT, start);
  // Up to the next word: what is compared above must not be written to later.
  constant.size = alignUp(start + size, 4);
  constants.set(hash, { place, size, what });
  note(draft, place, size, kind, name);
  return place;
}

/** Makes room for `size` writable bytes, of which the caller may set some. Returns their offset. */
export function addData(draft: Draft, size: number, kind: string, name: string): number {
  const { data } = draft;
  const start = alignUp(data.size, ALIGN);
  reserve(data, start - data.size + size);
  data.size = start + size;
  note(draft, placeAt(DATA, start), size, kind, name);
  return start;
}

/** Adds writable memory that is zero. 8 bytes can be read from any byte of it: a check reads narrow fields so. */
export function addZero(draft: Draft, size: number, name: string): Place {
  const offset = alignUp(draft.zeros, ALIGN);
  const place = placeAt(ZERO, offset);
  draft.zeros = offset + size + 8;
  placeAt(ZERO, draft.zeros);
  note(draft, place, size + 8, "out", name);
  return place;
}

/** The 8 bytes at that offset of an area become the address of `to`. */
export function pointInside(draft: Draft, area: typeof CONSTANT | typeof DATA, offset: number, to: Place): void {
  const { words } = area === CONSTANT ? draft.constant : draft.data;
  words[offset >> 2] = to;
  addFix(draft, placeAt(area, offset));
}

const ENCODER = new TextEncoder();
/** Names of containers mostly have the same length, or nearly. */
const NAME_ROOM = 64;
/** Structures begin where their widest field may. */
const ALIGN = 8;

/** Writes UTF-8 and returns how many bytes it took; the byte behind them is zero. */
function writeText(content: Content, start: number, text: string): number {
  const { length } = text;
  // UTF-8 takes at most 3 bytes for each UTF-16 unit.
  reserve(content, 3 * length + 1);
  const { bytes } = content;
  for (let n = 0; n < length; n++) {
    const unit = text.charCodeAt(n);
    if (unit === 0) throw new Error(`a NUL inside ${quote(text)}`);
    if (unit > 0x7f) {
      if (text.includes("\0")) throw new Error(`a NUL inside ${quote(text)}`);
      return ENCODER.encodeInto(text, bytes.subarray(start)).written;
    }
    bytes[start + n] = unit;
  }
  return length;
}

function hashOf(words: Int32Array, start: number, size: number): number {
  let hash = size;
  for (let n = start >> 2; n < (start + size + 3) >> 2; n++) hash = Math.imul(hash ^ (words[n] as number), 0x01000193);
  return hash;
}

function isSame(words: Int32Array, one: number, other: number, size: number): boolean {
  const count = (size + 3) >> 2;
  for (let n = 0; n < count; n++) if (words[(one >> 2) + n] !== words[(other >> 2) + n]) return false;
  return true;
}
