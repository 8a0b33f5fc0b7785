// SPDX-License-Identifier: Apache-2.0
/** Operands of a plan as machine words and memory. */
import { LAYOUTS } from "../kernel/layouts.ts";
import { isNamed } from "../plan/same.ts";
import type { Operand } from "../plan/step.ts";
import { CONSTANT, DATA, type Draft, type Place, placeAt, pointFrom } from "./draft.ts";
import { fieldOf, refusal, writeField, writeInline } from "./field.ts";
import {
  addBytes,
  addData,
  addName,
  addText,
  addTexts,
  addZero,
  beginConstant,
  endConstant,
  pointInside,
} from "./memory.ts";
import { writeNumber } from "./number.ts";
import { addCopy } from "./pick.ts";
import { slotOf } from "./slots.ts";

type Pointing = Extract<Operand, { kind: "string" | "bytes" | "address" | "strings" | "struct" | "out" }>;
type Struct = Extract<Operand, { kind: "struct" }>;

/**
 * Writes an operand, but a structure, into two words of a record. True if the words are the address of the operand.
 * Throws an Error for what no image can hold: the compiler has checked before.
 */
export function writeOperand(draft: Draft, operand: Operand, word: number, step: number): boolean {
  switch (operand.kind) {
    case "result":
      pointFrom(draft, word, slotOf(draft, operand.name));
      return true;
    case "int":
    case "flags":
      writeNumber(draft, draft.file, 4 * word, 8, operand);
      return false;
    case "null":
      return false;
    default:
      pointFrom(draft, word, placeOf(draft, operand, step));
      return false;
  }
}

/** The place that an operand points to; makes it, if need be. */
export function placeOf(draft: Draft, operand: Pointing, step: number): Place {
  switch (operand.kind) {
    case "string":
      return operand.named === true ? addName(draft, operand.value) : addText(draft, operand.value);
    case "struct":
      return placeStruct(draft, operand, step);
    case "address":
      return slotOf(draft, operand.name);
    case "bytes":
      return addBytes(draft, operand.value);
    case "strings":
      return addTexts(draft, operand.value);
    case "out":
      return addZero(draft, outSize(operand), operand.layout ?? "bytes");
    default:
      throw new Error(`unknown operand ${JSON.stringify(operand satisfies never)}`);
  }
}

function outSize({ layout, size }: Extract<Operand, { kind: "out" }>): number {
  const bytes = layout === undefined ? size : LAYOUTS[layout].size;
  if (bytes === undefined || !Number.isInteger(bytes) || bytes <= 0) throw new Error("`out` memory needs a size");
  return bytes;
}

/** Writes the structure, and the records that copy results of earlier steps into it. */
function placeStruct(draft: Draft, struct: Struct, step: number): Place {
  const names = Object.keys(struct.fields);
  let copies = false;
  let inner: Place[] | undefined;
  // What the fields point to comes first: the structure is written in one piece.
  for (let n = 0; n < names.length; n++) {
    const name = names[n] as string;
    const operand = struct.fields[name] as Operand;
    if (operand.kind === "int" || operand.kind === "flags" || operand.kind === "null") continue;
    const field = fieldOf(struct.layout, name);
    if (operand.kind === "result") {
      if (field.pointer || field.inline) throw refusal(field, operand);
      copies = true;
    } else if (field.pointer) {
      if (isNamed(operand)) throw new Error(`${name} cannot hold a named string`);
      inner ??= [];
      inner.push(placeOf(draft, operand, step));
    }
  }
  const { size } = LAYOUTS[struct.layout];
  const fixed = draft.fixed;
  if (!copies) {
    const start = beginConstant(draft, size);
    writeFields(draft, struct, names, CONSTANT, start, inner);
    return endConstant(draft, start, size, fixed, "struct", struct.layout);
  }
  // A copy moves 8 bytes, whatever the field's size; 7 more let the last field of a structure be copied so.
  const start = addData(draft, size + 7, "struct", struct.layout);
  writeFields(draft, struct, names, DATA, start, inner);
  for (const name of names) {
    const operand = struct.fields[name];
    if (operand?.kind !== "result") continue;
    const field = fieldOf(struct.layout, name);
    addCopy(draft, slotOf(draft, operand.name), placeAt(DATA, start + field.offset), field.size, step);
  }
  return placeAt(DATA, start);
}

function writeFields(
  draft: Draft,
  { layout, fields }: Struct,
  names: readonly string[],
  area: typeof CONSTANT | typeof DATA,
  start: number,
  inner: readonly Place[] | undefined,
): void {
  const content = area === CONSTANT ? draft.constant : draft.data;
  let pointers = 0;
  for (let n = 0; n < names.length; n++) {
    const name = names[n] as string;
    const operand = fields[name] as Operand;
    if (operand.kind === "result" || operand.kind === "null") continue;
    const field = fieldOf(layout, name);
    if (operand.kind === "int" || operand.kind === "flags") {
      if (field.pointer) throw new Error(`a pointer cannot hold an operand of kind ${operand.kind}`);
      if (field.inline) throw refusal(field, operand);
      writeField(draft, content, start, field, operand);
    } else if (field.pointer) pointInside(draft, area, start + field.offset, inner?.[pointers++] as Place);
    else writeInline(content, start, field, operand);
  }
}
