// SPDX-License-Identifier: Apache-2.0
/**
 * The init image: a plan as a static executable. elf(5).
 *
 *   segment      holds
 *   read, run    Ehdr, Phdrs, code, anchor, records, constants
 *   read, write  data (slots, the room for a report, structures that hold results), then zeros (`out` memory)
 */
import type { Plan } from "../plan/step.ts";
import { ARM64 } from "./arm64.ts";
import {
  AREA_SHIFT,
  addFix,
  alignUp,
  CONSTANT,
  DATA,
  type Draft,
  FILE,
  newDraft,
  OFFSET_MASK,
  type Piece,
  reserve,
  ZERO,
} from "./draft.ts";
import { EHDR_SIZE, MACHINES, PF, PHDR_SIZE, PT, writeEhdr, writePhdr } from "./elf.ts";
import { type Listing, parseListing, readCode } from "./listing.ts";
import { writeProgram } from "./program.ts";
import { RECORD_SIZE } from "./record.ts";
import { addInputs } from "./slots.ts";
import { X64 } from "./x64.ts";

export interface Image {
  readonly bytes: Uint8Array;
  /** Index of a record, as a failure report has it -> index into the steps of the plan. */
  readonly steps: readonly number[];
  /** The strings with the container's name in them, in the order of the plan: where in the file, and how many bytes. */
  readonly names: readonly { readonly offset: number; readonly room: number }[];
}

export interface DescribedImage extends Image {
  /** What lies where behind the records, for `dump`. */
  readonly parts: readonly Part[];
}

export interface Part {
  readonly offset: number;
  readonly size: number;
  readonly address: number;
  /** "string", "struct statx", "slot report", ... */
  readonly what: string;
}

/** Above vm.mmap_min_addr of any host, and low enough for addresses of 32 bits. */
export const BASE = 0x40_0000;
/** Where the code begins, in the file. */
export const CODE = EHDR_SIZE + 3 * PHDR_SIZE;

const SOURCES = { x64: X64, arm64: ARM64 } as const;
const codes: Partial<Record<Plan["arch"], Uint8Array>> = {};

/** The machine of an architecture, for who reads it. */
export function listingOf(arch: Plan["arch"]): Listing {
  return parseListing(SOURCES[arch]);
}

function codeOf(arch: Plan["arch"]): Uint8Array {
  codes[arch] ??= readCode(SOURCES[arch]);
  return codes[arch];
}

/** Address of the report block (4 bytes), number of records (4 bytes); the machine finds it behind its code. */
export const ANCHOR_SIZE = 8;

/** Throws an Error for a plan that breaks the rules of plan/step.ts: the compiler has checked before. */
export function emitImage(plan: Plan): Image {
  const draft = writeDraft(plan, undefined);
  return imageOf(draft, finish(draft));
}

/** The same image, and what a dump needs to describe it. */
export function describeImage(plan: Plan): DescribedImage {
  const pieces: Piece[] = [];
  const draft = writeDraft(plan, pieces);
  const layout = finish(draft);
  return { ...imageOf(draft, layout), parts: pieces.map((piece) => toPart(piece, layout)) };
}

function imageOf({ file, steps, names }: Draft, { fileSize, offsets }: Layout): Image {
  const data = offsets[DATA] as number;
  return {
    bytes: file.bytes.subarray(0, fileSize),
    steps,
    names: names.map(({ place, room }) => ({ offset: data + (place & OFFSET_MASK), room })),
  };
}

/** Code, anchor, records; constants and data apart, and places instead of addresses. */
function writeDraft(plan: Plan, pieces: Piece[] | undefined): Draft {
  const { arch } = plan;
  const code = codeOf(arch);
  const records = CODE + code.length + ANCHOR_SIZE;
  // Room for copies, checks and constants, so that seldom anything moves.
  const draft = newDraft(arch, BASE, records + (plan.steps.length + 80) * RECORD_SIZE, pieces);
  draft.file.bytes.set(code, CODE);
  draft.file.size = records;
  addInputs(draft, plan.inputs);
  const report = draft.slots.get("report");
  if (report === undefined) throw new Error("a plan needs the input `report`");
  writeProgram(draft, plan.steps);
  const anchor = records - ANCHOR_SIZE;
  draft.file.words[anchor >> 2] = report;
  addFix(draft, anchor);
  draft.file.words[(anchor >> 2) + 1] = draft.steps.length;
  return draft;
}

