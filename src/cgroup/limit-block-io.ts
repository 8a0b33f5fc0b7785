// SPDX-License-Identifier: Apache-2.0
/** linux.resources.blockIO as files of a cgroup. config-linux.md#block-io; the kernel's blkio-controller and cgroup-v2. */
import type { BlockIO, ThrottleDevice } from "../config/config.ts";
import type { Entry, LimitDesk, Versions } from "./limit-desk.ts";

const PLACE = "/linux/resources/blockIO";
/** cgroup v1 keeps operations per second in 32 bits and would cut a higher number off. */
const IOPS_MAX = 2n ** 32n - 1n;

type List = "throttleReadBpsDevice" | "throttleWriteBpsDevice" | "throttleReadIOPSDevice" | "throttleWriteIOPSDevice";

/** Property -> the file of v1, the key in `io.max` of v2. */
const THROTTLES: readonly (readonly [list: List, v1: string, v2: string])[] = [
  ["throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps"],
  ["throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps"],
  ["throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops"],
  ["throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops"],
];

/** A weight of 0 sets nothing, as with runc. */
export function blockIoWrites(blockIO: BlockIO, desk: LimitDesk): void {
  const { weight = 0, leafWeight = 0, weightDevice = [] } = blockIO;
  if (weight > 0) weightWrite(desk, `${PLACE}/weight`, weight);
  if (leafWeight > 0) refuseLeaf(desk, `${PLACE}/leafWeight`);
  for (const [index, { major, minor, weight: own = 0, leafWeight: leaf = 0 }] of weightDevice.entries()) {
    const from = `${PLACE}/weightDevice/${index}`;
    if (own > 0) weightWrite(desk, from, own, `${major}:${minor} `);
    if (leaf > 0) refuseLeaf(desk, `${from}/leafWeight`);
  }
  for (const [list, file, key] of THROTTLES) {
    for (const [index, device] of (blockIO[list] ?? []).entries()) {
      throttle(desk, `${PLACE}/${list}/${index}`, throttled(device, file, key));
    }
  }
}

/**
 * The weight of blk-iocost (1 to 10000) for a weight of BFQ (10 to 1000), on a straight line as runc draws it; what BFQ
 * takes below 10 is the least.
 */
export function ioWeightOf(weight: number): number {
  return Math.max(1, 1 + Math.floor(((weight - 10) * 9999) / 990));
}

function weightWrite(desk: LimitDesk, from: string, weight: number, device = ""): void {
  const { bfq = false, ioWeight = false } = desk.facts;
  const controller = controllerOf(desk);
  const version = desk.dirOf(controller)?.version;
  if ((version === 1 && !bfq) || (version === 2 && !bfq && !ioWeight)) {
    desk.refuse(from, "needs the I/O scheduler BFQ, which this kernel does not have loaded: modprobe bfq");
    return;
  }
  const v1 = device === "" ? "blkio.bfq.weight" : "blkio.bfq.weight_device";
  desk.put(controller, from, {
    v1: { file: v1, data: `${device}${weight}` },
    v2: bfq
      ? { file: "io.bfq.weight", data: `${device}${weight}` }
      : { file: "io.weight", data: `${device}${ioWeightOf(weight)}` },
  });
}

function refuseLeaf(desk: LimitDesk, from: string): void {
  desk.refuse(from, "no kernel since Linux 5.0 has leaf weights, which went with the CFQ scheduler: leave it out");
}

function throttle(desk: LimitDesk, from: string, versions: Versions & { readonly v1: Entry; readonly rate: bigint }) {
  const controller = controllerOf(desk);
  const tooMany = versions.v1.file.includes("iops") && versions.rate > IOPS_MAX;
  if (tooMany && desk.dirOf(controller)?.version === 1) {
    desk.refuse(`${from}/rate`, `expected at most ${IOPS_MAX} operations per second on cgroup v1`);
    return;
  }
  desk.put(controller, from, versions);
}

/** A rate of 0 is no limit: v1 says so by itself, v2 by a word. */
function throttled({ major, minor, rate }: ThrottleDevice, file: string, key: string) {
  const device = `${major}:${minor}`;
  return {
    rate: BigInt(rate),
    v1: { file, data: `${device} ${rate}` },
    v2: { file: "io.max", data: `${device} ${key}=${BigInt(rate) === 0n ? "max" : rate}` },
  };
}

function controllerOf(desk: LimitDesk): string {
  return desk.named("blkio", "io");
}
