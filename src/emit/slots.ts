// SPDX-License-Identifier: Apache-2.0
/** Slots: the 8 bytes in which each result is kept. */
import type { Plan } from "../plan/step.ts";
import { DATA, type Draft, type Place, placeAt } from "./draft.ts";
import { addData } from "./memory.ts";
import { checked, highHalf, lowHalf } from "./number.ts";
import { LOG_SIZE, REPORT_MAGIC, REPORT_SIZE } from "./report.ts";

/** What a slot holds before its step ran: no fd, no pid, no address. (0 and -1 mean something to most calls.) */
export const UNSET = -0x8000_0000;

/** Inputs are slots with a value. Behind that of `report` the machine finds the room for its report. */
export function addInputs(draft: Draft, inputs: Plan["inputs"]): void {
  for (const [name, fd] of Object.entries(inputs)) {
    const isReport = name === "report";
    const start = addSlot(draft, name, isReport ? 8 + REPORT_SIZE + LOG_SIZE : 8, fd);
    if (isReport) draft.data.words[(start >> 2) + 2] = REPORT_MAGIC;
  }
}

/** Throws an Error for a name that no earlier step and no input has given. */
export function slotOf(draft: Draft, name: string): Place {
  const place = draft.slots.get(name);
  if (place === undefined) throw new Error(`no earlier step has the result $${name}`);
  return place;
}

/** A name that is stored to again keeps its slot. */
export function slotFor(draft: Draft, name: string): Place {
  const found = draft.slots.get(name);
  if (found !== undefined) return found;
  return placeAt(DATA, addSlot(draft, name, 8, UNSET));
}

function addSlot(draft: Draft, name: string, size: number, value: number): number {
  const start = addData(draft, size, "slot", name);
  checked(value);
  draft.data.words[start >> 2] = lowHalf(value);
  draft.data.words[(start >> 2) + 1] = highHalf(value);
  draft.slots.set(name, placeAt(DATA, start));
  return start;
}
