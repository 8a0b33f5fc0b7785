// SPDX-License-Identifier: Apache-2.0
/** Constructors of operands, so that a chapter of `compile/` reads like the call it makes. */
import type { FlagTable } from "../kernel/flags.ts";
import type { LayoutName } from "../kernel/layouts.ts";
import type { Operand } from "./step.ts";

export const NULL: Operand = { kind: "null" };

export function int(value: number | bigint): Operand {
  return { kind: "int", value };
}

/** A file mode, printed in octal. */
export function mode(value: number): Operand {
  return { kind: "int", value, base: 8 };
}

export function flags(table: FlagTable, value: number | bigint): Operand {
  return { kind: "flags", table, value };
}

export function string(value: string): Operand {
  return { kind: "string", value };
}

/** A string with the container's name in it; not for a field of a structure. */
export function named(value: string): Operand {
  return { kind: "string", value, named: true };
}

export function bytes(value: string | Uint8Array): Operand {
  return { kind: "bytes", value };
}

/** The result of an earlier step, or an input of the plan. */
export function ref(name: string): Operand {
  return { kind: "result", name };
}

export function address(name: string): Operand {
  return { kind: "address", name };
}

export function strings(value: readonly string[]): Operand {
  return { kind: "strings", value };
}

export function struct(layout: LayoutName, fields: Readonly<Record<string, Operand>>): Operand {
  return { kind: "struct", layout, fields };
}

/** Memory that the kernel fills with a structure. */
export function out(layout: LayoutName): Operand {
  return { kind: "out", layout };
}

/** `size` bytes of memory that the kernel fills. */
export function buffer(size: number): Operand {
  return { kind: "out", size };
}
