// SPDX-License-Identifier: Apache-2.0
/** linux.resources.cpu as files of a cgroup. config-linux.md#cpu; sched-bwc, cpusets and cgroup-v2 of the kernel. */
import type { CpuLimits } from "../config/config.ts";
import { inBoth, type LimitDesk } from "./limit-desk.ts";

const PLACE = "/linux/resources/cpu";
/** The kernel's own period, in microseconds. */
const PERIOD = 100_000;

/** 0 sets nothing but for `idle` and `burst`, as with runc. Weights come before `idle`, which forbids them. */
export function cpuWrites(cpu: CpuLimits, desk: LimitDesk): void {
  const { shares = 0, burst, quota = 0, idle } = cpu;
  if (shares > 0) {
    desk.put("cpu", `${PLACE}/shares`, {
      v1: { file: "cpu.shares", data: String(shares) },
      v2: { file: "cpu.weight", data: String(weightOf(shares)) },
    });
  }
  bandwidth(cpu, desk);
  if (burst !== undefined) {
    if (quota > 0 && burst > quota) desk.refuse(`${PLACE}/burst`, `must not be above "quota"`);
    desk.put("cpu", `${PLACE}/burst`, {
      v1: { file: "cpu.cfs_burst_us", data: String(burst) },
      v2: { file: "cpu.max.burst", data: String(burst) },
    });
  }
  if (idle !== undefined) desk.put("cpu", `${PLACE}/idle`, inBoth("cpu.idle", String(idle)));
  realtime(cpu, desk);
  if (cpu.cpus) desk.put("cpuset", `${PLACE}/cpus`, inBoth("cpuset.cpus", cpu.cpus));
  if (cpu.mems) desk.put("cpuset", `${PLACE}/mems`, inBoth("cpuset.mems", cpu.mems));
}

/**
 * The weight (1 to 10000, usually 100) of so many shares (2 to 262144, usually 1024): a curve through the ends and the
 * usual values of both, which runc 1.3.2 and crun 1.23 draw alike.
 */
export function weightOf(shares: number | bigint): number {
  if (shares <= 2) return 1;
  if (shares >= 262_144) return 10_000;
  const log = Math.log2(Number(shares));
  const exponent = (log * log + 125 * log) / 612 - 7 / 34;
  // A hair above a whole number is that number, counted in binary fractions.
  return Math.ceil(10 ** exponent - 1e-9);
}

/** v1 has a file for each number, the period first: the quota is checked against it. v2 has one file for both. */
function bandwidth({ quota = 0, period = 0 }: CpuLimits, desk: LimitDesk): void {
  const most = quota > 0 ? String(quota) : "max";
  const v2 = { file: "cpu.max", data: `${most} ${period > 0 ? period : PERIOD}` };
  const unlimited = quota === 0 || quota === 0n;
  const isApart = unlimited || desk.dirOf("cpu")?.version === 1;
  if (period > 0 && isApart) {
    desk.put("cpu", `${PLACE}/period`, { v1: { file: "cpu.cfs_period_us", data: String(period) }, v2 });
  }
  if (unlimited) return;
  const v1 = { file: "cpu.cfs_quota_us", data: quota < 0 ? "-1" : String(quota) };
  desk.put("cpu", `${PLACE}/quota`, { v1, v2 });
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
