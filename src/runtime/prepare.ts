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

export interface Wish {
  readonly id: string;
  readonly bundle: string;
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
}

/** ConfigError: every finding about config.json, or about what this host cannot do of it. */
export function prepare(wish: Wish): Prepared {
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
  const compiled = wish.memory.compile(
    config,
    facts,
    compileOptions(wish, limited(place.dirs, config, facts, wish.warn)),
  );
  for (const warning of compiled.warnings) wish.warn(warning);
  return { config, facts, place, compiled };
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
): CompileOptions {
  return { noPivot, preserveFds, listenFds, cgroup, ...(noNewKeyring ? {} : { keyring: `_ses.${id}` }) };
}

function warningText({ pointer, message }: Finding): string {
  return `config.json: ${pointer === "" ? "" : `${pointer}: `}${message}`;
}
