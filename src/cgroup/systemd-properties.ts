// SPDX-License-Identifier: Apache-2.0
/**
 * The properties of a container's unit. systemd.resource-control(5), systemd.scope(5). Pure.
 *
 * Limits are written to the files of the cgroup all the same: systemd knows few of them, and rounds. But those that it
 * knows it writes again whenever it reloads, so it has to be told.
 */
import { basename, dirname } from "node:path/posix";
import { parseNumberList } from "../config/number-list.ts";
import type { LimitWrite } from "./limit-desk.ts";
import type { LimitedDir } from "./limits.ts";
import type { UnitPlace } from "./systemd-place.ts";
import type { UnitProperty } from "./systemd-unit.ts";

/** First versions of systemd that know a property. */
const SINCE = { CPUQuotaPeriodUSec: 242, AllowedCPUs: 244, idle: 252 };
/** What systemd calls "no limit". */
const INFINITY = 2n ** 64n - 1n;
/** The kernel's own period of cpu.max, in microseconds. */
const PERIOD = 100_000n;
/** The start itself needs some processes: a lower limit of their number is set when they are there. */
const EARLY_TASKS = 16n;
/** v2: controllers that `Delegate=` has systemd hand down. */
const DELEGATED = ["cpu", "io", "memory", "pids"];

export interface LimitedUnit {
  readonly dirs: readonly LimitedDir[];
  /** Of the unit when it is made. */
  readonly properties: readonly UnitProperty[];
  /** Set when the processes of the start are there. */
  readonly late: readonly UnitProperty[];
}

/** `annotated` come after what every unit has, and before its limits: of two the last counts. */
export function unitProperties(
  place: UnitPlace,
  limited: readonly LimitedDir[],
  annotated: readonly UnitProperty[],
  version: number,
): LimitedUnit {
  const writes = limited.flatMap((dir) => dir.writes ?? []);
  const tasks = limited.flatMap((dir) => dir.late ?? []).flatMap((write) => propertiesOf([write], version));
  const isEarly = tasks.every(({ value }) => (value as bigint) >= EARLY_TASKS);
  const isLegacy = limited.some((dir) => dir.version === 1);
  const properties = [
    ...everyUnit(place, isLegacy),
    ...legacyDevices(writes),
    ...annotated,
    ...propertiesOf(writes, version),
    ...(isEarly ? tasks : []),
  ];
  const dirs = limited.map((dir) =>
    dir.writes === undefined ? dir : { ...dir, writes: dir.writes.filter((write) => !isDelegated(write, version)) },
  );
  return { dirs, properties, late: isEarly ? [] : tasks };
}

/** Accounting is what brings the controllers to the cgroup. */
function everyUnit({ name, slice }: UnitPlace, isLegacy: boolean): readonly UnitProperty[] {
  const yes = (property: string): UnitProperty => ({ name: property, type: "b", value: true });
  return [
    { name: "Description", type: "s", value: `tsrun container ${name}` },
    { name: "Slice", type: "s", value: slice },
    yes("Delegate"),
    yes("MemoryAccounting"),
    yes("CPUAccounting"),
    yes(isLegacy ? "BlockIOAccounting" : "IOAccounting"),
    yes("TasksAccounting"),
    { name: "DefaultDependencies", type: "b", value: false },
  ];
}

/**
 * v1: systemd would open all devices when it reloads, unless it is told to keep to the standard ones. The list is not
 * put into its words, which know devices by the names of their drivers: what else the list allows may be lost then.
 */
function legacyDevices(writes: readonly LimitWrite[]): readonly UnitProperty[] {
  const closes = writes.some(({ path, data }) => basename(path) === "devices.deny" && /^a\b/.test(data));
  return closes ? [{ name: "DevicePolicy", type: "s", value: "closed" }] : [];
}

/** `+memory` for a cgroup above: those are systemd's to write to. */
export function isDelegated({ path, data }: LimitWrite, version: number): boolean {
  const known = version >= SINCE.AllowedCPUs ? [...DELEGATED, "cpuset"] : DELEGATED;
  return basename(path) === "cgroup.subtree_control" && known.includes(data.replace("+", ""));
}

