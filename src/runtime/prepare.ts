// SPDX-License-Identifier: Apache-2.0
/** From a bundle to a plan: everything that happens before the host is changed. */
import { join } from "node:path";
import { type DelegatedDir, delegated } from "../cgroup/delegate.ts";
import { type GuardedDir, guardDirs } from "../cgroup/devices.ts";
import { limitDirs, meantResources } from "../cgroup/limits.ts";
import { possiblePlace } from "../cgroup/make.ts";
import { type CgroupDir, type CgroupPlace, placeCgroup } from "../cgroup/place.ts";
import type { SystemdUnits } from "../cgroup/systemd.ts";
import type { UnitPlace } from "../cgroup/systemd-place.ts";
import type { Compiled } from "../compile/compile.ts";
import type { CompileOptions } from "../compile/scope.ts";
import type { Config } from "../config/config.ts";
import type { Finding } from "../errors/errors.ts";
import type { Facts } from "../host/facts.ts";
import { probe } from "../host/probe.ts";
import type { Memory } from "./memory.ts";
import type { SeccompFilter } from "./seccomp.ts";

export interface Wish {
  readonly id: string;
  readonly bundle: string;
  /** The file that is read in place of the bundle's config.json. */
  readonly config?: string | undefined;
  /** Whether it may go without a cgroup that may not be made; undefined: an ordinary user may. */
  readonly rootless?: boolean | undefined;
  /** Where filters of system calls are kept for the next start. Absent: nothing is written. */
  readonly root?: string;
  readonly noPivot: boolean;
  readonly preserveFds: number;
  readonly listenFds: number;
  readonly noNewKeyring: boolean;
  /** What the container has as stdin, stdout and stderr. */
  readonly stdio: readonly [number, number, number];
  readonly cgroupManager: "cgroupfs" | "disabled";
  /** Makes the cgroup in place of us. */
  readonly systemd?: SystemdUnits | undefined;
  readonly warn: (warning: string) => void;
  readonly memory: Memory;
}

export interface Prepared {
  /** What config.json said: it may change after create. */
  readonly text: string;
  readonly config: Config;
  readonly facts: Facts;
  readonly place: CgroupPlace;
  /** The place, where systemd makes it. */
  readonly unit: UnitPlace | undefined;
  /** What the compiler was told beside config and facts. */
  readonly options: CompileOptions;
  readonly compiled: Compiled;
  readonly seccomp: SeccompFilter | undefined;
}

/** ConfigError: every finding about config.json, or about what this host cannot do of it. */
export async function prepare(wish: Wish): Promise<Prepared> {
  const { text, config, warnings } = wish.memory.config(wish.config ?? join(wish.bundle, "config.json"));
  for (const finding of warnings) wish.warn(warningText(finding));
  const facts = probe(config, wish.bundle, wish.stdio);
  const unit = unitPlace(wish, config, facts);
  const place = unit ?? possiblePlace(ownPlace(wish, config, facts));
  if (place.warning !== undefined) wish.warn(place.warning);
  const seccomp = await filterOf(wish, config, facts);
  const cgroup = limited(place.dirs, config, facts, wish.warn);
  const options = {
    ...compileOptions(wish, cgroup, seccomp),
    ...unitOptions(wish, unit, { cgroup, config, facts }),
  };
  const compiled = wish.memory.compile(config, facts, options);
  for (const warning of compiled.warnings) wish.warn(warning);
  return { text, config, facts, place, unit, options, compiled, seccomp };
}

function ownPlace(
  { id, cgroupManager: manager, rootless: optional }: Wish,
  { linux }: Config,
  facts: Facts,
): CgroupPlace {
  const { cgroup, uid, userns: rootless } = facts;
  return placeCgroup({ cgroupsPath: linux?.cgroupsPath, id, manager, facts: cgroup, uid, rootless, optional });
}

function unitPlace({ id, systemd }: Wish, { linux }: Config, { bundle, cgroup }: Facts): UnitPlace | undefined {
  return systemd?.place({ cgroupsPath: linux?.cgroupsPath, id, facts: cgroup, file: `${bundle}/config.json` });
}

interface Limited {
  readonly cgroup: readonly GuardedDir[];
  readonly config: Config;
  readonly facts: Facts;
}

/** systemd is told of the limits that it knows. */
function unitOptions(
  { systemd }: Wish,
  place: UnitPlace | undefined,
  { cgroup, config: { annotations }, facts: { bundle } }: Limited,
): Pick<CompileOptions, "cgroup" | "unit"> {
  if (systemd === undefined || place === undefined) return {};
  const { dirs, properties, late } = systemd.limit(place, cgroup, { annotations, file: `${bundle}/config.json` });
  return { cgroup: dirs, unit: { unit: place.unit, made: place.made, properties, late } };
}

async function filterOf(
  { memory, root, warn }: Wish,
  { linux }: Config,
  facts: Facts,
): Promise<SeccompFilter | undefined> {
  const profile = linux?.seccomp;
  if (profile === undefined) return undefined;
  const { seccompFilter } = await import("./seccomp.ts");
  const file = `${facts.bundle}/config.json`;
  const filter = memory.filter(profile, () => seccompFilter(profile, facts.arch, { file, root }));
  for (const warning of filter.warnings) warn(warning);
  return filter;
}

/** The cgroup with its limits and its rules for devices; ConfigError for what its hierarchies cannot do. */
export function limited(
  dirs: readonly CgroupDir[],
  config: Config,
  facts: Facts,
  warn: (warning: string) => void,
): readonly (GuardedDir & DelegatedDir)[] {
  const resources = meantResources(config);
  const withLimits = limitDirs(dirs, resources, facts.cgroup, `${facts.bundle}/config.json`, warn);
  return delegated(guardDirs(withLimits, resources?.devices, facts, warn), config, facts);
}

/** What of a wish the compiler is told. */
export function compileOptions(
  { id, noPivot, preserveFds, listenFds, noNewKeyring }: Wish,
  cgroup: CompileOptions["cgroup"] = [],
  seccomp?: SeccompFilter,
): CompileOptions {
  const keyring = noNewKeyring ? {} : { keyring: `_ses.${id}` };
  return { id, noPivot, preserveFds, listenFds, cgroup, ...keyring, ...(seccomp && { seccomp }) };
}

function warningText({ pointer, message }: Finding): string {
  return `config.json: ${pointer === "" ? "" : `${pointer}: `}${message}`;
}
