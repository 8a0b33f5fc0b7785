// SPDX-License-Identifier: Apache-2.0
/** Fields of structures, written where the structure lies. */
import { type Field, LAYOUTS, type LayoutName } from "../kernel/layouts.ts";
import { utf8 } from "../kernel/quote.ts";
import type { Operand } from "../plan/step.ts";
import type { Content } from "./draft.ts";
import { fits, highHalf, lowHalf } from "./number.ts";

export function fieldOf(layout: LayoutName, name: string): Field {
  const { fields } = LAYOUTS[layout];
  for (let n = 0; n < fields.length; n++) {
    const field = fields[n] as Field;
    if (field.name === name) return field;
  }
  throw new Error(`struct ${layout} has no field ${name}`);
}

export function writeNumber(content: Content, start: number, field: Field, value: number | bigint): void {
  const { size } = field;
  if (!fits(value, size)) throw new Error(`${field.name} has ${size} bytes, which cannot hold ${value}`);
  const at = start + field.offset;
  const low = lowHalf(value);
  if ((size === 8 || size === 4) && at % 4 === 0) {
    content.words[at >> 2] = low;
    if (size === 8) content.words[(at >> 2) + 1] = highHalf(value);
    return;
  }
  const high = highHalf(value);
  for (let n = 0; n < size; n++) content.bytes[at + n] = n < 4 ? low >>> (8 * n) : high >>> (8 * (n - 4));
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
