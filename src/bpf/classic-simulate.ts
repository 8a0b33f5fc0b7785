// SPDX-License-Identifier: Apache-2.0
/** The verdict of a filter on a system call, as the kernel would come to it. seccomp(2). */
import { BPF } from "../kernel/classic-bpf.ts";
import type { ClassicProgram } from "./classic.ts";
import { checkClassic } from "./classic-check.ts";
import { type Meaning, meaningOf } from "./classic-codes.ts";
import { DATA_SIZE, encodeData, type SeccompData, type Verdict, verdictOf } from "./seccomp-data.ts";

/** Makes a simulator of a program, which it checks once. Throws a RangeError for a program that the kernel refuses. */
export function simulatorOf(program: ClassicProgram): (data: SeccompData) => Simulation {
  const [fault] = checkClassic(program);
  if (fault !== undefined) throw new RangeError(`instruction ${fault.index}: ${fault.message}`);
  return (data) => simulate(program, data);
}

export interface Simulation {
  readonly verdict: Verdict;
  /** The indices of the instructions that were made, in their order. */
  readonly path: readonly number[];
}

interface Machine {
  a: number;
  x: number;
  readonly memory: Uint32Array;
  readonly data: DataView;
}

function simulate(program: ClassicProgram, data: SeccompData): Simulation {
  const machine: Machine = {
    a: 0,
    x: 0,
    memory: new Uint32Array(BPF.BPF_MEMWORDS),
    data: new DataView(encodeData(data).buffer),
  };
  const path: number[] = [];
  for (let index = 0; index < program.length; index++) {
    const { code, jt, jf, k } = program[index] as ClassicProgram[number];
    const meaning = meaningOf(code) as Meaning;
    path.push(index);
    if (meaning.does === "return") return { verdict: verdictOf(meaning.what === "K" ? k : machine.a), path };
    if (meaning.does === "jump") index += k;
    else if (meaning.does === "branch") index += isTrue(machine, meaning, k) ? jt : jf;
    // A division by zero ends the program, which then has returned 0.
    else if (meaning.does === "compute" && meaning.operator === "/" && meaning.by === "X" && machine.x === 0) {
      return { verdict: verdictOf(0), path };
    } else perform(machine, meaning, k);
  }
  throw new Error("a program that was checked has ended without a verdict");
}

function isTrue({ a, x }: Machine, { test, by }: Extract<Meaning, { does: "branch" }>, k: number): boolean {
  const other = by === "K" ? k : x;
  switch (test) {
    case "==":
      return a === other;
    case ">":
      return a > other;
    case ">=":
      return a >= other;
    case "&":
      return (a & other) !== 0;
    default:
      throw new Error(`unknown test ${test satisfies never}`);
  }
}

type Plain = Exclude<Meaning, { does: "return" | "jump" | "branch" }>;

function perform(machine: Machine, meaning: Plain, k: number): void {
  switch (meaning.does) {
    case "load":
      machine[meaning.to === "A" ? "a" : "x"] = loaded(machine, meaning.from, k);
      return;
    case "store":
      machine.memory[k] = meaning.from === "A" ? machine.a : machine.x;
      return;
    case "move":
      if (meaning.to === "A") machine.a = machine.x;
      else machine.x = machine.a;
      return;
    case "negate":
      machine.a = -machine.a >>> 0;
      return;
    case "compute":
      machine.a = computed(machine.a, meaning.operator, meaning.by === "K" ? k : machine.x);
      return;
    default:
      throw new Error(`unknown meaning ${JSON.stringify(meaning satisfies never)}`);
  }
}

function loaded({ memory, data }: Machine, from: Extract<Meaning, { does: "load" }>["from"], k: number): number {
  if (from === "data") return data.getUint32(k, true);
  if (from === "memory") return memory[k] as number;
  return from === "length" ? DATA_SIZE : k;
}

type Operator = Extract<Meaning, { does: "compute" }>["operator"];

/** In 32 bits without a sign. A shift by X uses its lowest five bits, as JavaScript's does. */
function computed(a: number, operator: Operator, b: number): number {
  switch (operator) {
    case "+":
      return (a + b) >>> 0;
    case "-":
      return (a - b) >>> 0;
    case "*":
      return Math.imul(a, b) >>> 0;
    case "/":
      return Math.floor(a / b);
    case "|":
      return (a | b) >>> 0;
    case "&":
      return (a & b) >>> 0;
    case "^":
      return (a ^ b) >>> 0;
    case "<<":
      return (a << b) >>> 0;
    case ">>":
      return a >>> b;
    default:
      throw new Error(`unknown operator ${operator satisfies never}`);
  }
}
