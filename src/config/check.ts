// SPDX-License-Identifier: Apache-2.0
/** Judges a value as config.json, as a state or as a features document: schema first, then the rules. Pure. */
import type { Finding } from "../errors/errors.ts";
import type { Config } from "./config.ts";
import { type SchemaFinding, schemaFindings } from "./findings.ts";
import { overlap } from "./pointer.ts";
import type { Rule } from "./rule.ts";
import { RULES } from "./rules.ts";
import { sectionOf } from "./sections.ts";
import { validateConfig, validateFeatures, validateState } from "./validators.generated.js";
import { stringsWithNul } from "./walk.ts";

export interface Verdict {
  /** What keeps the container from being made. None: the value is a Config. */
  readonly findings: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** Everything there is to say about a config.json, whatever the value. */
export function check(value: unknown): Verdict {
  const wrong = [...configSchema(value), ...nulFindings(value)];
  const findings: Finding[] = wrong.map(({ pointer, message, spec }) => ({ pointer, message, spec }));
  const warnings: Finding[] = [];
  for (const rule of RULES) {
    if (!isSound(rule, wrong)) continue;
    const list = rule.level === "warning" ? warnings : findings;
    // The schema has found nothing wrong with what the rule reads.
    for (const fault of rule.check(value as Config)) list.push({ ...fault, spec: rule.spec });
  }
  return { findings, warnings };
}

/** What the schema alone says. */
export function configSchema(value: unknown): readonly SchemaFinding[] {
  return schemaFindings(validateConfig, value, sectionOf);
}

/** What is wrong with the state of a container, as `state` prints it. */
export function checkState(value: unknown): readonly SchemaFinding[] {
  return schemaFindings(validateState, value, () => "runtime.md#state");
}

/** What is wrong with a features document. */
export function checkFeatures(value: unknown): readonly SchemaFinding[] {
  return schemaFindings(validateFeatures, value, () => "features.md#features-structure");
}

function nulFindings(value: unknown): SchemaFinding[] {
  return stringsWithNul(value).map((place) => {
    const message = "a string with a NUL character cannot be passed to the kernel";
    return { pointer: place, place, message, spec: sectionOf(place) };
  });
}

function isSound({ reads }: Rule, wrong: readonly SchemaFinding[]): boolean {
  return wrong.every(({ place }) => place !== "" && reads.every((read) => !overlap(read, place)));
}
