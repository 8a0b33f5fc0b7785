// SPDX-License-Identifier: Apache-2.0
/** Named bits and named values as text, as strace(1) prints them, and as an architecture has them. */

import { ACCESS } from "./access.ts";
import { CAP } from "./capability.ts";
import { ERRNO } from "./errno.ts";
import { F, SEEK } from "./fcntl.ts";
import { NS, TIOC } from "./ioctl.ts";
import { IOPRIO_CLASS, IOPRIO_WHO } from "./ioprio.ts";
import { KEYCTL } from "./keyctl.ts";
import { MAGIC } from "./magic.ts";
import { FSCONFIG } from "./mount.ts";
import { AT_STATX, O, O_ARM64, S } from "./open.ts";
import { PER } from "./personality.ts";
import { PR, PR_CAP_AMBIENT } from "./prctl.ts";
import { RLIMIT } from "./rlimit.ts";
import { SCHED } from "./sched.ts";
import { SECCOMP_OP } from "./seccomp.ts";
import { SIG } from "./signal.ts";
import { AF, SHUT, SIOC, SOCK, SOL } from "./socket.ts";
import { P } from "./wait.ts";

/** C name -> value. The order of the keys is the order of printing. */
export type FlagTable = Readonly<Record<string, number | bigint>>;

/**
 * `MS_NOSUID|MS_NODEV`: a value of that table as strace prints it.
 * RangeError: the value has bits, or is a number, that the table does not name.
 */
export function printFlags(table: FlagTable, value: number | bigint): string {
  if (ENUMERATIONS.has(table)) return printName(table, value);
  const bits = unsigned(value);
  const field = FIELDS.get(table) ?? 0n;
  const names = field === 0n ? [] : printField(table, bits & field);
  let rest = bits & ~field;
  for (const [name, number] of Object.entries(table)) {
    const flag = unsigned(number);
    if (flag === 0n || (flag & field) !== 0n || (rest & flag) !== flag) continue;
    names.push(name);
    rest &= ~flag;
  }
  if (table === S) names.push(octal(rest));
  else if (rest !== 0n)
    throw new RangeError(`no flag of ${Object.keys(table)[0]} and its kind has the value ${hex(rest)}`);
  return names.length === 0 ? (ZERO.get(table) ?? "0") : names.join("|");
}

/** The name of exactly this value. RangeError: the table has none. */
export function printName(table: FlagTable, value: number | bigint): string {
  const found = Object.entries(table).find(([, number]) => BigInt(number) === BigInt(value));
  if (found === undefined) {
    throw new RangeError(`nothing of ${Object.keys(table)[0]} and its kind has the value ${value}`);
  }
  return found[0];
}

/** A value of `table` as that architecture's kernel has it. Plans are written with the values of x86-64. */
export function flagsFor(arch: "x64" | "arm64", table: FlagTable, value: number | bigint): bigint {
  const bits = unsigned(value);
  if (arch === "x64" || table !== O) return bits;
  let rest = bits;
  let result = 0n;
  for (const [name, number] of Object.entries(O_ARM64)) {
    const flag = BigInt(O[name as keyof typeof O_ARM64]);
    // O_TMPFILE holds O_DIRECTORY, which is translated by itself.
    const own = name === "O_TMPFILE" ? flag & ~BigInt(O.O_DIRECTORY) : flag;
    if ((bits & own) === 0n) continue;
    rest &= ~own;
    result |= name === "O_TMPFILE" ? BigInt(number & ~O_ARM64.O_DIRECTORY) : BigInt(number);
  }
  return rest | result;
}

/** Octal as strace writes modes: 0755, 022, 000. */
export function octal(value: number | bigint): string {
  return `0${unsigned(value).toString(8)}`.padStart(3, "0");
}

/** Hexadecimal as C and strace write it: 0xff, and 0 for zero. */
export function hex(value: number | bigint): string {
  const bits = unsigned(value);
  return bits === 0n ? "0" : `0x${bits.toString(16)}`;
}

/** Tables of which a value is one name, never a sum. */
const ENUMERATIONS: ReadonlySet<FlagTable> = new Set<FlagTable>([
  ...[AF, SOL, SHUT, CAP, ERRNO, F, SEEK, TIOC, NS, SIOC, KEYCTL, MAGIC, FSCONFIG],
  ...[PR, PR_CAP_AMBIENT, RLIMIT, SIG, P, SCHED, IOPRIO_WHO, IOPRIO_CLASS, SECCOMP_OP],
]);

/** Tables with bits that together are a number, not flags. */
const FIELDS: ReadonlyMap<FlagTable, bigint> = new Map<FlagTable, bigint>([
  [O, BigInt(O.O_ACCMODE)],
  [S, BigInt(S.S_IFMT)],
  [PER, BigInt(PER.PER_MASK)],
  [SOCK, 0xfn],
  [AT_STATX, 0x6000n],
]);

/** What strace calls no flags at all, where it is not 0. */
const ZERO: ReadonlyMap<FlagTable, string> = new Map<FlagTable, string>([[ACCESS, "F_OK"]]);

function printField(table: FlagTable, value: bigint): string[] {
  if (table === S && value === 0n) return [];
  return [printName(table, value)];
}

/** JavaScript's | makes 32-bit numbers with a sign; the kernel's are without. */
function unsigned(value: number | bigint): bigint {
  const number = BigInt(value);
  if (number >= 0n) return number;
  return BigInt.asUintN(typeof value === "number" ? 32 : 64, number);
}
