// SPDX-License-Identifier: Apache-2.0
/** What a profile means for system calls: the verdicts of the very program that the container gets, and the rules they come from. */
import { decodeClassic } from "../bpf/classic.ts";
import { type Simulation, simulatorOf } from "../bpf/classic-simulate.ts";
import { steadyVerdicts } from "../bpf/classic-steady.ts";
import type { SeccompData, Verdict } from "../bpf/seccomp-data.ts";
import type { Config, Seccomp } from "../config/config.ts";
import { HostError } from "../errors/errors.ts";
import { MACHINE_ARCHES, SCMP_ARCH, type ScmpArch } from "../kernel/seccomp-profile.ts";
import { seccomp_syscall_resolve_name_arch } from "../native/libseccomp.ts";
import { seccomp_syscall_resolve_num_arch } from "../native/libseccomp-names.ts";
import { type Condition, conditionsOf, type Origin, originOf } from "./explain-rules.ts";
import { seccompFilter } from "./seccomp.ts";

export interface CallVerdict {
  readonly name: string;
  readonly number: number;
  /** Undefined: it depends on the arguments. */
  readonly verdict: Verdict | undefined;
  /** The rules that look at its arguments, if it depends on them. */
  readonly conditions: readonly Condition[];
}

/** What happens to calls of an architecture: one verdict for all, or the rules of the profile. */
export interface ArchVerdict {
  readonly arch: ScmpArch;
  readonly verdict: Verdict | undefined;
}

/** The verdict on one call, and what of config.json it comes from. */
export interface OneVerdict {
  readonly name: string;
  readonly number: number;
  readonly args: readonly bigint[];
  readonly verdict: Verdict;
  readonly origin: Origin;
}

type Machine = "x64" | "arm64";

/** A number that no call of any architecture has, nor will have soon. */
const FUTURE = 0xfff;
/** How far the numbers of calls are looked through. */
const MOST = 0x400;

/** The filter of a profile, asked. ConfigError, HostError: there is no filter of this profile on this machine. */
export class ExplainedFilter {
  readonly arch: ScmpArch;
  readonly instructions: number;
  readonly warnings: readonly string[];
  readonly #simulate: (data: SeccompData) => Simulation;
  readonly #steady: ReturnType<typeof steadyVerdicts>;
  readonly #machine: Machine;
  readonly #seccomp: Seccomp;

  constructor({ linux }: Config, machine: Machine, file?: string) {
    if (linux?.seccomp === undefined)
      throw new HostError("config.json has no linux.seccomp: every system call is allowed");
    const filter = seccompFilter(linux.seccomp, machine, file === undefined ? {} : { file });
    this.#seccomp = linux.seccomp;
    this.#machine = machine;
    const program = decodeClassic(filter.program);
    this.#simulate = simulatorOf(program);
    this.#steady = steadyVerdicts(program);
    this.arch = MACHINE_ARCHES[machine][0] as ScmpArch;
    this.instructions = program.length;
    this.warnings = filter.warnings;
  }

  /** Every call that libseccomp knows of this machine's architecture, by name. */
  calls(): readonly CallVerdict[] {
    const found: CallVerdict[] = [];
    for (let number = 0; number < MOST; number++) {
      const name = this.nameOf(number);
      if (name === undefined) continue;
      const verdict = this.#steady(number, SCMP_ARCH[this.arch]);
      found.push({ name, number, verdict, conditions: verdict === undefined ? conditionsOf(this.#seccomp, name) : [] });
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The other architectures in which programs on this machine can make calls. */
  others(): readonly ArchVerdict[] {
    return MACHINE_ARCHES[this.#machine].slice(1).map((arch) => ({ arch, verdict: this.#ofArch(arch) }));
  }

  /** What happens to a call that nobody has heard of yet. */
  future(): Verdict {
    return this.#run({ nr: FUTURE, arch: this.arch }).verdict;
  }

  nameOf(number: number): string | undefined {
    return seccomp_syscall_resolve_num_arch(SCMP_ARCH[this.arch], number);
  }

  /** Undefined: this machine's architecture has no call of that name. */
  numberOf(name: string): number | undefined {
    return seccomp_syscall_resolve_name_arch(SCMP_ARCH[this.arch], name);
  }

  verdict(number: number, args: readonly bigint[]): OneVerdict {
    const name = this.nameOf(number) ?? `call ${number}`;
    const { verdict } = this.#run({ nr: number, arch: this.arch, args });
    return { name, number, args, verdict, origin: originOf(this.#seccomp, { name, args, verdict }) };
  }

  /** The verdict on all calls of an architecture, if there is one. */
  #ofArch(arch: ScmpArch): Verdict | undefined {
    const numbers = [0, 1, FUTURE].map((nr) => this.#run({ nr, arch }).verdict);
    const named = this.#seccomp.architectures?.includes(arch) === true;
    const [first] = numbers;
    return named || numbers.some((verdict) => verdict.action !== first?.action) ? undefined : first;
  }

  #run({ nr, arch, args = [] }: Asked): Simulation {
    const isX32 = arch === "SCMP_ARCH_X32";
    const number = isX32 ? nr + X32_BIT : nr;
    const audit = isX32 ? SCMP_ARCH.SCMP_ARCH_X86_64 : SCMP_ARCH[arch];
    return this.#simulate({ nr: number, arch: audit, instructionPointer: 0n, args });
  }
}

const X32_BIT = 0x4000_0000;

interface Asked {
  readonly nr: number;
  readonly arch: ScmpArch;
  readonly args?: readonly bigint[];
}
