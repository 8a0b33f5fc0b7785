// SPDX-License-Identifier: Apache-2.0
/** Which programs the kernel takes as filters of system calls: seccomp(2); net/core/filter.c and kernel/seccomp.c of Linux. */
import { BPF } from "../kernel/classic-bpf.ts";
import type { ClassicProgram, SockFilter } from "./classic.ts";
import { type Meaning, meaningOf } from "./classic-codes.ts";
import { DATA_SIZE } from "./seccomp-data.ts";

export interface ClassicFault {
  /** The instruction; for the program as a whole, how many it has. */
  readonly index: number;
  readonly message: string;
}

/** Everything that the kernel would refuse the program for, with EINVAL. Without a fault, the program ends on every path. */
export function checkClassic(program: ClassicProgram): readonly ClassicFault[] {
  const faults: ClassicFault[] = [];
  const { length } = program;
  if (length === 0 || length > BPF.BPF_MAXINSNS) {
    return [{ index: length, message: `a program has 1 to ${BPF.BPF_MAXINSNS} instructions, not ${length}` }];
  }
  for (const [index, instruction] of program.entries()) {
    const message = faultOf(instruction, index, length);
    if (message !== undefined) faults.push({ index, message });
  }
  const last = program[length - 1];
  if (last !== undefined && meaningOf(last.code)?.does !== "return") {
    faults.push({ index: length - 1, message: "the last instruction does not return" });
  }
  return faults.length > 0 ? faults : unwrittenLoads(program);
}

function faultOf(instruction: SockFilter, index: number, length: number): string | undefined {
  const { code, jt, jf, k } = instruction;
  const meaning = meaningOf(code);
  if (meaning === undefined) return `a filter of system calls may not have the code 0x${code.toString(16)}`;
  const left = length - index - 1;
  switch (meaning.does) {
    case "load":
      if (meaning.from === "memory") return memoryFault(k);
      return meaning.from === "data" ? dataFault(k) : undefined;
    case "store":
      return memoryFault(k);
    case "compute":
      return computeFault(meaning, k);
    case "jump":
      return k >= left ? `jumps ${k} instructions ahead, and there are ${left}` : undefined;
    case "branch":
      return Math.max(jt, jf) >= left
        ? `jumps ${Math.max(jt, jf)} instructions ahead, and there are ${left}`
        : undefined;
    default:
      return undefined;
  }
}

function dataFault(offset: number): string | undefined {
  if (offset % 4 !== 0) return `loads from offset ${offset}, which is not aligned to 4 bytes`;
  return offset >= DATA_SIZE ? `loads from offset ${offset} of ${DATA_SIZE} bytes` : undefined;
}

function memoryFault(word: number): string | undefined {
  return word < BPF.BPF_MEMWORDS ? undefined : `uses word ${word} of a memory of ${BPF.BPF_MEMWORDS}`;
}

function computeFault({ operator, by }: Extract<Meaning, { does: "compute" }>, k: number): string | undefined {
  if (by === "X") return undefined;
  if (operator === "/" && k === 0) return "divides by zero";
  return (operator === "<<" || operator === ">>") && k >= 32 ? `shifts 32 bits by ${k}` : undefined;
}

/** A word of the memory is loaded only where it was stored to on every path. */
function unwrittenLoads(program: ClassicProgram): readonly ClassicFault[] {
  const ALL = 2 ** BPF.BPF_MEMWORDS - 1;
  // Jumps go forwards only, so one pass sees every path to an instruction before the instruction.
  const written: number[] = new Array(program.length + 1).fill(ALL);
  written[0] = 0;
  const faults: ClassicFault[] = [];
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    const meaning = meaningOf(code);
    let now = written[index] ?? ALL;
    const reach = (target: number) => {
      written[target] = (written[target] ?? ALL) & now;
    };
    if (meaning?.does === "store") now |= 1 << k;
    if (meaning?.does === "load" && meaning.from === "memory" && (now & (1 << k)) === 0) {
      faults.push({ index, message: `loads word ${k} of the memory, which need not have been stored to` });
    }
    if (meaning?.does === "jump") reach(index + 1 + k);
    else if (meaning?.does === "branch") {
      reach(index + 1 + jt);
      reach(index + 1 + jf);
    } else reach(index + 1); // for the kernel even behind a return
  }
  return faults;
}
