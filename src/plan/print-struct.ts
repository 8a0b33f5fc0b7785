// SPDX-License-Identifier: Apache-2.0
/** Structures as strace(1) prints them. */
import { CAP } from "../kernel/capability.ts";
import { hex, octal, printFlags } from "../kernel/flags.ts";
import { type Field, LAYOUTS, type LayoutName } from "../kernel/layouts.ts";
import { O } from "../kernel/open.ts";
import { SCHED_FLAG } from "../kernel/sched.ts";
import type { Operand } from "./step.ts";

/** Prints an operand that needs no call to be understood. */
export type PrintOperand = (operand: Operand) => string;

type Fields = Readonly<Record<string, Operand>>;

/** `{flags=O_PATH, resolve=RESOLVE_IN_ROOT}`: every field, zero unless told; strace's exceptions per layout. */
export function printStruct(layout: LayoutName, fields: Fields, print: PrintOperand): string {
  for (const name of Object.keys(fields)) {
    if (!LAYOUTS[layout].fields.some((field) => field.name === name)) throw new RangeError(`${layout} has no ${name}`);
  }
  switch (layout) {
    case "int":
      return `[${printField(LAYOUTS.int.fields[0] as Field, fields.value, print)}]`;
    case "char8":
      return printField(LAYOUTS.char8.fields[0] as Field, fields.value, print);
    case "user_cap_data":
      return printCapabilities(fields);
    case "iovec3":
      return `[${printAll(layout, fields, print)
        .replace(/, (?=iov_base\d=)/g, "}, {")
        .replace(/(iov_base|iov_len)\d=/g, "$1=")}]`;
    case "iovec":
      return `[${printAll(layout, fields, print)}]`;
    case "pollfd":
      return `[${printAll(layout, fields, print)}]`;
    case "cmsg_fd":
      return `[${printAll(layout, fields, print).replace(/cmsg_data=([^}]*)/, "cmsg_data=[$1]")}]`;
    case "sock_fprog":
      // Some thousand instructions are nothing to read: `tsrun explain seccomp` tells what they do.
      return printAll(layout, { ...fields, filter: FILTER }, print).replace('"[...]"', "[...]");
    default:
      return printAll(layout, fields, print);
  }
}

const FILTER: Operand = { kind: "string", value: "[...]" };

/** A number in the way of a field: its flags, its base. */
export function printFieldNumber(field: Field, value: number | bigint): string {
  if (field.flags !== undefined) return printFlags(field.flags, value);
  if (field.name === "rlim_cur" || field.name === "rlim_max") return printLimit(BigInt(value));
  if (field.base === 8) return octal(value);
  if (field.base === 16) return hex(value);
  return value.toString();
}

function printAll(layout: LayoutName, fields: Fields, print: PrintOperand): string {
  const shown = LAYOUTS[layout].fields.filter((field) => !isHidden(layout, field.name, fields));
  return `{${shown.map((field) => `${field.name}=${printField(field, fields[field.name], print)}`).join(", ")}}`;
}

/** strace shows open_how's mode only when a file may be created, and of sched_attr what is not to be kept. */
function isHidden(layout: LayoutName, name: string, { flags, sched_flags }: Fields): boolean {
  if (layout === "sched_attr" && (sched_flags?.kind === "int" || sched_flags?.kind === "flags")) {
    const kept = BigInt(sched_flags.value) & BigInt(KEEP[name] ?? 0);
    return kept !== 0n;
  }
  // What the kernel answers is not there yet.
  if (layout === "pollfd") return name === "revents";
  if (layout !== "open_how" || name !== "mode") return false;
  return !mayCreate(flags);
}

/** Whether open(2)'s flags make a mode matter. */
export function mayCreate(flags: Operand | undefined): boolean {
  if (flags === undefined || (flags.kind !== "int" && flags.kind !== "flags")) return false;
  const value = BigInt(flags.value);
  return (value & BigInt(O.O_CREAT)) !== 0n || (value & BigInt(O.O_TMPFILE)) === BigInt(O.O_TMPFILE);
}

const { SCHED_FLAG_KEEP_POLICY, SCHED_FLAG_KEEP_PARAMS } = SCHED_FLAG;

/** Field of sched_attr -> the flag that makes it meaningless. */
const KEEP: Readonly<Record<string, number>> = {
  sched_policy: SCHED_FLAG_KEEP_POLICY | SCHED_FLAG_KEEP_PARAMS,
  sched_nice: SCHED_FLAG_KEEP_PARAMS,
  sched_priority: SCHED_FLAG_KEEP_PARAMS,
  sched_runtime: SCHED_FLAG_KEEP_PARAMS,
  sched_deadline: SCHED_FLAG_KEEP_PARAMS,
  sched_period: SCHED_FLAG_KEEP_PARAMS,
};

function printField(field: Field, operand: Operand | undefined, print: PrintOperand): string {
  if (operand === undefined) return field.pointer ? "NULL" : field.inline ? '""' : printFieldNumber(field, 0);
  if (operand.kind === "int" || operand.kind === "flags") return printFieldNumber(field, operand.value);
  return print(operand);
}

/** `4*1024`: strace counts multiples of 1024, and knows no limit. */
function printLimit(value: bigint): string {
  if (BigInt.asUintN(64, value) === 2n ** 64n - 1n) return "RLIM64_INFINITY";
  return value > 1024n && value % 1024n === 0n ? `${value / 1024n}*1024` : value.toString();
}

/** The two halves of each set as one: `effective=1<<CAP_KILL|1<<CAP_CHOWN`. */
function printCapabilities(fields: Fields): string {
  const half = (name: string) => {
    const operand = fields[name];
    if (operand === undefined) return 0n;
    if (operand.kind !== "int" && operand.kind !== "flags") throw new RangeError(`${name} must be a number`);
    return BigInt.asUintN(32, BigInt(operand.value));
  };
  const sets = ["effective", "permitted", "inheritable"].map((set) => {
    const bits = half(`${set}0`) | (half(`${set}1`) << 32n);
    const names = Object.entries(CAP).filter(([, number]) => (bits >> BigInt(number)) & 1n);
    const known = names.reduce((sum, [, number]) => sum | (1n << BigInt(number)), 0n);
    if (known !== bits) throw new RangeError(`no capability has the bits ${hex(bits & ~known)}`);
    return `${set}=${names.map(([name]) => `1<<${name}`).join("|") || "0"}`;
  });
  return `{${sets.join(", ")}}`;
}
