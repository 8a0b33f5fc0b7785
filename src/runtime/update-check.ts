// SPDX-License-Identifier: Apache-2.0
/** Judges the resources of an update as config.json's linux.resources is judged. Pure. */
import { check } from "../config/check.ts";
import { ConfigError, type Finding } from "../errors/errors.ts";

const PLACE = "/linux/resources";

/** Where resources come from, and what the caller calls their parts. */
export interface ResourceSource {
  readonly file: string;
  /** Pointer into the resources, `/memory/limit` -> the caller's word for it; others are told by their pointer. */
  readonly names?: Readonly<Record<string, string>>;
}

/** ConfigError: every finding about the resources. Returns what is no reason to refuse them. */
export function checkResources(resources: unknown, source: ResourceSource): readonly Finding[] {
  const { findings, warnings } = check({ ociVersion: "1.0.0", linux: { resources } });
  const own = ({ pointer }: Finding) => pointer === PLACE || pointer.startsWith(`${PLACE}/`);
  refuse(findings.filter(own), source);
  return warnings.filter(own).map((one) => ({ ...one, pointer: nameOf(one.pointer, source) }));
}

/** Throws what there is to say about places in config.json as findings about the source. */
export function refuse(findings: readonly Finding[], source: ResourceSource): void {
  if (findings.length === 0) return;
  throw new ConfigError(
    source.file,
    findings.map((one) => ({ ...one, pointer: nameOf(one.pointer, source) })),
  );
}

/** `/linux/resources/memory/limit` -> `/memory/limit`, or what the caller calls it. */
export function nameOf(pointer: string, { names = {} }: ResourceSource): string {
  const own = pointer.startsWith(PLACE) ? pointer.slice(PLACE.length) : pointer;
  return names[own] ?? own;
}
