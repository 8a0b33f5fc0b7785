// SPDX-License-Identifier: Apache-2.0
/** Slots: the 8 bytes in which each result is kept. */
import type { Plan } from "../plan/step.ts";
import { addData, type Memory, type Place } from "./memory.ts";
import { LOG_SIZE, REPORT_MAGIC, REPORT_SIZE } from "./report.ts";

/** What a slot holds before its step ran: no fd, no pid, no address. (0 and -1 mean something to most calls.) */
export const UNSET = BigInt.asUintN(64, -0x8000_0000n);

/** Inputs are slots with a value. The slot of `report` comes first, as the machine finds its report behind it. */
export function presetInputs(plan: Plan, memory: Memory): Map<string, Place> {
  const slots = new Map<string, Place>();
  for (const [name, fd] of Object.entries(plan.inputs)) {
    const bytes = new Uint8Array(name === "report" ? 8 + REPORT_SIZE + LOG_SIZE : 8);
    const view = new DataView(bytes.buffer);
    view.setBigInt64(0, BigInt(fd), true);
    if (name === "report") view.setUint32(8, REPORT_MAGIC, true);
    slots.set(name, addData(memory, `slot ${name}`, bytes));
  }
  return slots;
}

export function slotOf(slots: ReadonlyMap<string, Place>, name: string): Place {
  const place = slots.get(name);
  if (place === undefined) throw new Error(`no earlier step has the result $${name}`);
  return place;
}

/** A name that is stored to again keeps its slot. */
export function slotFor(slots: Map<string, Place>, name: string, memory: Memory): Place {
  const found = slots.get(name);
  if (found !== undefined) return found;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, UNSET, true);
  const place = addData(memory, `slot ${name}`, bytes);
  slots.set(name, place);
  return place;
}
