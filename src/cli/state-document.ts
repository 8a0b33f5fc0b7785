// SPDX-License-Identifier: Apache-2.0
/** A container's state as `state` and `list` print it: runtime.md#state and what runc adds to it. */
import type { State } from "../runtime/state.ts";

/** The keys in runc's order; no annotations, no key. */
export function stateDocument(state: State): Record<string, unknown> {
  const { ociVersion, id, pid, status, bundle, rootfs, created, annotations, owner } = state;
  const some = annotations === undefined || Object.keys(annotations).length === 0 ? {} : { annotations };
  return { ociVersion, id, pid, status, bundle, rootfs, created, ...some, owner };
}
