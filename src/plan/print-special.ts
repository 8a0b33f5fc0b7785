// SPDX-License-Identifier: Apache-2.0
/** Calls whose arguments mean different things from case to case, as strace(1) prints them. */
import type { CallName } from "../kernel/calls.ts";
import { CAP } from "../kernel/capability.ts";
import { CLONE } from "../kernel/clone.ts";
import { F, FD } from "../kernel/fcntl.ts";
import { type FlagTable, hex, octal, printFlags, printName } from "../kernel/flags.ts";
import { NS, TIOC } from "../kernel/ioctl.ts";
import { KEY, KEYCTL } from "../kernel/keyctl.ts";
import { F_SEAL } from "../kernel/memfd.ts";
import { MPOL, MPOL_F } from "../kernel/mempolicy.ts";
import { FSCONFIG } from "../kernel/mount.ts";
import { O, S } from "../kernel/open.ts";
import { PR, PR_CAP_AMBIENT, SECBIT } from "../kernel/prctl.ts";
import { quoteHex } from "../kernel/quote.ts";
import { SIG } from "../kernel/signal.ts";
import { AF, SIOC, SOCK } from "../kernel/socket.ts";
import { cpus, dirfd, FORMATS, type Format, keyring, longs, numbers, signal, signed } from "./print-formats.ts";
import { mayCreate } from "./print-struct.ts";
import type { Operand } from "./step.ts";

/** Prints one operand; a number in that format. */
export type Print = (operand: Operand, format?: Format) => string;

type Special = (args: readonly Operand[], print: Print) => readonly string[];

/** Call -> its arguments as text. */
export const SPECIAL: Readonly<Partial<Record<CallName, Special>>> = {
  clone: ([flags, stack]) => {
    const child = stack === undefined || isZero(stack) ? "NULL" : hex(number(stack));
    return [`child_stack=${child}`, `flags=${printCloneFlags(number(flags))}`];
  },
  fcntl: (args, print) => byOperation(args, print, 1, F, FCNTL),
  fsconfig: (args, print) => {
    const isBinary = number(args[1]) === BigInt(FSCONFIG.FSCONFIG_SET_BINARY);
    return args.map((arg, index) =>
      isBinary && arg.kind === "bytes" ? quoteHex(arg.value) : print(arg, FORMATS.fsconfig?.[index]),
    );
  },
  ioctl: (args, print) => byOperation(args, print, 1, IOCTL, IOCTLS),
  keyctl: (args, print) => byOperation(args, print, 0, KEYCTL, KEYCTLS),
  mknodat: (args, print) => {
    const mode = number(args[2]);
    const printed = [print(at(args, 0), dirfd), print(at(args, 1)), printFlags(S, mode)];
    const type = mode & BigInt(S.S_IFMT);
    const isDevice = type === BigInt(S.S_IFCHR) || type === BigInt(S.S_IFBLK);
    return isDevice ? [...printed, makedev(number(args[3]))] : printed;
  },
  openat: (args, print) => {
    const printed = [print(at(args, 0), dirfd), print(at(args, 1)), print(at(args, 2), O)];
    return mayCreate(args[2]) ? [...printed, print(args[3] ?? ZERO, octal)] : printed;
  },
  prctl: (args, print) => byOperation(args, print, 0, PR, PRCTL),
  sched_setaffinity: (args, print) => {
    const mask = at(args, 2);
    return [print(at(args, 0), signed), print(at(args, 1)), mask.kind === "bytes" ? cpus(mask.value) : print(mask)];
  },
  set_mempolicy: (args, print) => {
    const how = number(args[0]);
    const fixed = BigInt(Object.values(MPOL_F).reduce((sum: number, flag) => sum | flag, 0));
    const flags = how & fixed;
    const mode = printName(MPOL, how & ~fixed) + (flags === 0n ? "" : `|${printFlags(MPOL_F, flags)}`);
    const mask = at(args, 1);
    return [mode, mask.kind === "bytes" ? `[${longs(mask.value).join(", ")}]` : print(mask), print(at(args, 2))];
  },
  setgroups: (args, print) => {
    const [count, list] = [at(args, 0), at(args, 1)];
    return [print(count, signed), list.kind === "bytes" ? `[${numbers(list.value).join(", ")}]` : print(list)];
  },
  socket: (args, print) => {
    const protocol = isZero(at(args, 2)) ? PROTOCOL_ZERO.get(number(args[0])) : undefined;
    return [print(at(args, 0), AF), print(at(args, 1), SOCK), protocol ?? print(at(args, 2))];
  },
};

const ZERO: Operand = { kind: "int", value: 0 };

const PROTOCOL_ZERO: ReadonlyMap<bigint, string> = new Map([
  [BigInt(AF.AF_INET), "IPPROTO_IP"],
  [BigInt(AF.AF_INET6), "IPPROTO_IP"],
  [BigInt(AF.AF_NETLINK), "NETLINK_ROUTE"],
]);

