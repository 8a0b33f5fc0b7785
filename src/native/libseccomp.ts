// SPDX-License-Identifier: Apache-2.0
/** libseccomp.so.2, loaded when a profile asks for it: names of system calls, and rules made into a filter. */
import { readFileSync, statSync } from "node:fs";
import { HostError } from "../errors/errors.ts";
import { errnoName } from "../kernel/errno.ts";
import { MFD } from "../kernel/memfd.ts";
import { type Argument, addon, type Bound, type CType } from "./addon.ts";
import { bind } from "./call.ts";
import { close } from "./fd.ts";
import { memfd_create } from "./memfd.ts";

/** `scmp_filter_ctx`: a filter that is being made. */
export type FilterContext = bigint & { readonly [brand]: "scmp_filter_ctx" };
declare const brand: unique symbol;

/** A function of libseccomp; most return 0 or `-errno`. */
export function library(
  name: string,
  result: CType,
  args: readonly CType[],
): (...values: Argument[]) => number | bigint {
  let bound: Bound | undefined;
  return (...values) => {
    bound ??= load().func(name, result, args);
    return bound(...values);
  };
}

let loaded: { func(name: string, result: CType, args: readonly CType[]): Bound } | undefined;

function load() {
  try {
    loaded ??= addon().load("libseccomp.so.2");
    return loaded;
  } catch (cause) {
    const message = "linux.seccomp needs libseccomp.so.2, which is not there (on Debian: the package libseccomp2)";
    throw new HostError(message, { cause });
  }
}

const CTX = "int64";
const initCall = library("seccomp_init", CTX, ["uint"]);
const releaseCall = library("seccomp_release", "int", [CTX]);
const archAddCall = library("seccomp_arch_add", "int", [CTX, "uint"]);
const archRemoveCall = library("seccomp_arch_remove", "int", [CTX, "uint"]);
const attrSetCall = library("seccomp_attr_set", "int", [CTX, "int", "uint"]);
const ruleAddCall = library("seccomp_rule_add_array", "int", [CTX, "uint", "int", "uint", "void *"]);
const exportCall = library("seccomp_export_bpf", "int", [CTX, "int"]);
const resolveCall = library("seccomp_syscall_resolve_name", "int", ["str"]);
const resolveArchCall = library("seccomp_syscall_resolve_name_arch", "int", ["uint", "str"]);
const versionCall = library("seccomp_version", "int64", []);

/** `seccomp_init(action)` → a filter for the machine's own architecture; `seccomp_release` ends it. EINVAL: no such action. */
export function seccomp_init(action: number): FilterContext {
  const context = BigInt(initCall(action));
  if (context === 0n)
    throw new HostError(`seccomp_init(0x${action.toString(16)}) failed: libseccomp refuses the action`);
  return context as FilterContext;
}

/** `seccomp_release(ctx)`. */
export function seccomp_release(context: FilterContext): void {
  releaseCall(context);
}

/** `seccomp_arch_add(ctx, arch)` → whether it was not there yet. EINVAL: libseccomp is older than the architecture. */
export function seccomp_arch_add(context: FilterContext, arch: number): boolean {
  const result = Number(archAddCall(context, arch));
  if (result === -EEXIST) return false;
  must(result, () => `seccomp_arch_add(ctx, 0x${arch.toString(16)})`);
  return true;
}

/** `seccomp_arch_remove(ctx, arch)`. EEXIST: it is not there. */
export function seccomp_arch_remove(context: FilterContext, arch: number): void {
  must(Number(archRemoveCall(context, arch)), () => `seccomp_arch_remove(ctx, 0x${arch.toString(16)})`);
}

/** `seccomp_attr_set(ctx, attr, value)` → whether this libseccomp knows the attribute. */
export function seccomp_attr_set(context: FilterContext, attribute: number, value: number): boolean {
  return Number(attrSetCall(context, attribute, value)) === 0;
}

