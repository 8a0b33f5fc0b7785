// SPDX-License-Identifier: Apache-2.0
/** From a bundle to a plan: everything that happens before the host is changed. */

import { type DelegatedDir, delegated } from "../cgroup/delegate.ts";
import { type LimitedDir, limitDirs } from "../cgroup/limits.ts";
import { possiblePlace } from "../cgroup/make.ts";
import { type CgroupDir, type CgroupPlace, placeCgroup } from "../cgroup/place.ts";
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
  /** Where filters of system calls are kept for the next start. Absent: nothing is written. */
  readonly root?: string;
  readonly noPivot: boolean;
  readonly preserveFds: number;
  readonly listenFds: number;
  readonly noNewKeyring: boolean;
  /** What the container has as stdin, stdout and stderr. */
  readonly stdio: readonly [number, number, number];
  readonly cgroupManager: "cgroupfs" | "disabled";
  readonly warn: (warning: string) => void;
  readonly memory: Memory;
}

export interface Prepared {
  readonly config: Config;
  readonly facts: Facts;
  readonly place: CgroupPlace;
  readonly compiled: Compiled;
  readonly seccomp: SeccompFilter | undefined;
}

/** ConfigError: every finding about config.json, or about what this host cannot do of it. */
export async function prepare(wish: Wish): Promise<Prepared> {
  const { config, warnings } = wish.memory.config(wish.bundle);
  for (const finding of warnings) wish.warn(warningText(finding));
  const facts = probe(config, wish.bundle, wish.stdio);
  const wanted = placeCgroup({
    cgroupsPath: config.linux?.cgroupsPath,
    id: wish.id,
    manager: wish.cgroupManager,
    facts: facts.cgroup,
    uid: facts.uid,
    rootless: facts.userns,
  });
  const place = possiblePlace(wanted);
  if (place.warning !== undefined) wish.warn(place.warning);
  const seccomp = await filterOf(wish, config, facts);
  const cgroup = limited(place.dirs, config, facts, wish.warn);
  const compiled = wish.memory.compile(config, facts, compileOptions(wish, cgroup, seccomp));
  for (const warning of compiled.warnings) wish.warn(warning);
  return { config, facts, place, compiled, seccomp };
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

/** The cgroup with its limits; ConfigError for what its hierarchies cannot do. */
export function limited(
  dirs: readonly CgroupDir[],
  config: Config,
  facts: Facts,
  warn: (warning: string) => void,
): readonly (LimitedDir & DelegatedDir)[] {
  const file = `${facts.bundle}/config.json`;
  return delegated(limitDirs(dirs, config.linux?.resources, facts.cgroup, file, warn), config, facts);
}

/** What of a wish the compiler is told. */
export function compileOptions(
  { id, noPivot, preserveFds, listenFds, noNewKeyring }: Wish,
  cgroup: CompileOptions["cgroup"] = [],
  seccomp?: SeccompFilter,
): CompileOptions {
  const keyring = noNewKeyring ? {} : { keyring: `_ses.${id}` };
  return { noPivot, preserveFds, listenFds, cgroup, ...keyring, ...(seccomp && { seccomp }) };
}

function warningText({ pointer, message }: Finding): string {
  return `config.json: ${pointer === "" ? "" : `${pointer}: `}${message}`;
}
