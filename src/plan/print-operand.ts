// SPDX-License-Identifier: Apache-2.0
/** Operands of a call as strace(1) prints them. */
import { hex, octal } from "../kernel/flags.ts";
import { quote } from "../kernel/quote.ts";
import { FORMATS, type Format, formatNumber } from "./print-formats.ts";
import { SPECIAL } from "./print-special.ts";
import { printStruct } from "./print-struct.ts";
import type { Call, Operand } from "./step.ts";

/** What stands for the result of that name: `$name`, or the number once it is known. */
export type NameOf = (name: string) => string;

/** The arguments of a call, each as text. Memory that the kernel fills is `{...}` or `"..."`. */
export function printArguments({ call, args }: Pick<Call, "call" | "args">, nameOf: NameOf): readonly string[] {
  const print = (operand: Operand, format?: Format) => printOperand(operand, nameOf, format);
  return (
    SPECIAL[call]?.(args, print) ??
    args.map((arg, index) =>
      arg.kind === "address" ? printAddress(nameOf(arg.name), args[index + 1]) : print(arg, FORMATS[call]?.[index]),
    )
  );
}

function printOperand(operand: Operand, nameOf: NameOf, format?: Format): string {
  switch (operand.kind) {
    case "int":
      return format === undefined ? printInt(operand.value, operand.base) : formatNumber(operand.value, format);
    case "flags":
      return formatNumber(operand.value, format ?? operand.table);
    case "string":
    case "bytes":
      return quote(operand.value);
    case "null":
      return "NULL";
    case "result":
      return printResult(nameOf(operand.name), format);
    case "address":
      return printAddress(nameOf(operand.name), undefined);
    case "strings":
      return `[${operand.value.map(quote).join(", ")}]`;
    case "struct":
      return printStruct(operand.layout, operand.fields, (inner) => printOperand(inner, nameOf));
    case "out":
      return operand.layout === undefined ? '"..."' : "{...}";
    default:
      throw new RangeError(`no operand is of the kind ${(operand satisfies never as { kind: string }).kind}`);
  }
}

/** `$fd`; once the number is known, in the way of its place. */
function printResult(name: string, format: Format | undefined): string {
  return format !== undefined && /^-?\d+$/.test(name) ? formatNumber(BigInt(name), format) : name;
}

function printInt(value: number | bigint, base: 8 | 10 | 16 = 10): string {
  return base === 8 ? octal(value) : base === 16 ? hex(value) : value.toString();
}

/** `&$pid`; once the number is known, its 8 bytes, or as many as the length that follows says. */
function printAddress(name: string, length: Operand | undefined): string {
  if (!/^-?\d+$/.test(name)) return `&${name}`;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(name), true);
  return quote(length?.kind === "int" ? bytes.subarray(0, Number(length.value)) : bytes);
}