/** An argument of a call, compared: struct scmp_arg_cmp. */
export interface Comparison {
  /** Which argument, 0 to 5. */
  readonly arg: number;
  /** One of SCMP_CMP. */
  readonly op: number;
  readonly a: bigint;
  readonly b: bigint;
}

/**
 * `seccomp_rule_add_array(ctx, action, syscall, count, array)` → 0 or `-errno`
 *
 * `syscall` is the number on this machine, or libseccomp's negative one for a call of other architectures. All
 * comparisons must hold. EEXIST: another rule says the same, or the opposite. EACCES: the action is the default one.
 */
export function seccomp_rule_add(
  context: FilterContext,
  action: number,
  { number, comparisons }: { readonly number: number; readonly comparisons: readonly Comparison[] },
): number {
  return Number(ruleAddCall(context, action, number, comparisons.length, encode(comparisons)));
}

const COMPARISON_SIZE = 24;

/**
 * struct scmp_arg_cmp, 24 bytes, little-endian.
 *
 *   offset  size  field
 *        0     4  arg
 *        4     4  op
 *        8     8  datum_a
 *       16     8  datum_b
 */
function encode(comparisons: readonly Comparison[]): Uint8Array {
  const bytes = new Uint8Array(COMPARISON_SIZE * Math.max(1, comparisons.length));
  const view = new DataView(bytes.buffer);
  for (const [index, { arg, op, a, b }] of comparisons.entries()) {
    const at = COMPARISON_SIZE * index;
    view.setUint32(at, arg, true);
    view.setUint32(at + 4, op, true);
    view.setBigUint64(at + 8, a, true);
    view.setBigUint64(at + 16, b, true);
  }
  return bytes;
}

/** `seccomp_export_bpf(ctx, fd)` → the filter's program: struct sock_filter, 8 bytes each. */
export function seccomp_export_bpf(context: FilterContext): Uint8Array {
  const fd = memfd_create("seccomp", MFD.MFD_CLOEXEC);
  try {
    must(Number(exportCall(context, fd)), () => "seccomp_export_bpf(ctx, fd)");
    return new Uint8Array(readFileSync(`/proc/self/fd/${fd}`));
  } finally {
    close(fd);
  }
}

/** `seccomp_syscall_resolve_name(name)` → for `seccomp_rule_add`; undefined: libseccomp does not know it. */
export function seccomp_syscall_resolve_name(name: string): number | undefined {
  const number = Number(resolveCall(name));
  return number === UNKNOWN ? undefined : number;
}

/** `seccomp_syscall_resolve_name_arch(arch, name)` → the call's number there; undefined: that architecture has none. */
export function seccomp_syscall_resolve_name_arch(arch: number, name: string): number | undefined {
  const number = Number(resolveArchCall(arch, name));
  return number < 0 ? undefined : number;
}

/** __NR_SCMP_ERROR. */
const UNKNOWN = -1;

/** `seccomp_version()` → for example 2.5.4. */
export function seccomp_version(): string {
  const numbers = new Uint32Array(3);
  const memcpy = bind("memcpy", "int64", ["void *", "int64", "size_t"]);
  memcpy(new Uint8Array(numbers.buffer), versionCall(), numbers.byteLength);
  return numbers.join(".");
}

/** What changes when another libseccomp is installed: found without loading it where it lies at a usual place. */
export function libraryIdentity(): string {
  for (const directory of process.env.LD_LIBRARY_PATH === undefined ? DIRECTORIES : []) {
    const stat = statSync(`${directory}/libseccomp.so.2`, { throwIfNoEntry: false });
    if (stat !== undefined) return `${stat.size} bytes of ${stat.mtimeMs}`;
  }
  return seccomp_version();
}

const TRIPLET = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
const DIRECTORIES = [`/usr/lib/${TRIPLET}`, "/usr/lib64", "/usr/lib"];

const EEXIST = 17;

function must(result: number, line: () => string): void {
  if (result < 0) throw new HostError(`${line()} = ${errnoName(-result)}, by libseccomp ${seccomp_version()}`);
}