/** Of each area, by its number: where it begins in the file and in memory. */
interface Layout {
  readonly offsets: readonly number[];
  readonly addresses: readonly number[];
  readonly fileSize: number;
}

/** Puts everything into one file, and writes the headers and the addresses. */
function finish(draft: Draft): Layout {
  const { file, constant, data } = draft;
  const { pageSize } = MACHINES[draft.arch];
  const constants = file.size;
  const dataStart = alignUp(constants + constant.size, 8);
  const fileSize = dataStart + data.size;
  // The page of the file in which the text ends and the data begins is mapped twice: so nothing is padded.
  const dataAddress = alignUp(BASE + dataStart, pageSize) + (dataStart % pageSize);
  const zeroAddress = alignUp(dataAddress + data.size, 8);
  const end = zeroAddress + draft.zeros;
  if (end > 0x7fff_ffff) throw new Error(`an image of ${end - BASE} bytes is too large`);
  reserve(file, fileSize - constants);
  file.bytes.set(constant.bytes.subarray(0, constant.size), constants);
  file.bytes.set(data.bytes.subarray(0, data.size), dataStart);
  file.size = fileSize;
  writeHeaders(draft, dataStart, dataAddress, end - dataAddress);
  const offsets = [0, 0, 0, 0];
  const addresses = [0, 0, 0, 0];
  offsets[FILE] = 0;
  offsets[CONSTANT] = constants;
  offsets[DATA] = dataStart;
  offsets[ZERO] = fileSize;
  addresses[FILE] = BASE;
  addresses[CONSTANT] = BASE + constants;
  addresses[DATA] = dataAddress;
  addresses[ZERO] = zeroAddress;
  writeAddresses(draft, offsets, addresses);
  return { offsets, addresses, fileSize };
}

function writeAddresses(draft: Draft, offsets: readonly number[], addresses: readonly number[]): void {
  const { fixes, fixed } = draft;
  const { words } = draft.file;
  for (let n = 0; n < fixed; n++) {
    const at = fixes[n] as number;
    const word = ((offsets[at >> AREA_SHIFT] as number) + (at & OFFSET_MASK)) >> 2;
    const place = words[word] as number;
    words[word] = (addresses[place >> AREA_SHIFT] as number) + (place & OFFSET_MASK);
  }
}

function writeHeaders({ arch, file }: Draft, textSize: number, dataAddress: number, memorySize: number): void {
  const { words, size } = file;
  const { machine, pageSize } = MACHINES[arch];
  writeEhdr(words, machine, BASE + CODE, 3);
  writePhdr(words, EHDR_SIZE, {
    type: PT.PT_LOAD,
    flags: PF.PF_R | PF.PF_X,
    offset: 0,
    address: BASE,
    fileSize: textSize,
    memorySize: textSize,
    align: pageSize,
  });
  writePhdr(words, EHDR_SIZE + PHDR_SIZE, {
    type: PT.PT_LOAD,
    flags: PF.PF_R | PF.PF_W,
    offset: textSize,
    address: dataAddress,
    fileSize: size - textSize,
    memorySize,
    align: pageSize,
  });
  // Without this header the kernel makes the stack executable.
  writePhdr(words, EHDR_SIZE + 2 * PHDR_SIZE, {
    type: PT.PT_GNU_STACK,
    flags: PF.PF_R | PF.PF_W,
    offset: 0,
    address: 0,
    fileSize: 0,
    memorySize: 0,
    align: 16,
  });
}

function toPart({ place, size, what }: Piece, { offsets, addresses }: Layout): Part {
  const area = place >> AREA_SHIFT;
  const inside = place & OFFSET_MASK;
  const offset = (offsets[area] as number) + (area === ZERO ? 0 : inside);
  return { offset, size, address: (addresses[area] as number) + inside, what };
}
