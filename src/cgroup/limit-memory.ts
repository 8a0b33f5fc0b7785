// SPDX-License-Identifier: Apache-2.0
/** linux.resources.memory as files of a cgroup. config-linux.md#memory; the kernel's cgroup-v1/memory and cgroup-v2. */
import type { MemoryLimits } from "../config/config.ts";
import type { LimitDesk } from "./limit-desk.ts";

const PLACE = "/linux/resources/memory";

/** Bytes; 0 sets no limit, as with runc: callers that do not know of absence write it for "none". */
type Bytes = number | bigint;

export function memoryWrites(memory: MemoryLimits, desk: LimitDesk): void {
  const { limit = 0, reservation = 0, swap = 0, kernel = 0, kernelTCP = 0 } = memory;
  sizes(memory, desk);
  const { used = 0n } = desk.facts;
  for (const [name, value] of Object.entries({ limit, swap })) {
    if (memory.checkBeforeUpdate !== true || value <= 0 || value >= used) continue;
    desk.refuse(`${PLACE}/${name}`, `the cgroup uses ${used} bytes already, and "checkBeforeUpdate" is asked for`);
  }
  if (asks(reservation)) bytes(desk, "reservation", "memory.soft_limit_in_bytes", "memory.low", reservation);
  if (asks(kernelTCP)) bytes(desk, "kernelTCP", "memory.kmem.tcp.limit_in_bytes", undefined, kernelTCP);
  if (asks(kernel)) {
    desk.warnings.push(`${PLACE}/kernel has no effect: no kernel since Linux 5.16 limits its own memory apart`);
  }
  switches(memory, desk);
}

/**
 * v1 keeps memory+swap at or above memory at every moment: the first to be written is the one that makes room.
 * A cgroup whose memory becomes unlimited is let have all swap, too, where nothing is said of it, as with runc.
 */
function sizes({ limit = 0, swap = 0 }: MemoryLimits, desk: LimitDesk): void {
  const frees = limit < 0 && !asks(swap) && desk.has("memory", "memory.memsw.limit_in_bytes", "memory.swap.max");
  const both = frees ? -1 : swap;
  const present = desk.present("memory", "memory.limit_in_bytes");
  const swapFirst = both < 0 || (present !== undefined && BigInt(both) > present);
  const from = `${PLACE}/${frees ? "limit" : "swap"}`;
  if (swapFirst) swapWrite(limit, both, { desk, from });
  if (asks(limit)) bytes(desk, "limit", "memory.limit_in_bytes", "memory.max", limit);
  if (!swapFirst && asks(both)) swapWrite(limit, both, { desk, from });
}

function switches({ swappiness, disableOOMKiller, useHierarchy }: MemoryLimits, desk: LimitDesk): void {
  if (swappiness !== undefined) {
    desk.put("memory", `${PLACE}/swappiness`, { v1: { file: "memory.swappiness", data: String(swappiness) } });
  }
  if (disableOOMKiller === true) {
    desk.put("memory", `${PLACE}/disableOOMKiller`, { v1: { file: "memory.oom_control", data: "1" } });
  } else if (disableOOMKiller === false && desk.has("memory", "memory.limit_in_bytes")) {
    // A new cgroup has the OOM killer; one that is there may be without.
    desk.put("memory", `${PLACE}/disableOOMKiller`, { v1: { file: "memory.oom_control", data: "0" } });
  }
  if (useHierarchy === false) {
    desk.refuse(`${PLACE}/useHierarchy`, "every kernel since Linux 5.11 counts a cgroup's children with it");
  }
}

function bytes(desk: LimitDesk, name: string, v1: string, v2: string | undefined, value: Bytes): void {
  const data = value < 0 ? "-1" : String(value);
  desk.put("memory", `${PLACE}/${name}`, {
    v1: { file: v1, data },
    v2: v2 === undefined ? undefined : { file: v2, data: value < 0 ? "max" : data },
  });
}

/** `swap` is memory and swap together; v2 limits swap alone. */
function swapWrite(limit: Bytes, swap: Bytes, { desk, from }: { desk: LimitDesk; from: string }): void {
  if (swap > 0 && (limit <= 0 || swap < limit)) {
    const wrong = limit <= 0 ? `needs a "limit" of memory` : `must not be below "limit"`;
    desk.refuse(from, `is memory and swap together: ${wrong}`);
    return;
  }
  const alone = swap < 0 ? "max" : String(BigInt(swap) - BigInt(limit));
  desk.put("memory", from, {
    v1: { file: "memory.memsw.limit_in_bytes", data: swap < 0 ? "-1" : String(swap) },
    v2: { file: "memory.swap.max", data: alone },
  });
}

function asks(value: Bytes): boolean {
  return BigInt(value) !== 0n;
}
