// SPDX-License-Identifier: Apache-2.0
/** Verdicts on system calls whatever their arguments are. */
import type { ClassicProgram } from "./classic.ts";
import { meaningOf } from "./classic-codes.ts";
import { simulatorOf } from "./classic-simulate.ts";
import type { Verdict } from "./seccomp-data.ts";

/** Behind data.nr and data.arch lie the instruction pointer and the arguments. */
const ARGUMENTS = 8;

/**
 * Asks a program for its verdict on a call; undefined: the program looks at the arguments on the way to it.
 * Throws a RangeError for a program that the kernel refuses.
 */
export function steadyVerdicts(program: ClassicProgram): (nr: number, arch: number) => Verdict | undefined {
  const simulate = simulatorOf(program);
  return (nr, arch) => {
    const { verdict, path } = simulate({ nr, arch, instructionPointer: 0n, args: [] });
    return path.some((index) => loadsArgument(program, index)) ? undefined : verdict;
  };
}

function loadsArgument(program: ClassicProgram, index: number): boolean {
  const { code, k } = program[index] as ClassicProgram[number];
  const meaning = meaningOf(code);
  return meaning?.does === "load" && meaning.from === "data" && k >= ARGUMENTS;
}
