// SPDX-License-Identifier: Apache-2.0
/** Ranges of ids as another user namespace numbers them. user_namespaces(7). */
import type { IdMapping } from "../config/config.ts";

/**
 * The mapping with the ids of the host as `into` numbers them; a range is cut where ranges of `into` meet.
 * Undefined: an id of the host has no number there.
 */
export function translated(mapping: readonly IdMapping[], into: readonly IdMapping[]): IdMapping[] | undefined {
  const found: IdMapping[] = [];
  for (const { containerID, hostID, size } of mapping) {
    for (let done = 0; done < size; ) {
      const id = hostID + done;
      const range = into.find((each) => id >= each.hostID && id < each.hostID + each.size);
      if (range === undefined) return undefined;
      const count = Math.min(size - done, range.hostID + range.size - id);
      found.push({ containerID: containerID + done, hostID: range.containerID + id - range.hostID, size: count });
      done += count;
    }
  }
  return found;
}
