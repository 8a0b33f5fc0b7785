// SPDX-License-Identifier: Apache-2.0
/** Operands of a plan as machine words and memory. */
import { flagsFor } from "../kernel/flags.ts";
import { type Field, LAYOUTS, type LayoutName } from "../kernel/layouts.ts";
import { utf8 } from "../kernel/quote.ts";
import type { Operand, Plan } from "../plan/step.ts";
import { addConstant, addData, addText, addZero, type Inside, type Memory, type Place } from "./memory.ts";

/** A value or an address; with `at`, the address of the value. */
export interface Word {
  readonly value: bigint | Place;
  readonly at: boolean;
}

/** A result that must be written into a field of a structure before the call. */
export interface Copy {
  readonly from: Place;
  readonly to: Place;
  readonly size: number;
}

/** What the operands of one step share. */
export interface Surroundings {
  readonly arch: Plan["arch"];
  readonly memory: Memory;
  /** Where results are kept. Throws an Error for a name that no earlier step and no input has given. */
  readonly slot: (name: string) => Place;
  /** Copies to be made before the call; operands append to it. */
  readonly copies: Copy[];
}

/** Encodes an operand of a call. Throws an Error for what no image can hold: the compiler has checked before. */
export function encodeOperand(operand: Operand, around: Surroundings): Word {
  switch (operand.kind) {
    case "int":
      return { value: toU64(operand.value), at: false };
    case "flags":
      return { value: flagsFor(around.arch, operand.table, operand.value), at: false };
    case "null":
      return { value: 0n, at: false };
    case "result":
      return { value: around.slot(operand.name), at: true };
    default:
      return { value: point(operand, around), at: false };
  }
}

type Pointing = Extract<Operand, { kind: "string" | "bytes" | "address" | "strings" | "struct" | "out" }>;

/** The place that an operand points to; makes it, if need be. */
function point(operand: Pointing, around: Surroundings): Place {
  const { memory } = around;
  switch (operand.kind) {
    case "string":
      return addText(memory, operand.value);
    case "bytes":
      return addConstant(memory, "bytes", toBytes(operand.value));
    case "address":
      return around.slot(operand.name);
    case "strings":
      return pointToStrings(operand.value, memory);
    case "struct":
      return pointToStruct(operand.layout, operand.fields, around);
    case "out":
      return addZero(memory, `out ${operand.layout ?? "bytes"}`, outSize(operand.layout, operand.size));
    default:
      throw new Error(`unknown operand ${JSON.stringify(operand satisfies never)}`);
  }
}

function pointToStrings(values: readonly string[], memory: Memory): Place {
  const pointers = values.map((value, n): Inside => [8 * n, addText(memory, value)]);
  return addConstant(memory, "strings", new Uint8Array(8 * (values.length + 1)), pointers);
}

function outSize(layout: LayoutName | undefined, size: number | undefined): number {
  const bytes = layout === undefined ? size : LAYOUTS[layout].size;
  if (bytes === undefined || !Number.isInteger(bytes) || bytes <= 0) throw new Error("`out` memory needs a size");
  return bytes;
}

/** A structure is constant, unless a result has a place in it: that is copied there just before the call. */
function pointToStruct(layout: LayoutName, fields: Readonly<Record<string, Operand>>, around: Surroundings): Place {
  const bytes = new Uint8Array(LAYOUTS[layout].size);
  const pointers: Inside[] = [];
  const results: { readonly field: Field; readonly from: Place }[] = [];
  for (const [name, operand] of Object.entries(fields)) {
    const field = fieldOf(layout, name);
    if (operand.kind === "result" && !field.pointer && !field.inline)
      results.push({ field, from: around.slot(operand.name) });
    else if (field.pointer && operand.kind !== "null") pointers.push([field.offset, pointTo(operand, around)]);
    else writeField(bytes, field, operand, around.arch);
  }
  const what = `struct ${layout}`;
  if (results.length === 0) return addConstant(around.memory, what, bytes, pointers);
  // A copy moves 8 bytes, whatever the field's size; 7 more let the last field of a structure be copied so.
  const padded = new Uint8Array(bytes.length + 7);
  padded.set(bytes);
  const place = addData(around.memory, what, padded, pointers);
  for (const { field, from } of results) {
    around.copies.push({ from, to: { area: place.area, offset: place.offset + field.offset }, size: field.size });
  }
  return place;
}

export function fieldOf(layout: LayoutName, name: string): Field {
  const field = LAYOUTS[layout].fields.find((field) => field.name === name);
  if (field === undefined) throw new Error(`struct ${layout} has no field ${name}`);
  return field;
}

function pointTo(operand: Operand, around: Surroundings): Place {
  const { value, at } = encodeOperand(operand, around);
  if (at || typeof value === "bigint") throw new Error(`a pointer cannot hold an operand of kind ${operand.kind}`);
  return value;
}

function writeField(bytes: Uint8Array, field: Field, operand: Operand, arch: Plan["arch"]): void {
  const room = bytes.subarray(field.offset, field.offset + field.size);
  if (operand.kind === "null") return;
  if (operand.kind === "string" || operand.kind === "bytes") {
    if (!field.inline) throw new Error(`${field.name} holds a number, got ${operand.kind}`);
    const content = toBytes(operand.kind === "string" ? `${operand.value}\0` : operand.value);
    if (operand.kind === "string" && operand.value.includes("\0")) throw new Error(`a NUL inside ${field.name}`);
    if (content.length > room.length) throw new Error(`${field.name} has ${room.length} bytes, got ${content.length}`);
    room.set(content);
    return;
  }
  if (field.inline || (operand.kind !== "int" && operand.kind !== "flags")) {
    throw new Error(`${field.name} cannot hold an operand of kind ${operand.kind}`);
  }
  const value = operand.kind === "int" ? toU64(operand.value) : flagsFor(arch, operand.table, operand.value);
  const bits = 8 * field.size;
  if (BigInt.asUintN(bits, value) !== value && BigInt.asUintN(64, BigInt.asIntN(bits, value)) !== value) {
    throw new Error(`${field.name} has ${field.size} bytes, which cannot hold ${operand.value}`);
  }
  for (const at of room.keys()) room[at] = Number((value >> BigInt(8 * at)) & 0xffn);
}

function toBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? utf8(value) : value;
}

/** A 64-bit word; negative numbers in two's complement. */
function toU64(value: number | bigint): bigint {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new Error(`${value} is not exact`);
    return value >= 0 ? BigInt(value) : BigInt.asUintN(64, BigInt(value));
  }
  if (value < MIN_I64 || value > MAX_U64) throw new Error(`${value} has more than 64 bits`);
  return BigInt.asUintN(64, value);
}

const MIN_I64 = -(1n << 63n);
const MAX_U64 = (1n << 64n) - 1n;
