// SPDX-License-Identifier: Apache-2.0
/** Properties that are valid but not carried out yet: refused, never ignored, as soon as they ask for something. */
import type { Config } from "./config.ts";
import { type Fault, linuxOf, type Rule } from "./rule.ts";
import { sectionOf } from "./sections.ts";

/** Place of the property -> its value. */
const PROPERTIES: readonly (readonly [place: string, value: (config: Config) => unknown])[] = [
  ["/linux/intelRdt", (config) => linuxOf(config).intelRdt],
];

export const UNSUPPORTED: readonly Rule[] = [...PROPERTIES.map(([place, value]) => refusal(place, value))];

function refusal(place: string, value: (config: Config) => unknown): Rule {
  return {
    name: `${place} is not supported yet`,
    spec: sectionOf(place),
    reads: [place],
    level: "error",
    *check(config): Iterable<Fault> {
      if (asks(value(config))) yield notYet(place);
    },
  };
}

function notYet(path: string): Fault {
  return { pointer: path, message: "not supported yet by this version" };
}

/** An empty string, list or object asks for nothing. */
function asks(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== "";
}
