// SPDX-License-Identifier: Apache-2.0
/** An image for a person: every byte of the file, with what it means. */
import { CALLS } from "../kernel/calls.ts";
import { ERRNO } from "../kernel/errno.ts";
import { hex } from "../kernel/flags.ts";
import { quote } from "../kernel/quote.ts";
import type { Plan } from "../plan/step.ts";
import { EHDR_SIZE, MACHINES, PF, PHDR_SIZE, PT, readPhdr } from "./elf.ts";
import { ANCHOR_SIZE, BASE, CODE, type DescribedImage, listingOf, type Part } from "./image.ts";
import { decodeRecord, FAIL, OPERANDS, RECORD_SIZE, type StepRecord, TOLERANCES } from "./record.ts";

/** A range of the file and its meaning. The ranges of a dump follow one another without a gap. */
export interface Line {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly meaning: string;
}

/** What lies where in the image. Throws an Error for bytes that are no image. */
export function dump(image: DescribedImage): readonly Line[] {
  const view = new DataView(image.bytes.buffer, image.bytes.byteOffset, image.bytes.byteLength);
  const arch = archOf(view);
  const records = CODE + listingOf(arch).code.length + ANCHOR_SIZE;
  const ranges = [...headers(view), ...machine(arch, view, records)];
  for (const n of image.steps.keys()) {
    const at = records + n * RECORD_SIZE;
    ranges.push(...recordRanges(decodeRecord(view, at, BASE + records), at, arch, image));
  }
  let end = records + image.steps.length * RECORD_SIZE;
  for (const part of image.parts
    .filter(({ offset }) => offset < image.bytes.length)
    .sort((a, b) => a.offset - b.offset)) {
    if (part.offset > end) ranges.push([end, part.offset - end, "padding"]);
    ranges.push([part.offset, part.size, `${hex(part.address)} ${describe(part, image)}`]);
    end = part.offset + part.size;
  }
  const lines = ranges.map(([offset, size, meaning]) => ({
    offset,
    bytes: image.bytes.subarray(offset, offset + size),
    meaning,
  }));
  const zeros = image.parts.filter(({ offset }) => offset === image.bytes.length);
  return [...lines, ...zeros.map((part) => zeroLine(part, image.bytes.length))];
}

/** A dump as text: offset, 16 bytes a row, meaning on the first. Rows of zeros that follow one another become a `*`. */
export function printDump(lines: readonly Line[]): string {
  return lines.map((line) => printLine(line)).join("");
}

