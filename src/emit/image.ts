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
import type { Draft } from "./draft.ts";
import { EHDR_SIZE, MACHINES, PF, PHDR_SIZE, PT, type Segment, writeEhdr, writePhdr } from "./elf.ts";
import { type Listing, parseListing } from "./listing.ts";
import { alignUp, type Memory, type Piece, type Place } from "./memory.ts";
import { type Program, toProgram } from "./program.ts";
import { encodeRecord, RECORD_SIZE, type StepRecord } from "./record.ts";
import { X64 } from "./x64.ts";

export interface Image {
  readonly bytes: Uint8Array;
  /** Index of a record, as a failure report has it -> index into the steps of the plan. */
  readonly steps: readonly number[];
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
const parsed: Partial<Record<Plan["arch"], Listing>> = {};

/** The machine of an architecture, read from its listing when it is first asked for. */
export function listingOf(arch: Plan["arch"]): Listing {
  parsed[arch] ??= parseListing(SOURCES[arch]);
  return parsed[arch];
}

/** Address of the report block (4 bytes), number of records (4 bytes); the machine finds it behind its code. */
export const ANCHOR_SIZE = 8;

interface Layout {
  /** File offsets. */
  readonly records: number;
  readonly constants: number;
  readonly data: number;
  readonly fileSize: number;
  /** Where each area begins in memory. */
  readonly address: Readonly<Record<Place["area"], number>>;
  readonly memorySize: number;
}

/** Throws an Error for a plan that breaks the rules of plan/step.ts: the compiler has checked before. */
export function emitImage(plan: Plan): Image {
  const program = toProgram(plan);
  const layout = layOut(plan.arch, program);
  const bytes = new Uint8Array(layout.fileSize);
  const view = new DataView(bytes.buffer);
  const address = ({ area, offset }: Place) => layout.address[area] + offset;
  writeHeaders(view, plan.arch, layout);
  bytes.set(listingOf(plan.arch).code, CODE);
  view.setUint32(layout.records - ANCHOR_SIZE, address(program.report), true);
  view.setUint32(layout.records - ANCHOR_SIZE + 4, program.records.length, true);
  for (const draft of program.records) {
    encodeRecord(resolve(draft, address), view, layout.records + draft.index * RECORD_SIZE, BASE + layout.records);
  }
  writeMemory(bytes, view, program.memory, layout);
  return { bytes, steps: program.steps, parts: program.memory.pieces.map((piece) => toPart(piece, layout)) };
}

function layOut(arch: Plan["arch"], { records, memory }: Program): Layout {
  const { pageSize } = MACHINES[arch];
  const start = CODE + listingOf(arch).code.length + ANCHOR_SIZE;
  const constants = start + records.length * RECORD_SIZE;
  const data = alignUp(constants + memory.constant.size, 8);
  const fileSize = data + memory.data.size;
  // The page of the file in which the text ends and the data begins is mapped twice: so nothing is padded.
  const dataAddress = alignUp(BASE + data, pageSize) + (data % pageSize);
  const zeroAddress = alignUp(dataAddress + memory.data.size, 8);
  const end = zeroAddress + memory.zeros;
  if (end > 0x7fff_ffff) throw new Error(`an image of ${end - BASE} bytes is too large`);
  return {
    records: start,
    constants,
    data,
    fileSize,
    address: { constant: BASE + constants, data: dataAddress, zero: zeroAddress },
    memorySize: end - dataAddress,
  };
}

function writeHeaders(view: DataView, arch: Plan["arch"], layout: Layout): void {
  const { machine, pageSize } = MACHINES[arch];
  const textSize = layout.data;
  const dataSize = layout.fileSize - layout.data;
  const load = { type: PT.PT_LOAD, align: pageSize };
  const segments: readonly Segment[] = [
    { ...load, flags: PF.PF_R | PF.PF_X, offset: 0, address: BASE, fileSize: textSize, memorySize: textSize },
    {
      ...load,
      flags: PF.PF_R | PF.PF_W,
      offset: layout.data,
      address: layout.address.data,
      fileSize: dataSize,
      memorySize: layout.memorySize,
    },
    // Without this header the kernel makes the stack executable.
    { type: PT.PT_GNU_STACK, flags: PF.PF_R | PF.PF_W, offset: 0, address: 0, fileSize: 0, memorySize: 0, align: 16 },
  ];
  writeEhdr(view, machine, BASE + CODE, segments.length);
  for (const [n, segment] of segments.entries()) writePhdr(view, EHDR_SIZE + n * PHDR_SIZE, segment);
}

function resolve(draft: Draft, address: (place: Place) => number): StepRecord {
  const { operands, store, context } = draft;
  return {
    ...draft,
    operands: operands.map((word) =>
      typeof word.value === "bigint"
        ? { value: word.value, at: word.at }
        : { value: BigInt(address(word.value)), at: word.at },
    ),
    store: store === undefined ? 0 : address(store),
    context: context === undefined ? 0 : address(context),
  };
}

function writeMemory(bytes: Uint8Array, view: DataView, { constant, data, pointers }: Memory, layout: Layout): void {
  bytes.set(constant.bytes.subarray(0, constant.size), layout.constants);
  bytes.set(data.bytes.subarray(0, data.size), layout.data);
  for (const { at, to } of pointers) {
    const offset = (at.area === "constant" ? layout.constants : layout.data) + at.offset;
    view.setBigUint64(offset, BigInt(layout.address[to.area] + to.offset), true);
  }
}

function toPart({ place, size, what }: Piece, layout: Layout): Part {
  const start = { constant: layout.constants, data: layout.data, zero: layout.fileSize };
  const offset = place.area === "zero" ? layout.fileSize : start[place.area] + place.offset;
  return { offset, size, address: layout.address[place.area] + place.offset, what };
}
