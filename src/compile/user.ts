// SPDX-License-Identifier: Apache-2.0
/** The user of the process and its capabilities. config.md#user, config.md#linux-process, credentials(7), capabilities(7). */
import type { CapabilitySet } from "../config/config.ts";
import { CAP, LINUX_CAPABILITY } from "../kernel/capability.ts";
import { PR, PR_CAP_AMBIENT } from "../kernel/prctl.ts";
import { bytes, flags, int, NULL, struct } from "../plan/operands.ts";
import { type Call, NEXT, type Step } from "../plan/step.ts";
import { at, namespaceOf, type Scope } from "./scope.ts";
import { capabilitiesOfFilter } from "./seccomp.ts";
import { canSetGroups } from "./user-namespace.ts";

/** The process owns its stdio, so that it can open /dev/stdout again; /dev/null is everybody's. */
export function ownStdio(scope: Scope): readonly Step[] {
  const uid = scope.config.process?.user?.uid ?? 0;
  if (scope.config.process?.terminal === true) {
    return [
      at("process", "/process/user/uid")("fchown", [int(0), int(uid), NO_CHANGE], {
        tolerate: { EINVAL: NEXT, EPERM: NEXT },
      }),
    ];
  }
  return scope.facts.stdio.flatMap((stdio, fd): Call[] => {
    if (stdio.null || (stdio.uid === uid && namespaceOf(scope, "user") === "inherited")) return [];
    const tolerate = { EINVAL: NEXT, EPERM: NEXT, EROFS: NEXT };
    return [at("process", "/process/user/uid")("fchown", [int(fd), int(uid), NO_CHANGE], { tolerate })];
  });
}

const NO_CHANGE = int(-1);

/** Bounding set first, while CAP_SETPCAP is there; then the ids, keeping the permitted set; then the other sets. */
export function user(scope: Scope): readonly Step[] {
  const { uid = 0, gid = 0, additionalGids = [] } = scope.config.process?.user ?? {};
  const make = at("process", "/process/user");
  const keep = at("process", "/process/capabilities");
  return [
    ...dropBounding(scope),
    ...(uid === 0 ? [] : [keep("prctl", [flags(PR, PR.PR_SET_KEEPCAPS), int(1)])]),
    ...setGroups(scope, additionalGids),
    make("setresgid", [int(gid), int(gid), int(gid)]),
    make("setresuid", [int(uid), int(uid), int(uid)]),
    ...(uid === 0 ? [] : [keep("prctl", [flags(PR, PR.PR_SET_KEEPCAPS), int(0)])]),
  ];
}

function setGroups(scope: Scope, gids: readonly number[]): Call[] {
  const make = at("process", "/process/user/additionalGids");
  if (!canSetGroups(scope)) {
    if (gids.length > 0) {
      const message =
        "cannot be set by an ordinary user who maps a single group: setgroups(2) is denied in the user namespace";
      scope.findings.push({ pointer: "/process/user/additionalGids", message, spec: "config.md#user" });
    }
    return [];
  }
  if (gids.length === 0) return [make("setgroups", [int(0), NULL])];
  return [make("setgroups", [int(gids.length), bytes(new Uint8Array(Uint32Array.from(gids).buffer))])];
}

/** A set of config.json as bits; names that the kernel does not know, or that cannot be granted, are left out with a warning. */
function bitsOf(scope: Scope, set: CapabilitySet): bigint {
  const available =
    namespaceOf(scope, "user") === "inherited"
      ? scope.facts.capabilities
      : (1n << BigInt(scope.facts.capLastCap + 1)) - 1n;
  let bits = 0n;
  for (const name of scope.config.process?.capabilities?.[set] ?? []) {
    const number = (CAP as Readonly<Record<string, number>>)[name];
    const bit = number === undefined ? 0n : 1n << BigInt(number);
    if ((bit & available) === 0n)
      scope.warnings.push(`/process/capabilities/${set}: ${name} cannot be granted and is left out`);
    else bits |= bit;
  }
  return bits;
}

function dropBounding(scope: Scope): Call[] {
  const wanted = bitsOf(scope, "bounding");
  const present = namespaceOf(scope, "user") === "inherited" ? scope.facts.bounding : ~0n;
  const make = at("process", "/process/capabilities/bounding");
  return Object.values(CAP)
    .filter((number) => number <= scope.facts.capLastCap)
    .filter((number) => (wanted & (1n << BigInt(number))) === 0n && (present & (1n << BigInt(number))) !== 0n)
    .map((number) => make("prctl", [flags(PR, PR.PR_CAPBSET_DROP), flags(CAP, number)]));
}

/** Inheritable is exactly what the config lists: CVE-2022-29162. The ambient set is cleared, then raised one by one. */
export function capabilities(scope: Scope): readonly Step[] {
  const make = at("process", "/process/capabilities");
  const wanted = bitsOf(scope, "permitted");
  const inheritable = bitsOf(scope, "inheritable");
  const more = capabilitiesOfFilter(scope);
  const effective = (bitsOf(scope, "effective") & wanted) | more;
  const permitted = wanted | more;
  const half = (bits: bigint, index: number) => int((bits >> BigInt(32 * index)) & 0xffff_ffffn);
  const sets = { effective, permitted, inheritable };
  const data = Object.entries(sets).flatMap(([name, bits]) =>
    [0, 1].map((index) => [`${name}${index}`, half(bits, index)] as const),
  );
  return [
    make("capset", [
      struct("user_cap_header", {
        version: flags(LINUX_CAPABILITY, LINUX_CAPABILITY._LINUX_CAPABILITY_VERSION_3),
        pid: int(0),
      }),
      struct("user_cap_data", Object.fromEntries(data)),
    ]),
    ...ambient(scope, wanted & inheritable),
  ];
}

function ambient(scope: Scope, possible: bigint): Call[] {
  const make = at("process", "/process/capabilities/ambient");
  const zero = int(0);
  const clear = make("prctl", [
    flags(PR, PR.PR_CAP_AMBIENT),
    flags(PR_CAP_AMBIENT, PR_CAP_AMBIENT.PR_CAP_AMBIENT_CLEAR_ALL),
    zero,
    zero,
    zero,
  ]);
  const wanted = bitsOf(scope, "ambient") & possible;
  const raise = Object.values(CAP)
    .filter((number) => (wanted & (1n << BigInt(number))) !== 0n)
    .map((number) =>
      make("prctl", [
        flags(PR, PR.PR_CAP_AMBIENT),
        flags(PR_CAP_AMBIENT, PR_CAP_AMBIENT.PR_CAP_AMBIENT_RAISE),
        flags(CAP, number),
        zero,
        zero,
      ]),
    );
  return [clear, ...raise];
}

export function noNewPrivileges(scope: Scope): readonly Step[] {
  if (scope.config.process?.noNewPrivileges !== true) return [];
  const make = at("process", "/process/noNewPrivileges");
  return [make("prctl", [flags(PR, PR.PR_SET_NO_NEW_PRIVS), int(1), int(0), int(0), int(0)])];
}
