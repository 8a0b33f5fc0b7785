// SPDX-License-Identifier: Apache-2.0
/**
 * What a reviewer would look for in every plan, beyond what `checkPlan` asks: descriptors do not leak into the program,
 * and before the root switch no path of the root filesystem is trusted.
 */
import { F, FD } from "../../src/kernel/fcntl.ts";
import { AT, O, RESOLVE } from "../../src/kernel/open.ts";
import { printCall } from "../../src/plan/print.ts";
import { type Call, isCall, type Operand, type Plan } from "../../src/plan/step.ts";

/** Every finding, as `step 12: ...: openat(...)`. */
export function lintPlan(plan: Plan): string[] {
  const findings: string[] = [];
  const unseen = new Set<string>();
  let switched = false;
  for (const [index, step] of plan.steps.entries()) {
    if (!isCall(step)) continue;
    const problems = [leak(step), ...(step.stage === "init" && !switched ? [trust(step, unseen)] : [])];
    for (const problem of problems) {
      if (problem !== undefined) findings.push(`step ${index + 1}: ${problem}: ${printCall(step)}`);
    }
    if (step.result !== undefined) unseen[step.call === "fsmount" ? "add" : "delete"](step.result);
    if (step.call === "move_mount" && step.args[0]?.kind === "result") unseen.delete(step.args[0].name);
    if (step.call === "pivot_root" || step.call === "chroot") switched = true;
  }
  return [...findings, ...endsClosed(plan)];
}

/** Index of the operand that says how a descriptor is opened, and the bit that closes it on execve. */
const CLOEXEC: Readonly<Record<string, readonly [index: number, bit: number]>> = {
  openat: [2, O.O_CLOEXEC],
  openat2: [2, O.O_CLOEXEC],
  open_tree: [2, O.O_CLOEXEC],
  fsopen: [1, 1],
  fsmount: [1, 1],
  socket: [1, O.O_CLOEXEC],
  accept4: [3, O.O_CLOEXEC],
};

/** Results that are no descriptors, or one that is always close-on-exec. */
const HARMLESS: ReadonlySet<string> = new Set(["clone", "getpid", "sendto", "pidfd_open", "seccomp"]);

/** A descriptor that a step keeps is close-on-exec from its first moment. */
function leak(step: Call): string | undefined {
  const { call, args, result } = step;
  // TIOCGPTPEER takes the flags of open(2).
  if (call === "ioctl" && result !== undefined) return has(args[2], O.O_CLOEXEC) ? undefined : "stays open over execve";
  if (call === "dup3") {
    const stdio = args[1]?.kind === "int" && Number(args[1].value) <= 2;
    return stdio || has(args[2], O.O_CLOEXEC) ? undefined : "stays open over execve";
  }
  if (call === "fcntl" && has(args[1], F.F_SETFD))
    return has(args[2], FD.FD_CLOEXEC) ? undefined : "stays open over execve";
  const rule = CLOEXEC[call];
  if (rule === undefined)
    return result === undefined || HARMLESS.has(call) ? undefined : "keeps a result of unknown kind";
  return has(args[rule[0]], rule[1]) ? undefined : "stays open over execve";
}

/** Before the root switch, what lies in the rootfs is named by a descriptor, and a path is walked inside of it. */
function trust(step: Call, unseen: ReadonlySet<string>): string | undefined {
  const { call, args } = step;
  const [first, second, third] = args;
  // In a mount that nobody has seen yet, any path is what the start made of it.
  const isOneName = (name: Operand | undefined, directory: Operand | undefined) =>
    isName(name, directory?.kind === "result" && unseen.has(directory.name));
  switch (call) {
    case "openat2":
      if (!isDescriptor(first)) return "opens by the host's paths";
      return (bits(field(third, "resolve")) & BigInt(RESOLVE.RESOLVE_IN_ROOT | RESOLVE.RESOLVE_BENEATH)) === 0n
        ? "walks out of the root"
        : undefined;
    case "openat":
      if (!isDescriptor(first)) return isHostFile(second) ? undefined : "opens by the host's paths";
      return isOneName(second, first) && has(third, O.O_NOFOLLOW) ? undefined : "follows a symlink";
    case "fchmodat":
    case "mkdirat":
    case "mknodat":
    case "unlinkat":
      return isDescriptor(first) && isOneName(second, first) ? undefined : "walks a path";
    case "symlinkat":
      return isDescriptor(second) && isOneName(third, second) ? undefined : "walks a path";
    case "statx":
      if (text(second) === "") return isDescriptor(first) ? undefined : "looks by the host's paths";
      return isDescriptor(first) && isOneName(second, first) && has(third, AT.AT_SYMLINK_NOFOLLOW)
        ? undefined
        : "follows a symlink";
    case "fchownat":
      if (!isDescriptor(first) || !isOneName(second, first)) return "walks a path";
      return has(args[4], AT.AT_SYMLINK_NOFOLLOW) ? undefined : "follows a symlink";
    case "open_tree":
      return text(second)?.includes("/rootfs/") === true ? "walks a path of the rootfs from the host" : undefined;
    case "mount_setattr":
      return isDescriptor(first) && text(second) === "" ? undefined : "changes a mount by its path";
    default:
      return undefined;
  }
}

/** The image's own channels must be closed, too: by a close_range in each process, before its program. */
function endsClosed({ steps }: Plan): string[] {
  let closed = false;
  const open: string[] = [];
  for (const { call, args } of steps.filter(isCall)) {
    if (call === "clone" || call === "wait4") closed = false;
    if (call === "close_range" && bits(args[2]) !== 0n) closed = true;
    if (call === "execve" && !closed) open.push("no close_range before execve");
  }
  return open;
}

function isDescriptor(operand: Operand | undefined): boolean {
  return operand?.kind === "result";
}

/** The only files of the host that the init opens while hostile files are in sight; both are checked to be what they seem. */
function isHostFile(operand: Operand | undefined): boolean {
  const path = text(operand);
  return path === "/dev/null" || path?.endsWith("/rootfs") === true;
}

/** One component, or any path. */
function isName(operand: Operand | undefined, orPath: boolean): boolean {
  const name = text(operand);
  if (name === undefined || name === "" || name === "..") return false;
  return orPath || !name.includes("/");
}

function text(operand: Operand | undefined): string | undefined {
  return operand?.kind === "string" ? operand.value : undefined;
}

function field(operand: Operand | undefined, name: string): Operand | undefined {
  return operand?.kind === "struct" ? operand.fields[name] : undefined;
}

function bits(operand: Operand | undefined): bigint {
  if (operand?.kind === "struct") return bits(operand.fields.flags);
  return operand?.kind === "flags" || operand?.kind === "int" ? BigInt(operand.value) : 0n;
}

function has(operand: Operand | undefined, bit: number): boolean {
  return (bits(operand) & BigInt(bit)) === BigInt(bit);
}