/** Formats of what follows the operation; strace prints that many, and zeroes for those that were not given. */
type Operations = Readonly<Record<string, readonly Format[]>>;

const plain: Format = (value) => value.toString();
const DUMPABLE: Format = (value) =>
  ["SUID_DUMP_DISABLE", "SUID_DUMP_USER", "SUID_DUMP_ROOT"][Number(value)] ?? hex(value);
const FOUR = [plain, plain, plain, plain];

const PRCTL: Operations = {
  PR_SET_PDEATHSIG: [signal],
  PR_GET_DUMPABLE: [],
  PR_SET_DUMPABLE: [DUMPABLE],
  PR_GET_KEEPCAPS: [],
  PR_SET_KEEPCAPS: [plain],
  PR_SET_NAME: [plain],
  PR_CAPBSET_READ: [CAP],
  PR_CAPBSET_DROP: [CAP],
  PR_GET_SECUREBITS: [],
  PR_SET_SECUREBITS: [SECBIT],
  PR_GET_TIMERSLACK: [],
  PR_SET_TIMERSLACK: [plain],
  PR_SET_CHILD_SUBREAPER: [plain],
  PR_SET_NO_NEW_PRIVS: FOUR,
  PR_GET_NO_NEW_PRIVS: FOUR,
  PR_SET_THP_DISABLE: FOUR,
  PR_SET_IO_FLUSHER: FOUR,
  PR_CAP_AMBIENT: [PR_CAP_AMBIENT, (value) => value.toString(), plain, plain],
};

const FCNTL: Operations = {
  F_GETFD: [],
  F_SETFD: [FD],
  F_GETFL: [],
  F_SETFL: [O],
  F_DUPFD: [plain],
  F_DUPFD_CLOEXEC: [plain],
  F_ADD_SEALS: [F_SEAL],
  F_GET_SEALS: [],
};

const IOCTL: FlagTable = { ...TIOC, ...NS, ...SIOC };

const IOCTLS: Operations = {
  TIOCNOTTY: [],
  TIOCEXCL: [],
  TIOCGPTPEER: [hex],
  ...Object.fromEntries(Object.keys(NS).map((name) => [name, []])),
};

const KEYCTLS: Operations = {
  KEYCTL_GET_KEYRING_ID: [keyring, plain],
  KEYCTL_JOIN_SESSION_KEYRING: [plain],
  KEYCTL_CHOWN: [keyring, signed, signed],
  KEYCTL_SETPERM: [keyring, KEY],
};

function byOperation(
  args: readonly Operand[],
  print: Print,
  position: number,
  table: FlagTable,
  operations: Operations,
): readonly string[] {
  const name = printName(table, number(args[position]));
  const before = args.slice(0, position).map((arg) => print(arg));
  const rest = args.slice(position + 1);
  const formats = operations[name];
  if (formats === undefined) return [...before, name, ...rest.map((arg) => print(arg))];
  const raises = name === "PR_CAP_AMBIENT" && number(rest[0]) !== BigInt(PR_CAP_AMBIENT.PR_CAP_AMBIENT_CLEAR_ALL);
  return [
    ...before,
    name,
    ...formats.map((format, index) => print(rest[index] ?? ZERO, raises && index === 1 ? CAP : format)),
  ];
}

/** clone(2) has the signal for the parent in the lowest byte of its flags. */
function printCloneFlags(value: bigint): string {
  const exit = value & 0xffn;
  const flags = value & ~0xffn;
  const names = [flags === 0n ? "" : printFlags(CLONE, flags), exit === 0n ? "" : printFlags(SIG, exit)];
  return names.filter((name) => name !== "").join("|") || "0";
}

/** `makedev(0x1, 0x3)` of the kernel's packed device number: 12 bits of major between the 20 of minor. */
function makedev(device: bigint): string {
  const major = (device >> 8n) & 0xfffn;
  const minor = (device & 0xffn) | ((device >> 12n) & 0xfff00n);
  return `makedev(${hex(major)}, ${hex(minor)})`;
}

function at(args: readonly Operand[], index: number): Operand {
  const operand = args[index];
  if (operand === undefined) throw new RangeError(`operand ${index + 1} is missing`);
  return operand;
}

function number(operand: Operand | undefined): bigint {
  if (operand?.kind === "null") return 0n;
  if (operand?.kind === "int" || operand?.kind === "flags") return BigInt(operand.value);
  throw new RangeError(`expected a number, got ${operand?.kind ?? "nothing"}`);
}

function isZero(operand: Operand): boolean {
  return (
    operand.kind === "null" || ((operand.kind === "int" || operand.kind === "flags") && BigInt(operand.value) === 0n)
  );
}
