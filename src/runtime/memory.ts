// SPDX-License-Identifier: Apache-2.0
/**
 * What a Runtime remembers of its last start: parsing, compiling and emitting are pure, so the same input need not be
 * worked through again. The files and the host are looked at anew each time.
 */
import { type Compiled, compile } from "../compile/compile.ts";
import type { CompileOptions } from "../compile/scope.ts";
import type { Config, Seccomp } from "../config/config.ts";
import { readConfig } from "../config/load.ts";
import { parseConfig } from "../config/parse.ts";
import { emitImage, type Image } from "../emit/image.ts";
import { renameImage } from "../emit/rename.ts";
import type { Finding } from "../errors/errors.ts";
import type { Facts } from "../host/facts.ts";
import { isSame } from "../plan/same.ts";
import type { Plan } from "../plan/step.ts";
import type { SeccompFilter } from "./seccomp.ts";

export interface Parsed {
  readonly text: string;
  readonly config: Config;
  readonly warnings: readonly Finding[];
}

export class Memory {
  #parsed: Parsed | undefined;
  #filtered: { readonly profile: Seccomp; readonly filter: SeccompFilter } | undefined;
  #compiled: { readonly input: readonly unknown[]; readonly named: unknown; readonly output: Compiled } | undefined;
  #emitted: { readonly plan: Plan; readonly image: Image } | undefined;

  /** The config that a file holds, and what is to be warned of. Errors are those of `loadConfig`. */
  config(path: string): Parsed {
    const { text, file } = readConfig(path);
    if (this.#parsed?.text === text) return this.#parsed;
    const warnings: Finding[] = [];
    const config = parseConfig(text, file, (warning) => warnings.push(warning));
    this.#parsed = { text, config, warnings };
    return this.#parsed;
  }

  /** The filter of the same profile object, which `config` returns as long as the text is the same. */
  filter(profile: Seccomp, make: () => SeccompFilter): SeccompFilter {
    if (this.#filtered?.profile !== profile) this.#filtered = { profile, filter: make() };
    return this.#filtered.filter;
  }

  compile(config: Config, facts: Facts, options: CompileOptions): Compiled {
    const { cgroup, keyring, id, ...rest } = options;
    const named = [cgroup, keyring, id];
    const input = [config, facts, rest];
    const before = isSame(this.#compiled?.input, input) ? this.#compiled?.output : undefined;
    if (before !== undefined && isSame(this.#compiled?.named, named)) return before;
    this.#compiled = { input, named, output: compile(config, facts, options, before) };
    return this.#compiled.output;
  }

  emit(plan: Plan): Image {
    const before = this.#emitted;
    if (before?.plan === plan) return before.image;
    const image = (before && renameImage(before.image, before.plan, plan)) ?? emitImage(plan);
    this.#emitted = { plan, image };
    return image;
  }
}
