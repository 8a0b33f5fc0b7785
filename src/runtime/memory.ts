// SPDX-License-Identifier: Apache-2.0
/**
 * What a Runtime remembers of its last start: parsing, compiling and emitting are pure, so the same input need not be
 * worked through again. The files and the host are looked at anew each time.
 */
import { type Compiled, compile } from "../compile/compile.ts";
import type { CompileOptions } from "../compile/scope.ts";
import type { Config } from "../config/config.ts";
import { readConfig } from "../config/load.ts";
import { parseConfig } from "../config/parse.ts";
import { emitImage, type Image } from "../emit/image.ts";
import type { Finding } from "../errors/errors.ts";
import type { Facts } from "../host/facts.ts";
import type { Plan } from "../plan/step.ts";

export class Memory {
  #parsed: { readonly text: string; readonly config: Config; readonly warnings: readonly Finding[] } | undefined;
  #compiled: { readonly input: readonly unknown[]; readonly named: unknown; readonly output: Compiled } | undefined;
  #emitted: { readonly plan: Plan; readonly image: Image } | undefined;

  /** The config of a bundle, and what is to be warned of. Errors are those of `loadConfig`. */
  config(bundle: string): { readonly config: Config; readonly warnings: readonly Finding[] } {
    const { text, file } = readConfig(bundle);
    if (this.#parsed?.text === text) return this.#parsed;
    const warnings: Finding[] = [];
    const config = parseConfig(text, file, (warning) => warnings.push(warning));
    this.#parsed = { text, config, warnings };
    return this.#parsed;
  }

  compile(config: Config, facts: Facts, options: CompileOptions): Compiled {
    const { cgroup, keyring, ...rest } = options;
    const named = [cgroup, keyring];
    const input = [config, facts, rest];
    const before = isSame(this.#compiled?.input, input) ? this.#compiled?.output : undefined;
    if (before !== undefined && isSame(this.#compiled?.named, named)) return before;
    this.#compiled = { input, named, output: compile(config, facts, options, before) };
    return this.#compiled.output;
  }

  emit(plan: Plan): Image {
    if (this.#emitted?.plan !== plan) this.#emitted = { plan, image: emitImage(plan) };
    return this.#emitted.image;
  }
}

/** Whether two values of plain data are equal. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length || Array.isArray(one) !== Array.isArray(other)) return false;
  return keys.every((key) => Object.hasOwn(other, key) && isSame(Reflect.get(one, key), Reflect.get(other, key)));
}
