// SPDX-License-Identifier: Apache-2.0
/**
 * Rules for devices as cgroup v1 keeps them: all is allowed, or nothing, with exceptions. Pure.
 *
 * The kernel of v1 takes an exception back only in the very words in which it was made; a rule that cuts into a broader
 * one it takes and ignores. Such a list cannot be kept. cgroup-v1/devices.rst, security/device_cgroup.c.
 */
import { ACCESS, ANY, type DeviceRule, printDevices } from "../bpf/device-rules.ts";
import { sectionOf } from "../config/sections.ts";
import type { Finding } from "../errors/errors.ts";
import { BPF_DEVCG_ACC } from "../kernel/bpf.ts";
import type { ListedRule } from "./device-list.ts";
import { ACCESS_BITS, contains, deviceRegions, type Region } from "./device-regions.ts";

const PLACE = "/linux/resources/devices";

export interface DeviceState {
  /** What holds for the devices that no exception names. */
  readonly allow: boolean;
  readonly exceptions: readonly Exception[];
  /** JSON pointer of what the default comes from. */
  readonly from: string;
}

export interface Exception extends Omit<DeviceRule, "allow"> {
  /** JSON pointer of the rule that asks for it. */
  readonly from: string;
}

export interface DeviceWrite {
  readonly file: "devices.allow" | "devices.deny";
  readonly data: string;
  readonly from: string;
}

/** The state in which v1 decides as the rules do; or findings, each at a rule that v1 would ignore. */
export function deviceState(rules: readonly ListedRule[]): DeviceState | readonly Finding[] {
  const regions = deviceRegions(rules);
  const [denying, allowing] = [cutsInto(regions, false), cutsInto(regions, true)];
  const isOpen = regions.every((region) => !isAll(region) || region.access === ACCESS);
  const from = rules.some((rule) => rule.from !== "") ? PLACE : "";
  const open = { allow: true, exceptions: regions.flatMap(deniedIn), from };
  if (isOpen && allowing.size === 0) return open;
  if (denying.size === 0) return { allow: false, exceptions: regions.flatMap((one) => allowedIn(one, regions)), from };
  if (allowing.size === 0) return open;
  return [...(isOpen ? allowing : denying)].map((pointer) => ({
    pointer,
    message: "cannot be kept by cgroup v1: the kernel ignores a rule that takes some devices out of a broader rule",
    spec: sectionOf(PLACE),
  }));
}

/**
 * What leads from one state to the other; `before` is undefined when nobody knows it.
 *
 * What both states allow is never closed in between, and what neither allows never open, as long as the default stays
 * the same: exceptions are first added, then taken back.
 */
export function deviceWrites(before: DeviceState | undefined, after: DeviceState): readonly DeviceWrite[] {
  const [add, remove] = after.allow
    ? (["devices.deny", "devices.allow"] as const)
    : (["devices.allow", "devices.deny"] as const);
  if (before?.allow !== after.allow) {
    const all = { file: remove, data: "a *:* rwm", from: after.from };
    return [all, ...after.exceptions.map((one) => writeOf(add, one))];
  }
  return [
    ...missing(after.exceptions, before.exceptions).map((one) => writeOf(add, one)),
    ...missing(before.exceptions, after.exceptions).map((one) => writeOf(remove, one)),
  ];
}

function writeOf(file: DeviceWrite["file"], exception: Exception): DeviceWrite {
  return { file, data: printDevices(exception), from: exception.from };
}

/** What `wanted` has and `there` has not. */
function missing(wanted: readonly Exception[], there: readonly Exception[]): Exception[] {
  return wanted.flatMap((one) => {
    const same = there.find(
      (other) => one.type === other.type && one.major === other.major && one.minor === other.minor,
    );
    const access = one.access & ~(same?.access ?? 0);
    return access === 0 ? [] : [{ ...one, access }];
  });
}

/** The rules that take something out of a broader exception: a denial where all is denied but that, or the reverse. */
function cutsInto(regions: readonly Region[], allow: boolean): ReadonlySet<string> {
  const pointers = new Set<string>();
  for (const outer of regions) {
    for (const inner of regions) {
      if (outer === inner || !contains(outer, inner)) continue;
      const [more, less] = allow ? [inner, outer] : [outer, inner];
      for (const bit of ACCESS_BITS) {
        if ((more.access & ~less.access & bit) !== 0) pointers.add(less.denier.get(bit) ?? "");
      }
    }
  }
  return pointers;
}

function isAll({ major, minor }: Region): boolean {
  return major === ANY && minor === ANY;
}

function deniedIn(region: Region): readonly Exception[] {
  return region.denied === 0 ? [] : [exception(region, region.denied)];
}

const OPEN = BPF_DEVCG_ACC.BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC.BPF_DEVCG_ACC_WRITE;

/**
 * An opening for reading and writing must find both in one exception: where a larger region allows the one and a rule
 * the other, the exception has both. Making a node is always asked for alone.
 */
function allowedIn(region: Region, regions: readonly Region[]): readonly Exception[] {
  const open = region.access & OPEN;
  const isCovered = regions.some(
    (outer) => outer !== region && contains(outer, region) && (outer.access & OPEN) === open,
  );
  const access = region.allowed | (isCovered ? 0 : open);
  return access === 0 ? [] : [exception(region, access)];
}

function exception({ type, major, minor, from }: Region, access: number): Exception {
  return { type, major, minor, access, from };
}