function printLine({ offset, bytes, meaning }: Line): string {
  let text = "";
  for (let at = 0; at < Math.max(bytes.length, 1); at += 16) {
    const row = bytes.subarray(at, at + 16);
    if (at > 0 && at + 16 < bytes.length && row.every((byte) => byte === 0)) {
      if (!text.endsWith("*\n")) text += "*\n";
      continue;
    }
    const hexRow = Array.from(row, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const place = (offset + at).toString(16).padStart(6, "0");
    text += `${`${place}  ${hexRow.padEnd(47)}  ${at === 0 ? meaning : ""}`.trimEnd()}\n`;
  }
  return text;
}

/** Offset, size, meaning. */
type Range = readonly [number, number, string];

function archOf(view: DataView): Plan["arch"] {
  const machine = view.byteLength > CODE ? view.getUint16(18, true) : 0;
  if (machine === MACHINES.x64.machine) return "x64";
  if (machine === MACHINES.arm64.machine) return "arm64";
  throw new Error("not an image");
}

/** The fields of Elf64_Ehdr that say something, as elf.ts describes them. */
function headers(view: DataView): Range[] {
  const machine = archOf(view);
  const ranges: Range[] = [
    [0, 16, "e_ident: ELF, 64 bits, little-endian, version 1, System V"],
    [16, 2, "e_type: ET_EXEC"],
    [18, 2, `e_machine: ${MACHINES[machine].name}`],
    [20, 4, "e_version: 1"],
    [24, 8, `e_entry: ${hex(view.getBigUint64(24, true))}`],
    [32, 8, `e_phoff: ${view.getBigUint64(32, true)}`],
    [40, 8, "e_shoff: no sections"],
    [48, 4, "e_flags"],
    [52, 2, `e_ehsize: ${view.getUint16(52, true)}`],
    [54, 2, `e_phentsize: ${view.getUint16(54, true)}`],
    [56, 2, `e_phnum: ${view.getUint16(56, true)}`],
    [58, 6, "e_shentsize, e_shnum, e_shstrndx: no sections"],
  ];
  for (let at = EHDR_SIZE; at < CODE; at += PHDR_SIZE) ranges.push(...programHeader(view, at));
  return ranges;
}

function programHeader(view: DataView, at: number): Range[] {
  const segment = readPhdr(view, at);
  const flags = Object.entries(PF).filter(([, bit]) => (segment.flags & bit) !== 0);
  return [
    [at, 4, `p_type: ${segment.type === PT.PT_LOAD ? "PT_LOAD" : "PT_GNU_STACK"}`],
    [at + 4, 4, `p_flags: ${flags.map(([name]) => name).join("|")}`],
    [at + 8, 8, `p_offset: ${segment.offset}`],
    [at + 16, 8, `p_vaddr: ${hex(segment.address)}`],
    [at + 24, 8, "p_paddr: the same"],
    [at + 32, 8, `p_filesz: ${segment.fileSize}`],
    [at + 40, 8, `p_memsz: ${segment.memorySize}`],
    [at + 48, 8, `p_align: ${hex(segment.align)}`],
  ];
}

function machine(arch: Plan["arch"], view: DataView, records: number): Range[] {
  const ranges = listingOf(arch).instructions.map(({ offset, bytes, text, why, label }): Range => {
    const place = label === undefined ? "" : `${label}: `;
    return [CODE + offset, bytes.length, `${place}${text}${why === "" ? "" : `  ; ${why}`}`];
  });
  const anchor = records - ANCHOR_SIZE;
  return [
    ...ranges,
    [anchor, 4, `anchor: the report block is at ${hex(view.getUint32(anchor, true))}`],
    [anchor + 4, 4, `${view.getUint32(anchor + 4, true)} records`],
  ];
}

function recordRanges(record: StepRecord, at: number, arch: Plan["arch"], image: DescribedImage): Range[] {
  const step = image.steps[record.index];
  const ranges: Range[] = [[at, 8, `record ${record.index}, step ${step}: ${nameOf(record, arch)}`]];
  const used = record.operands.reduce((last, { value }, n) => (value === 0n ? last : n + 1), 0);
  for (const [n, { value, at: isAt }] of record.operands.slice(0, used).entries()) {
    ranges.push([at + 8 + 8 * n, 8, `  operand ${n}: ${isAt ? "at " : ""}${address(value, image)}`]);
  }
  if (used < OPERANDS) ranges.push([at + 8 + 8 * used, 8 * (OPERANDS - used), "  operands: 0"]);
  ranges.push([at + 56, 8, `  result ${BigInt.asIntN(64, record.compare)} ...`]);
  ranges.push([at + 64, 4, `  ... leads to ${successor(record.equal, record.errno)}`]);
  ranges.push([at + 68, 4, `  another to ${successor(record.other, record.errno)}`]);
  ranges.push([at + 72, 4, `  result kept: ${record.store === 0 ? "no" : address(BigInt(record.store), image)}`]);
  ranges.push([at + 76, 4, `  context: ${record.context === 0 ? "none" : address(BigInt(record.context), image)}`]);
  const tolerated = record.tolerate.map(({ errno, target }) => `${errnoOf(errno)} to ${successor(target, 0)}`);
  ranges.push([at + 80, 6 * TOLERANCES, `  tolerates: ${tolerated.join(", ") || "nothing"}`]);
  return ranges;
}

function nameOf({ kind, number }: StepRecord, arch: Plan["arch"]): string {
  if (kind === "pick") return "pick";
  const found = Object.entries(CALLS).find(([, numbers]) => numbers[arch] === number);
  if (found === undefined) throw new Error(`no call has the number ${number}`);
  return found[0];
}

function successor(target: number, errno: number): string {
  return target === FAIL ? `failure with ${errnoOf(errno)}` : `record ${target}`;
}

function errnoOf(number: number): string {
  return Object.entries(ERRNO).find(([, value]) => value === number)?.[0] ?? `errno ${number}`;
}

/** A number; if something lies at that address, with what it is. */
function address(value: bigint, image: DescribedImage): string {
  const number = Number(value);
  const part = image.parts.find(({ address, size }) => number >= address && number < address + size);
  if (part === undefined) return hex(value);
  const inside = number - part.address;
  return `${hex(value)} ${describe(part, image)}${inside === 0 ? "" : `, byte ${inside}`}`;
}

function describe({ what, offset, size }: Part, { bytes }: DescribedImage): string {
  return what === "string" ? quote(bytes.subarray(offset, offset + size - 1)) : what;
}

function zeroLine({ address, size, what }: Part, offset: number): Line {
  return { offset, bytes: new Uint8Array(), meaning: `${hex(address)} ${what}: ${size} zeros, not in the file` };
}
