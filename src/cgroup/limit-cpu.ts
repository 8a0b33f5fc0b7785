// SPDX-License-Identifier: Apache-2.0
/** linux.resources.cpu as files of a cgroup. config-linux.md#cpu; sched-bwc, cpusets and cgroup-v2 of the kernel. */
import type { CpuLimits } from "../config/config.ts";
import { inBoth, type LimitDesk } from "./limit-desk.ts";

const PLACE = "/linux/resources/cpu";
/** The kernel's own period, in microseconds. */
const PERIOD = 100_000;
const SHARES_MIN = 2;
const SHARES_MAX = 262_144;

/** 0 sets nothing but for `idle` and `burst`, as with runc. */
export function cpuWrites(cpu: CpuLimits, desk: LimitDesk): void {
  // The kernel takes no weight for a cgroup that is idle.
  const wasIdle = desk.present("cpu", "cpu.idle") === 1n;
  if (wasIdle) idleWrite(cpu, desk);
  sharesWrite(cpu, desk);
  if (!wasIdle) idleWrite(cpu, desk);
  bandwidth(cpu, desk);
  realtime(cpu, desk);
  if (cpu.cpus) desk.put("cpuset", `${PLACE}/cpus`, inBoth("cpuset.cpus", cpu.cpus));
  if (cpu.mems) desk.put("cpuset", `${PLACE}/mems`, inBoth("cpuset.mems", cpu.mems));
}

function idleWrite({ idle }: CpuLimits, desk: LimitDesk): void {
  if (idle !== undefined) desk.put("cpu", `${PLACE}/idle`, inBoth("cpu.idle", String(idle)));
}

/** v1 would take a number out of range for the nearest one, and say nothing; runc refuses it, too. */
function sharesWrite({ shares = 0 }: CpuLimits, desk: LimitDesk): void {
  if (shares <= 0) return;
  if (desk.dirOf("cpu")?.version === 1 && (shares < SHARES_MIN || shares > SHARES_MAX)) {
    desk.refuse(`${PLACE}/shares`, `expected ${SHARES_MIN} to ${SHARES_MAX}, found ${shares}`);
    return;
  }
  desk.put("cpu", `${PLACE}/shares`, {
    v1: { file: "cpu.shares", data: String(shares) },
    v2: { file: "cpu.weight", data: String(weightOf(shares)) },
  });
}

/**
 * The weight (1 to 10000, usually 100) of so many shares (2 to 262144, usually 1024): a curve through the ends and the
 * usual values of both, which runc 1.3.2 and crun 1.23 draw alike.
 */
export function weightOf(shares: number | bigint): number {
  if (shares <= SHARES_MIN) return 1;
  if (shares >= SHARES_MAX) return 10_000;
  const log = Math.log2(Number(shares));
  const exponent = (log * log + 125 * log) / 612 - 7 / 34;
  // A hair above a whole number is that number, counted in binary fractions.
  return Math.ceil(10 ** exponent - 1e-9);
}

/** A burst must fit into the quota at every moment: a lower one makes room before, a higher one needs it after. */
function bandwidth(cpu: CpuLimits, desk: LimitDesk): void {
  const { quota = 0, burst } = cpu;
  const present = desk.present("cpu", "cpu.cfs_burst_us") ?? desk.present("cpu", "cpu.max.burst") ?? 0n;
  if (quota > 0 && (burst ?? present) > quota) {
    const message =
      burst === undefined ? `must not be below the cgroup's burst of ${present}` : `must not be above "quota"`;
    desk.refuse(`${PLACE}/${burst === undefined ? "quota" : "burst"}`, message);
  }
  const lowers = burst !== undefined && burst < present;
  if (lowers) burstWrite(burst, desk);
  if (desk.dirOf("cpu")?.version === 1) timesApart(cpu, desk);
  else timesTogether(cpu, desk);
  if (burst !== undefined && !lowers) burstWrite(burst, desk);
}

function burstWrite(burst: number | bigint, desk: LimitDesk): void {
  desk.put("cpu", `${PLACE}/burst`, {
    v1: { file: "cpu.cfs_burst_us", data: String(burst) },
    v2: { file: "cpu.max.burst", data: String(burst) },
  });
}

/**
 * v1 has a file for each, and holds their ratio against that of the cgroup above after each of them: the period is
 * first unless the quota is lowered.
 */
function timesApart({ quota = 0, period = 0 }: CpuLimits, desk: LimitDesk): void {
  const present = desk.present("cpu", "cpu.cfs_quota_us") ?? -1n;
  const periodWrite = () => {
    if (period <= 0) return;
    desk.put("cpu", `${PLACE}/period`, { v1: { file: "cpu.cfs_period_us", data: String(period) } });
  };
  const quotaFirst = present > 0n && (quota < 0 || (quota > 0 && quota < present));
  if (!quotaFirst) periodWrite();
  if (BigInt(quota) !== 0n) {
    desk.put("cpu", `${PLACE}/quota`, { v1: { file: "cpu.cfs_quota_us", data: quota < 0 ? "-1" : String(quota) } });
  }
  if (quotaFirst) periodWrite();
}

/** v2 has one file for both. */
function timesTogether({ quota = 0, period = 0 }: CpuLimits, desk: LimitDesk): void {
  if (BigInt(quota) === 0n && period <= 0) return;
  const from = `${PLACE}/${BigInt(quota) === 0n ? "period" : "quota"}`;
  const v2 = { file: "cpu.max", data: `${quota > 0 ? quota : "max"} ${period > 0 ? period : PERIOD}` };
  desk.put("cpu", from, { v2 });
}

function realtime({ realtimePeriod = 0, realtimeRuntime = 0 }: CpuLimits, desk: LimitDesk): void {
  if (realtimePeriod > 0) {
    const v1 = { file: "cpu.rt_period_us", data: String(realtimePeriod) };
    desk.put("cpu", `${PLACE}/realtimePeriod`, { v1 });
  }
  if (realtimeRuntime !== 0 && realtimeRuntime !== 0n) {
    const v1 = { file: "cpu.rt_runtime_us", data: String(realtimeRuntime) };
    desk.put("cpu", `${PLACE}/realtimeRuntime`, { v1 });
  }
}
