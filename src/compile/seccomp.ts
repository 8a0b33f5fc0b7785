// SPDX-License-Identifier: Apache-2.0
/**
 * The filter of system calls. It is set right before execve(2), so that a profile needs to allow that call alone; and a
 * process that waits for `start` is not under it yet. config-linux.md#seccomp, seccomp(2).
 */
import { CAP } from "../kernel/capability.ts";
import { SECCOMP_FILTER_FLAG, SECCOMP_OP } from "../kernel/seccomp.ts";
import { bytes, flags, int, struct } from "../plan/operands.ts";
import type { Call } from "../plan/step.ts";
import { flagsOf, heard } from "./listener.ts";
import { at, namespaceOf, type Scope } from "./scope.ts";

const INSTRUCTION = 8;

/** `$listener`, if the profile has calls that are told to somebody. */
export function seccomp(scope: Scope): readonly Call[] {
  const filter = scope.options.seccomp;
  if (filter === undefined) return [];
  const { program, notifies } = filter;
  const fprog = struct("sock_fprog", { len: int(program.length / INSTRUCTION), filter: bytes(program) });
  const operation = flags(SECCOMP_OP, SECCOMP_OP.SECCOMP_SET_MODE_FILTER);
  const args = [operation, flags(SECCOMP_FILTER_FLAG, flagsOf(filter)), fprog];
  return [at("process", "/linux/seccomp")("seccomp", args, notifies ? { result: "listener" } : {}), ...heard(scope)];
}

/**
 * The capabilities that the image keeps for it, besides those of config.json: without no_new_privs the kernel asks for
 * CAP_SYS_ADMIN. execve(2) takes it away again: what a program has permitted is made of the other sets.
 */
export function capabilitiesOfFilter(scope: Scope): bigint {
  const { config, options, facts, findings } = scope;
  if (options.seccomp === undefined || config.process?.noNewPrivileges === true) return 0n;
  const admin = 1n << BigInt(CAP.CAP_SYS_ADMIN);
  if (namespaceOf(scope, "user") === "inherited" && (facts.capabilities & admin) === 0n) {
    const message = "a filter needs CAP_SYS_ADMIN, which tsrun does not have, or process.noNewPrivileges";
    findings.push({ pointer: "/linux/seccomp", message, spec: "config-linux.md#seccomp" });
  }
  return admin;
}
