// SPDX-License-Identifier: Apache-2.0
/** The kernel of this machine is asked what it makes of programs; the checker and the simulator say the same. */
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeClassic, type SockFilter } from "../../src/bpf/classic.ts";
import { checkClassic } from "../../src/bpf/classic-check.ts";
import { simulatorOf } from "../../src/bpf/classic-simulate.ts";
import { AUDIT_ARCH, SECCOMP_RET } from "../../src/kernel/seccomp.ts";
import { requires } from "../requires.ts";
import { ALLOW, AND, anyInstruction, JEQ, LD, LD_IMM, likelyProgram, OR, one, RET, RET_A } from "./programs.ts";

/** No call has this number: what it returns, the filter has said. */
const NR = 4000;
const ARCH = process.arch === "arm64" ? AUDIT_ARCH.AUDIT_ARCH_AARCH64 : AUDIT_ARCH.AUDIT_ARCH_X86_64;
const SEED = 20_240_229;

const args = fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 6, maxLength: 6 });

/** What the program returns becomes an errno, so that it can be seen; other calls than NR are not its concern. */
function visible(program: readonly SockFilter[]): readonly SockFilter[] {
  const body = program.flatMap((instruction, index): SockFilter[] => {
    const isLast = index === program.length - 1;
    return isLast && instruction.code === RET_A
      ? [one(AND, 0xfff), one(OR, SECCOMP_RET.SECCOMP_RET_ERRNO), instruction]
      : [instruction.code === RET || instruction.code === RET_A ? one(LD_IMM, instruction.k) : instruction];
  });
  return [one(LD, 0), one(JEQ, NR, 1, 0), ALLOW, one(LD_IMM, 0), ...body];
}

function kernelSays(cases: readonly { program: readonly SockFilter[]; calls: readonly (readonly bigint[])[] }[]) {
  const input = cases.map(({ program, calls }) => ({
    program: Buffer.from(encodeClassic(program)).toString("hex"),
    nr: NR,
    calls: calls.map((call) => call.map(String)),
  }));
  const { stdout, stderr } = spawnSync("python3", [new URL("kernel.py", import.meta.url).pathname], {
    input: JSON.stringify(input),
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  return JSON.parse(stdout) as readonly (readonly (number | "killed")[] | null)[];
}

test("programs of every kind of instruction end as they do in the kernel", { timeout: 30_000 }, (t) => {
  requires(t, "python3");
  const cases = fc.sample(fc.record({ program: likelyProgram.map(visible), calls: fc.array(args, { maxLength: 4 }) }), {
    numRuns: 300,
    seed: SEED,
  });
  const said = kernelSays(cases);
  expect(said.filter((answers) => answers !== null && answers.length > 0).length).toBeGreaterThan(30);
  for (const [index, { program, calls }] of cases.entries()) {
    const accepted = checkClassic(program).length === 0;
    expect(said[index] !== null, JSON.stringify(program)).toBe(accepted);
    if (!accepted) continue;
    const simulate = simulatorOf(program);
    const expected = calls.map((call) => {
      const { verdict } = simulate({ nr: NR, arch: ARCH, instructionPointer: 0n, args: call });
      return verdict.action === "SECCOMP_RET_ERRNO" ? verdict.data : "killed";
    });
    expect(said[index], JSON.stringify(program)).toEqual(expected);
  }
});

test("what the checker refuses, the kernel refuses, and nothing else", { timeout: 30_000 }, (t) => {
  requires(t, "python3");
  const tail = fc.constantFrom([ALLOW], []);
  const random = fc.tuple(fc.array(anyInstruction, { maxLength: 3 }), tail).map(([body, end]) => [...body, ...end]);
  // Behind a return nothing runs, so a program that is taken does no harm.
  const programs = fc
    .sample(random, { numRuns: 300, seed: SEED })
    .map((body) => [one(LD, 0), one(JEQ, NR, 1, 0), ALLOW, ALLOW, ...body]);
  const said = kernelSays(programs.map((program) => ({ program, calls: [] })));
  for (const [index, program] of programs.entries()) {
    expect(said[index] !== null, JSON.stringify(program)).toBe(checkClassic(program).length === 0);
  }
  expect(new Set(said.map((answers) => answers === null)).size).toBe(2);
});