/** What is written to files of the cgroup as properties; what has none is left out. */
export function propertiesOf(writes: readonly LimitWrite[], version: number): readonly UnitProperty[] {
  const files = new Map(writes.map(({ path, data }) => [basename(path), data.trim()]));
  // One directory has both files of a v1 quota.
  const [legacy] = writes.filter(({ path }) => /\/cpu\.cfs_/.test(path)).map(({ path }) => dirname(path));
  const bandwidth = legacy === undefined ? files.get("cpu.max") : legacyBandwidth(files);
  const simple = [...files].flatMap(([file, data]) => propertyOf(file, data, version));
  const idle = files.get("cpu.idle") === "1" && version >= SINCE.idle;
  return [
    ...simple.filter(({ name }) => !(idle && name === "CPUWeight")),
    ...(idle ? [{ name: "CPUWeight", type: "t", value: 0n }] : []),
    ...(bandwidth === undefined ? [] : quota(bandwidth, version)),
  ];
}

function legacyBandwidth(files: ReadonlyMap<string, string>): string {
  return `${(files.get("cpu.cfs_quota_us") ?? "-1").replace("-1", "max")} ${files.get("cpu.cfs_period_us") ?? PERIOD}`;
}

/** File -> the property of the same number. */
const NUMBERS: Readonly<Record<string, string>> = {
  "cpu.weight": "CPUWeight",
  "cpu.shares": "CPUShares",
  "memory.max": "MemoryMax",
  "memory.high": "MemoryHigh",
  "memory.low": "MemoryLow",
  "memory.min": "MemoryMin",
  "memory.swap.max": "MemorySwapMax",
  "memory.limit_in_bytes": "MemoryLimit",
  "blkio.weight": "BlockIOWeight",
  "pids.max": "TasksMax",
};
const LISTS: Readonly<Record<string, string>> = { "cpuset.cpus": "AllowedCPUs", "cpuset.mems": "AllowedMemoryNodes" };
/** The highest CPU or memory node that is worth a bit. */
const LIST_MAX = 8191;

function propertyOf(file: string, data: string, version: number): readonly UnitProperty[] {
  const number = NUMBERS[file];
  if (number !== undefined) {
    const value = numberOf(data);
    if (value === undefined) return [];
    // systemd knows no unit without a single task.
    return [{ name: number, type: "t", value: number === "TasksMax" && value === 0n ? 1n : value }];
  }
  const list = LISTS[file];
  const numbers = list === undefined ? undefined : parseNumberList(data, LIST_MAX);
  if (list !== undefined && numbers !== undefined && version >= SINCE.AllowedCPUs) {
    return [{ name: list, type: "ay", value: bitsOf(numbers) }];
  }
  const policy = file === "memory.oom.group" ? { 0: "continue", 1: "kill" }[data] : undefined;
  return policy === undefined ? [] : [{ name: "OOMPolicy", type: "s", value: policy }];
}

function numberOf(data: string): bigint | undefined {
  if (data === "max" || data === "-1") return INFINITY;
  return /^\d+$/.test(data) ? BigInt(data) : undefined;
}

/** Bit n of the bytes is number n. */
function bitsOf(numbers: readonly number[]): readonly number[] {
  const bytes: number[] = Array(Math.floor(Math.max(-1, ...numbers) / 8) + 1).fill(0);
  for (const number of numbers) bytes[number >> 3] = (bytes[number >> 3] ?? 0) | (1 << (number & 7));
  return bytes;
}

/** `max 100000`: systemd counts per second, in whole percents; rounded up, so that the file can have the exact value. */
function quota(bandwidth: string, version: number): readonly UnitProperty[] {
  const [most = "", length = String(PERIOD)] = bandwidth.split(/\s+/);
  const [value, period] = [numberOf(most), numberOf(length)];
  if (value === undefined || period === undefined || period === 0n) return [];
  const percent = 10_000n;
  const exact = (value * 1_000_000n) / period;
  const perSecond = value === INFINITY ? INFINITY : ((exact + percent - 1n) / percent) * percent;
  return [
    ...(version >= SINCE.CPUQuotaPeriodUSec ? [{ name: "CPUQuotaPeriodUSec", type: "t", value: period }] : []),
    { name: "CPUQuotaPerSecUSec", type: "t", value: perSecond },
  ];
}
