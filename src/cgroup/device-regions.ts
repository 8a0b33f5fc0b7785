// SPDX-License-Identifier: Apache-2.0
/**
 * What a list of rules lets a container do with each device, as a table of regions: all devices of a type, those of one
 * major number, of one minor number, a single one. Where two regions meet there is a third, so that for every device
 * the smallest region that has it is the one that tells. Pure.
 */
import { ACCESS, ANY } from "../bpf/device-rules.ts";
import { BPF_DEVCG_ACC } from "../kernel/bpf.ts";
import type { ListedRule } from "./device-list.ts";

export interface Region {
  readonly type: "b" | "c";
  readonly major: number;
  readonly minor: number;
  /** What is allowed of the devices that no smaller region has. BPF_DEVCG_ACC bits. */
  access: number;
  /** Of that, what a rule about this very region has allowed, and of the rest, what one has denied. */
  allowed: number;
  denied: number;
  /** The last rule about this very region. */
  from: string;
  /** Access bit -> the last rule that denied it, about this or a larger region. */
  readonly denier: Map<number, string>;
}

export function deviceRegions(rules: readonly ListedRule[]): readonly Region[] {
  // Before any rule everything is denied.
  const regions = (["b", "c"] as const).map((type) => ({ ...fresh(type, ANY, ANY), denied: ACCESS }));
  for (const rule of rules) {
    const types = rule.type === "a" ? (["b", "c"] as const) : [rule.type];
    for (const type of types) {
      const target = ensure(regions, type, rule.major, rule.minor);
      for (const region of regions) if (contains(target, region)) decide(region, rule, region === target);
    }
  }
  return regions;
}

/** Whether all devices of `inner` are in `outer`, which may be the same. */
export function contains(outer: Region, inner: Region): boolean {
  return (
    outer.type === inner.type &&
    (outer.major === ANY || outer.major === inner.major) &&
    (outer.minor === ANY || outer.minor === inner.minor)
  );
}

export const ACCESS_BITS: readonly number[] = Object.values(BPF_DEVCG_ACC);

function fresh(type: "b" | "c", major: number, minor: number): Region {
  return { type, major, minor, access: 0, allowed: 0, denied: 0, from: "", denier: new Map() };
}

/** The region, which until now was as the smallest is that has it; and with it those where it meets others. */
function ensure(regions: Region[], type: "b" | "c", major: number, minor: number): Region {
  const made = fresh(type, major, minor);
  const around = regions.filter((region) => contains(region, made));
  // The smallest has the fewest wildcards; there is one, since where two meet there is a third.
  const smallest = around.reduce((least, region) => (contains(least, region) ? region : least));
  if (contains(made, smallest)) return smallest;
  made.access = smallest.access;
  for (const [bit, from] of smallest.denier) made.denier.set(bit, from);
  regions.push(made);
  for (const other of [...regions]) {
    const meets = other.type === type && isCommon(other.major, major) && isCommon(other.minor, minor);
    if (meets) ensure(regions, type, Math.max(other.major, major), Math.max(other.minor, minor));
  }
  return made;
}

function isCommon(one: number, other: number): boolean {
  return one === ANY || other === ANY || one === other;
}

function decide(region: Region, { allow, access, from }: ListedRule, own: boolean): void {
  region.access = allow ? region.access | access : region.access & ~access;
  region.allowed &= allow ? ~0 : ~access;
  region.denied &= allow ? ~access : ~0;
  if (!allow) for (const bit of ACCESS_BITS) if ((access & bit) !== 0) region.denier.set(bit, from);
  if (!own) return;
  if (allow) region.allowed |= access;
  else region.denied |= access;
  region.from = from;
}
