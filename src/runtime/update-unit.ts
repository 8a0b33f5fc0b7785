// SPDX-License-Identifier: Apache-2.0
/** systemd is told of new limits before they are written: it writes those that it knows again whenever it reloads. */
import type { LimitWrite } from "../cgroup/limit-desk.ts";
import type { UnitRecord } from "../cgroup/systemd.ts";
import { isDelegated, propertiesOf } from "../cgroup/systemd-properties.ts";
import { Systemd, type UnitProperty } from "../cgroup/systemd-unit.ts";
import { type Change, present } from "./update-changes.ts";

export interface UnitWish {
  readonly record: UnitRecord;
  readonly writes: readonly LimitWrite[];
  /** v1: devices that no rule names are denied from now on. */
  readonly closes: boolean;
}

export interface UnitChange {
  readonly change: Change | undefined;
  /** What is left for us to write. */
  readonly writes: readonly LimitWrite[];
}

/** Has `work` done with a connection to the manager that keeps the unit. HostError: it cannot be reached. */
export async function withUnit<T>(wish: UnitWish, work: (unit: UnitChange) => Promise<T>): Promise<T> {
  const systemd = await Systemd.open(wish.record.address);
  try {
    const { version } = await systemd.about();
    return await work(unitChange(wish, systemd, version));
  } finally {
    systemd.close();
  }
}

/**
 * A list of rules that opens is not told, and one that closes is not taken back: systemd would write its own list at
 * once, over exceptions that deny.
 */
function unitChange({ record: { unit }, writes, closes }: UnitWish, systemd: Systemd, version: number): UnitChange {
  const before = writes.flatMap((write) => {
    const data = present(write);
    return data === undefined ? [] : [{ ...write, data }];
  });
  const closed: UnitProperty = { name: "DevicePolicy", type: "s", value: "closed" };
  const after = [...propertiesOf(writes, version), ...(closes ? [closed] : [])];
  const old = propertiesOf(before, version);
  const change = {
    make: () => systemd.setProperties(unit, after),
    takeBack: () => (old.length === 0 ? undefined : systemd.setProperties(unit, old)),
  };
  return {
    change: after.length === 0 ? undefined : change,
    writes: writes.filter((write) => !isDelegated(write, version)),
  };
}
