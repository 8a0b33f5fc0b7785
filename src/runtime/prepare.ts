// SPDX-License-Identifier: Apache-2.0
/** From a bundle to a plan: everything that happens before the host is changed. */
import { realpathSync } from "node:fs";
import { type CgroupPlace, placeCgroup } from "../cgroup/place.ts";
import { type Compiled, compile } from "../compile/compile.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { ConfigError, type Finding } from "../errors/errors.ts";
import type { Facts } from "../host/facts.ts";
import { probe } from "../host/probe.ts";

export interface Wish {
  readonly id: string;
  readonly bundle: string;
  readonly noPivot: boolean;
  readonly preserveFds: number;
  readonly listenFds: number;
  /** What the container has as stdin, stdout and stderr. */
  readonly stdio: readonly [number, number, number];
  readonly cgroupManager: "cgroupfs" | "disabled";
  readonly warn: (warning: string) => void;
}

export interface Prepared {
  readonly config: Config;
  readonly facts: Facts;
  readonly place: CgroupPlace;
  readonly compiled: Compiled;
}

/** ConfigError: every finding about config.json, or about what this host cannot do of it. */
export function prepare(wish: Wish): Prepared {
  const bundle = bundlePath(wish.bundle);
  const config = loadConfig(bundle, (finding) => wish.warn(warningText(finding)));
  const facts = probe(config, bundle, wish.stdio);
  const place = placeCgroup({
    cgroupsPath: config.linux?.cgroupsPath,
    id: wish.id,
    manager: wish.cgroupManager,
    facts: facts.cgroup,
    uid: facts.uid,
    rootless: facts.userns,
  });
  if (place.warning !== undefined) wish.warn(place.warning);
  const compiled = compile(config, facts, { ...wish, cgroup: place.dirs });
  for (const warning of compiled.warnings) wish.warn(warning);
  return { config, facts, place, compiled };
}

function bundlePath(bundle: string): string {
  try {
    return realpathSync(bundle);
  } catch (cause) {
    const message = `no such bundle: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new ConfigError(bundle, [{ pointer: "", message, spec: "bundle.md#filesystem-bundle" }], { cause });
  }
}

function warningText({ pointer, message }: Finding): string {
  return `config.json: ${pointer === "" ? "" : `${pointer}: `}${message}`;
}
