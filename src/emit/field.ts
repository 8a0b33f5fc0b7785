// SPDX-License-Identifier: Apache-2.0
/** Fields of structures, written where the structure lies. */
import { type Field, LAYOUTS, type LayoutName } from "../kernel/layouts.ts";
import { utf8 } from "../kernel/quote.ts";
import type { Operand } from "../plan/step.ts";
import type { Content, Draft } from "./draft.ts";
import { type Numeric, writeNumber } from "./number.ts";

export function fieldOf(layout: LayoutName, name: string): Field {
  const { fields } = LAYOUTS[layout];
  for (let n = 0; n < fields.length; n++) {
    const field = fields[n] as Field;
    if (field.name === name) return field;
  }
  throw new Error(`struct ${layout} has no field ${name}`);
}

/** Writes a number. Throws an Error for one that the field cannot hold. */
export function writeField(draft: Draft, content: Content, start: number, field: Field, operand: Numeric): void {
  const { offset, size, name } = field;
  if (!writeNumber(draft, content, start + offset, size, operand)) {
    throw new Error(`${name} has ${size} bytes, which cannot hold ${operand.value}`);
  }
}

/** Text and bytes that stand in the structure itself. */
export function writeInline(content: Content, start: number, field: Field, operand: Operand): void {
  if (operand.kind !== "string" && operand.kind !== "bytes") throw refusal(field, operand);
  if (!field.inline) throw new Error(`${field.name} holds a number, got ${operand.kind}`);
  const { value } = operand;
  if (operand.kind === "string" && operand.value.includes("\0")) throw new Error(`a NUL inside ${field.name}`);
  const bytes = typeof value === "string" ? utf8(value) : value;
  const length = bytes.length + (operand.kind === "string" ? 1 : 0);
  if (length > field.size) throw new Error(`${field.name} has ${field.size} bytes, got ${length}`);
  content.bytes.set(bytes, start + field.offset);
}

export function refusal(field: Field, operand: Operand): Error {
  return new Error(`${field.name} cannot hold an operand of kind ${operand.kind}`);
}
