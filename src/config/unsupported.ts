// SPDX-License-Identifier: Apache-2.0
/** Properties that are valid but not carried out yet: refused, never ignored, as soon as they ask for something. */
import type { Config, DeviceRule } from "./config.ts";
import { pointer } from "./pointer.ts";
import { type Fault, linuxOf, type Rule } from "./rule.ts";
import { sectionOf } from "./sections.ts";

/** Place of the property -> its value. */
const PROPERTIES: readonly (readonly [place: string, value: (config: Config) => unknown])[] = [
  ["/linux/intelRdt", (config) => linuxOf(config).intelRdt],
];

export const UNSUPPORTED: readonly Rule[] = [
  ...PROPERTIES.map(([place, value]) => refusal(place, value)),
  {
    name: "some limits of /linux/resources are not supported yet",
    spec: sectionOf("/linux/resources"),
    reads: ["/linux/resources"],
    level: "error",
    *check(config): Iterable<Fault> {
      for (const [name, limits] of Object.entries(linuxOf(config).resources ?? {})) {
        if (!LIMITS.has(name) || !asks(limits)) continue;
        if (name === "devices" && deniesAll(linuxOf(config).resources?.devices)) continue;
        yield notYet(pointer("linux", "resources", name));
      }
    },
  },
  {
    name: "rules for devices are not enforced yet",
    spec: sectionOf("/linux/resources/devices"),
    reads: ["/linux/resources/devices"],
    level: "warning",
    *check(config): Iterable<Fault> {
      if (!deniesAll(linuxOf(config).resources?.devices)) return;
      const message = "not enforced yet by this version: the container can use every device node that it has";
      yield { pointer: "/linux/resources/devices", message };
    },
  },
];

const LIMITS: ReadonlySet<string> = new Set(["devices"]);

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

/** The one rule that `spec` commands write: all device nodes are denied, besides the default ones. */
function deniesAll(rules: readonly DeviceRule[] = []): boolean {
  const [rule] = rules;
  if (rules.length !== 1 || rule === undefined || rule.allow) return false;
  const isAll = (rule.type ?? "a") === "a" && (rule.major ?? -1) === -1 && (rule.minor ?? -1) === -1;
  return isAll && rule.access === "rwm";
}
