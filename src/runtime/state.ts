// SPDX-License-Identifier: Apache-2.0
/** What the runtime tells of a container. runtime.md#state. */
import type { Status } from "../state/container-state.ts";
import type { ContainerRecord } from "./record.ts";

/** runtime.md#state, and what `list` shows beside it. */
export interface State {
  readonly ociVersion: string;
  readonly id: string;
  readonly status: Status | "paused";
  /** 0 unless created or running. */
  readonly pid: number;
  readonly bundle: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly rootfs: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** Name of the user who created it, or the uid where there is no name. */
  readonly owner: string;
}

export function stateOf(record: ContainerRecord, status: State["status"]): State {
  const { ociVersion, id, bundle, annotations, rootfs, created, owner } = record;
  const pid = status === "stopped" ? 0 : record.pid;
  return {
    ociVersion,
    id,
    status,
    pid,
    bundle,
    rootfs,
    created,
    owner: userName(owner),
    ...(annotations && { annotations }),
  };
}

function userName(uid: number): string {
  return uid === 0 ? "root" : String(uid);
}
