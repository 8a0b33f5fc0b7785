// SPDX-License-Identifier: Apache-2.0
/** What each code of classic BPF does that a filter of system calls may have. seccomp(2). */
import { BPF } from "../kernel/classic-bpf.ts";

type Register = "A" | "X";
/** The second operand: the constant `k`, or the register X. */
export type Source = "K" | "X";

export type Meaning =
  /** 4 bytes of seccomp_data at `k`, the length of seccomp_data, the word `k` of the memory, or `k` itself. */
  | { readonly does: "load"; readonly to: Register; readonly from: "data" | "length" | "memory" | "constant" }
  | { readonly does: "store"; readonly from: Register }
  | { readonly does: "compute"; readonly operator: keyof typeof OPERATORS; readonly by: Source }
  | { readonly does: "negate" }
  | { readonly does: "move"; readonly to: Register }
  | { readonly does: "jump" }
  | { readonly does: "branch"; readonly test: keyof typeof TESTS; readonly by: Source }
  | { readonly does: "return"; readonly what: "K" | "A" };

/** As C writes them -> the bits of the code. */
const OPERATORS = {
  "+": BPF.BPF_ADD,
  "-": BPF.BPF_SUB,
  "*": BPF.BPF_MUL,
  "/": BPF.BPF_DIV,
  "|": BPF.BPF_OR,
  "&": BPF.BPF_AND,
  "<<": BPF.BPF_LSH,
  ">>": BPF.BPF_RSH,
  "^": BPF.BPF_XOR,
} as const;

const TESTS = { "==": BPF.BPF_JEQ, ">": BPF.BPF_JGT, ">=": BPF.BPF_JGE, "&": BPF.BPF_JSET } as const;

const SOURCES = { K: BPF.BPF_K, X: BPF.BPF_X } as const;

// Made when first asked for: most starts have no filter.
let table: ReadonlyMap<number, Meaning> | undefined;

function meanings(): ReadonlyMap<number, Meaning> {
  table ??= new Map(codes());
  return table;
}

/** Undefined for a code that a filter of system calls may not have. */
export function meaningOf(code: number): Meaning | undefined {
  return meanings().get(code);
}

/** Every code that there is. */
export function allCodes(): readonly number[] {
  return [...meanings().keys()];
}

function* codes(): Iterable<[number, Meaning]> {
  const { BPF_LD, BPF_LDX, BPF_ST, BPF_STX, BPF_ALU, BPF_JMP, BPF_RET, BPF_MISC } = BPF;
  yield [BPF_LD | BPF.BPF_W | BPF.BPF_ABS, { does: "load", to: "A", from: "data" }];
  for (const [to, load] of [["A", BPF_LD] as const, ["X", BPF_LDX] as const]) {
    yield [load | BPF.BPF_W | BPF.BPF_LEN, { does: "load", to, from: "length" }];
    yield [load | BPF.BPF_W | BPF.BPF_MEM, { does: "load", to, from: "memory" }];
    yield [load | BPF.BPF_W | BPF.BPF_IMM, { does: "load", to, from: "constant" }];
  }
  yield [BPF_ST, { does: "store", from: "A" }];
  yield [BPF_STX, { does: "store", from: "X" }];
  for (const [by, source] of entries(SOURCES)) {
    for (const [operator, bits] of entries(OPERATORS))
      yield [BPF_ALU | bits | source, { does: "compute", operator, by }];
    for (const [test, bits] of entries(TESTS)) yield [BPF_JMP | bits | source, { does: "branch", test, by }];
  }
  yield [BPF_ALU | BPF.BPF_NEG, { does: "negate" }];
  yield [BPF_MISC | BPF.BPF_TAX, { does: "move", to: "X" }];
  yield [BPF_MISC | BPF.BPF_TXA, { does: "move", to: "A" }];
  yield [BPF_JMP | BPF.BPF_JA, { does: "jump" }];
  yield [BPF_RET | BPF.BPF_K, { does: "return", what: "K" }];
  yield [BPF_RET | BPF.BPF_A, { does: "return", what: "A" }];
}

function entries<Key extends string>(table: Readonly<Record<Key, number>>): [Key, number][] {
  return Object.entries(table) as [Key, number][];
}
