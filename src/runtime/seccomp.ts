// SPDX-License-Identifier: Apache-2.0
/** `linux.seccomp` as the filter that the kernel takes. config-linux.md#seccomp, seccomp(2). */
import type { Seccomp } from "../config/config.ts";
import { ConfigError, type Finding } from "../errors/errors.ts";
import { SECCOMP_FILTER_FLAG } from "../kernel/seccomp.ts";
import { MACHINE_ARCHES, SCMP_ACT } from "../kernel/seccomp-profile.ts";
import { libraryIdentity } from "../native/libseccomp.ts";
import { hasAction, hasFlags } from "../native/seccomp.ts";
import { buildFilter } from "./seccomp-build.ts";
import { keepFilter, keptFilter } from "./seccomp-cache.ts";

export interface SeccompFilter {
  /** struct sock_filter, 8 bytes each. */
  readonly program: Uint8Array;
  /** SECCOMP_FILTER_FLAG_. */
  readonly flags: number;
  /** What of the profile has no effect on this machine. */
  readonly warnings: readonly string[];
  /** Whether some call is told to a listener. */
  readonly notifies: boolean;
}

export interface SeccompOptions {
  /** What a ConfigError calls the file. */
  readonly file?: string;
  /** The directory with the state of containers, below which filters are kept from one start to the next. Absent: none is. */
  readonly root?: string | undefined;
}

/** ConfigError: what this kernel or libseccomp cannot do of it. HostError: there is no libseccomp. */
export function seccompFilter(seccomp: Seccomp, arch: "x64" | "arm64", options: SeccompOptions = {}): SeccompFilter {
  const { file = "config.json", root } = options;
  const findings = [...unknownActions(seccomp), ...unknownFlags(seccomp)];
  if (findings.length > 0) throw new ConfigError(file, findings);
  const key = keyOf(seccomp, arch);
  const kept = root === undefined ? undefined : keptFilter(root, key);
  if (kept !== undefined) return kept;
  const built = buildFilter(seccomp, arch);
  if (built.findings.length > 0) throw new ConfigError(file, built.findings);
  const notifies = actions(seccomp).some(([, action]) => action === "SCMP_ACT_NOTIFY");
  const warnings = [...foreignArches(seccomp, arch), ...built.warnings];
  const filter = { program: built.program, flags: flagsOf(seccomp, notifies), warnings, notifies };
  if (root !== undefined) keepFilter(root, key, filter);
  return filter;
}

const SPEC = "config-linux.md#seccomp";

function actions({ defaultAction, syscalls = [] }: Seccomp): readonly (readonly [pointer: string, action: string])[] {
  const rules = syscalls.map(({ action }, index) => [`/linux/seccomp/syscalls/${index}/action`, action] as const);
  return [["/linux/seccomp/defaultAction", defaultAction], ...rules];
}

function unknownActions(seccomp: Seccomp): readonly Finding[] {
  const missing = new Set(
    [...new Set(actions(seccomp).map(([, action]) => action))].filter(
      (action) => !hasAction((SCMP_ACT as Readonly<Record<string, number>>)[action] ?? 0),
    ),
  );
  return actions(seccomp)
    .filter(([, action]) => missing.has(action))
    .map(([pointer, action]) => ({ pointer, message: `this kernel does not know ${action}`, spec: SPEC }));
}

const { SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV } = SECCOMP_FILTER_FLAG;
const { SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_TSYNC_ESRCH, SECCOMP_FILTER_FLAG_SPEC_ALLOW } =
  SECCOMP_FILTER_FLAG;

function unknownFlags({ flags = [] }: Seccomp): readonly Finding[] {
  return flags.flatMap((name, index) => {
    if (knowsFlag(name)) return [];
    return [{ pointer: `/linux/seccomp/flags/${index}`, message: `this kernel does not know ${name}`, spec: SPEC }];
  });
}

/** Whether this kernel takes a flag of a profile. */
export function knowsFlag(name: string): boolean {
  const bit = bitOf(name);
  // It takes this one only together with a listener.
  const listener = bit === SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  return hasFlags(bit | listener);
}

function bitOf(name: string): number {
  return (SECCOMP_FILTER_FLAG as Readonly<Record<string, number>>)[name] ?? 0;
}

/** Without `flags`, programs are spared a slower processor where the kernel leaves that to us, as with runc and crun. */
function flagsOf({ flags }: Seccomp, notifies: boolean): number {
  const usual = hasFlags(SECCOMP_FILTER_FLAG_SPEC_ALLOW) ? SECCOMP_FILTER_FLAG_SPEC_ALLOW : 0;
  const asked = flags === undefined ? usual : flags.reduce((bits, name) => bits | bitOf(name), 0);
  if (!notifies) return asked & ~SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  // Both return something: TSYNC would have to tell the thread that it failed for in place of the listener.
  const errno = (asked & SECCOMP_FILTER_FLAG_TSYNC) === 0 ? 0 : SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
  return asked | errno | SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

/** Programs on this machine make no calls of other architectures; libseccomp would refuse those of the other byte order. */
function foreignArches({ architectures = [] }: Seccomp, arch: "x64" | "arm64"): readonly string[] {
  const foreign = architectures.filter((name) => !(MACHINE_ARCHES[arch] as readonly string[]).includes(name));
  if (foreign.length === 0) return [];
  return [`/linux/seccomp/architectures: no program on this machine makes calls of ${foreign.join(", ")}`];
}

/** Everything that a filter depends on. */
function keyOf(seccomp: Seccomp, arch: string): string {
  const spec = hasFlags(SECCOMP_FILTER_FLAG_SPEC_ALLOW);
  const parts = [FORMAT, libraryIdentity(), arch, spec, seccomp];
  return JSON.stringify(parts, (_name, value) => (typeof value === "bigint" ? `${value}n` : value));
}

// Put in by the build; absent where the sources run as they are.
declare const TSRUN_VERSION: string | undefined;
declare const TSRUN_COMMIT: string | undefined;

/** Another version may make another filter of the same profile. */
const FORMAT =
  typeof TSRUN_VERSION === "string" && typeof TSRUN_COMMIT === "string" ? `${TSRUN_VERSION} ${TSRUN_COMMIT}` : "source";
