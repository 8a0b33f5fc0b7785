// SPDX-License-Identifier: Apache-2.0
/** Who enforces the rules for devices: the controller of cgroup v1, or a program attached to the cgroup of v2. Pure. */
import { deviceFilter } from "../bpf/device-filter.ts";
import { decisiveRules, printDeviceRule } from "../bpf/device-rules.ts";
import { encodeExtended } from "../bpf/extended.ts";
import type { DeviceRule } from "../config/config.ts";
import { sectionOf } from "../config/sections.ts";
import { ConfigError } from "../errors/errors.ts";
import type { Facts } from "../host/facts.ts";
import { CAP } from "../kernel/capability.ts";
import { deviceState, deviceWrites } from "./device-exceptions.ts";
import { deviceList, type ListedRule } from "./device-list.ts";
import type { LimitedDir } from "./limits.ts";

const PLACE = "/linux/resources/devices";

/** A program for devices, and the rules that it was made of, as text. */
export interface DeviceFilter {
  readonly rules: readonly string[];
  readonly program: Uint8Array;
  readonly from: string;
}

export interface GuardedDir extends LimitedDir {
  readonly filter?: DeviceFilter;
}

/** Throws ConfigError for rules that this host's cgroups cannot keep; warns where nobody may set any. */
export function guardDirs(
  dirs: readonly LimitedDir[],
  rules: readonly DeviceRule[] | undefined,
  facts: Pick<Facts, "capabilities" | "userns" | "bundle">,
  warn: (warning: string) => void,
): readonly GuardedDir[] {
  const asks = rules !== undefined && rules.length > 0;
  const refuse = (message: string) =>
    new ConfigError(`${facts.bundle}/config.json`, [{ pointer: PLACE, message, spec: sectionOf(PLACE) }]);
  if (dirs.length === 0 || !mayRule(facts)) {
    const reason = mayRule(facts) ? "the container has no cgroup of its own" : "that takes CAP_SYS_ADMIN on the host";
    if (asks) warn(`${PLACE} is not enforced: ${reason}`);
    return dirs;
  }
  const legacy = dirs.find(({ controllers, version }) => version === 1 && controllers.includes("devices"));
  const dir = legacy ?? dirs.find(({ version }) => version === 2);
  if (dir === undefined) {
    if (asks) throw refuse('needs the cgroup controller "devices" or cgroup v2; no such hierarchy is mounted');
    return dirs;
  }
  const list = deviceList(rules);
  const guarded = dir.version === 1 ? withWrites(dir, list, facts.bundle) : { ...dir, filter: filterOf(list, asks) };
  return dirs.map((one) => (one === dir ? guarded : one));
}

/** The kernel asks for it in the first user namespace, whoever owns the cgroup. */
function mayRule({ capabilities, userns }: Pick<Facts, "capabilities" | "userns">): boolean {
  return !userns && ((capabilities >> BigInt(CAP.CAP_SYS_ADMIN)) & 1n) === 1n;
}

function withWrites(dir: LimitedDir, list: readonly ListedRule[], bundle: string): GuardedDir {
  const state = deviceState(list);
  if (!("allow" in state)) throw new ConfigError(`${bundle}/config.json`, state);
  const writes = deviceWrites(undefined, state).map(({ file, data, from }) => ({
    path: `${dir.path}/${file}`,
    data,
    from,
  }));
  return { ...dir, writes: [...(dir.writes ?? []), ...writes] };
}

function filterOf(list: readonly ListedRule[], asks: boolean): DeviceFilter {
  const { allow, rules } = decisiveRules(list);
  const texts = [`${allow ? "allow" : "deny"} a *:* rwm`, ...rules.map(printDeviceRule)];
  return { rules: texts, program: encodeExtended(deviceFilter(list)), from: asks ? PLACE : "" };
}
