// SPDX-License-Identifier: Apache-2.0
/** New rules for the devices of a container that runs. config-linux.md#allowed-device-list. */
import { type DeviceState, deviceState, deviceWrites } from "../cgroup/device-exceptions.ts";
import { replaceDeviceFilter } from "../cgroup/device-filter.ts";
import { deviceList } from "../cgroup/device-list.ts";
import { guardDirs } from "../cgroup/devices.ts";
import { writeThere } from "../cgroup/files.ts";
import { isFrozen, pauseAll, thaw } from "../cgroup/processes.ts";
import type { DeviceRule } from "../config/config.ts";
import { ConfigError, HostError } from "../errors/errors.ts";
import { probeSelf } from "../host/probe-kernel.ts";
import type { ContainerRecord } from "./record.ts";
import type { Change } from "./update-changes.ts";
import { type ResourceSource, refuse } from "./update-check.ts";

export interface DeviceWish {
  readonly record: ContainerRecord;
  /** Rules so far; absent: only what every container has. */
  readonly kept: readonly DeviceRule[] | undefined;
  readonly asked: readonly DeviceRule[] | undefined;
  readonly source: ResourceSource;
  readonly warn: (warning: string) => void;
}

export interface DeviceChange extends Change {
  /** v1: everything was allowed but what the list named, and is denied from now on. */
  readonly closes: boolean;
}

/**
 * The list takes the place of the one before, as a whole. Undefined: it is the same, or nobody may set any. What others
 * have allowed in the meantime, such as a hook for a graphics card, stays as long as the list does.
 */
export function deviceChange(wish: DeviceWish): DeviceChange | undefined {
  const { kept, asked } = wish;
  if (asked === undefined || isSame(asked, kept)) return undefined;
  const guarded = guard(wish, asked);
  if (guarded === undefined) return undefined;
  if (guarded.filter === undefined) return legacyChange(wish, guarded.path, asked);
  const [before, after] = [guard(wish, kept ?? [])?.filter?.program, guarded.filter.program];
  return {
    closes: false,
    make: () => replaceDeviceFilter(guarded.path, after),
    takeBack: () => {
      if (before !== undefined) replaceDeviceFilter(guarded.path, before);
    },
  };
}

function isSame(one: readonly DeviceRule[], other: readonly DeviceRule[] | undefined): boolean {
  return JSON.stringify(deviceList(one)) === JSON.stringify(deviceList(other));
}

/** The directory that is to enforce the rules. */
function guard({ record, source, warn }: DeviceWish, rules: readonly DeviceRule[]) {
  try {
    const dirs = guardDirs(record.cgroups, rules, { ...probeSelf(), bundle: record.bundle }, warn);
    return dirs.find(({ filter, writes }) => filter !== undefined || writes !== undefined);
  } catch (error) {
    if (error instanceof ConfigError) refuse(error.findings, source);
    throw error;
  }
}

/**
 * v1 has no call that replaces a list. Exceptions come and go one by one without harm; while the default itself changes,
 * the container is frozen, so that it meets neither the one list nor the other half-written.
 */
function legacyChange({ record, kept, source }: DeviceWish, path: string, asked: readonly DeviceRule[]): DeviceChange {
  const after = stateOf(asked);
  if (!("allow" in after)) refuse(after, source);
  const before = stateOf(kept ?? []);
  const [from, to] = [before, after].map((one) => ("allow" in one ? one : undefined));
  const flips = from?.allow !== to?.allow;
  const write = (one: DeviceState | undefined, other: DeviceState | undefined) => {
    if (other === undefined) return;
    for (const { file, data } of deviceWrites(one, other)) writeThere(`${path}/${file}`, data);
  };
  const change = async (one: DeviceState | undefined, other: DeviceState | undefined) => {
    try {
      write(one, other);
    } catch (error) {
      // Half of it is written: nobody knows what holds, so all of the old list is written again.
      write(undefined, one);
      throw error;
    }
  };
  const safely = (work: () => Promise<void>) => (flips ? frozen(record, work) : work());
  return {
    closes: flips && to?.allow === false,
    make: () => safely(() => change(from, to)),
    takeBack: () => safely(() => change(to, from)),
  };
}

function stateOf(rules: readonly DeviceRule[]) {
  return deviceState(deviceList(rules));
}

/** Never across a wait for somebody else; a container that was paused stays so. */
async function frozen({ cgroups, id }: ContainerRecord, work: () => Promise<void>): Promise<void> {
  if (isFrozen(cgroups)) return work();
  try {
    if ((await pauseAll(cgroups)) !== "stopped") {
      throw new HostError(
        `container ${JSON.stringify(id)} does not come to a stop: the default of its devices cannot change while it runs`,
      );
    }
    await work();
  } finally {
    thaw(cgroups);
  }
}
