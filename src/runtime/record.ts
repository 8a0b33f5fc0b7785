// SPDX-License-Identifier: Apache-2.0
/** What the runtime keeps of a container in state.json, beside what the state room itself knows. */
import type { SurveyedDir } from "../cgroup/make.ts";
import type { UnitRecord } from "../cgroup/systemd.ts";
import { StateError } from "../errors/errors.ts";
import type { ContainerState } from "../state/container-state.ts";
import { readState } from "../state/store.ts";
import type { LaterHooks } from "./hooks.ts";
import type { ResctrlRecord } from "./intel-rdt.ts";
import type { ListenerRecord } from "./seccomp-listener.ts";
import type { StepText } from "./step-text.ts";

export interface ContainerRecord extends ContainerState {
  /** The container's cgroups, and what was there before it. */
  readonly cgroups: readonly SurveyedDir[];
  /** The unit that the cgroup is, if systemd made it. */
  readonly systemd?: UnitRecord;
  /** The directories of resctrl that are made for the container. */
  readonly resctrl?: ResctrlRecord;
  /** The steps that `start` sets off, by the index that the image reports. */
  readonly steps: Readonly<Record<string, StepText>>;
  /** Those that later commands run. */
  readonly hooks?: LaterHooks;
  /** Whether there are hooks that `start` sets off in the container. */
  readonly startHooks?: boolean;
  /** Who answers system calls of the container, if its filter tells of any. */
  readonly listener?: ListenerRecord;
  /** Whether the config has a process. */
  readonly startable: boolean;
  /** Whether its processes keep the session keyring of whoever starts them. */
  readonly callersKeyring?: boolean;
  /** Whether the init has a pid namespace of its own: its end is then the end of all processes. */
  readonly ownPids: boolean;
}

/** StateError ETSRUN_NOT_FOUND, or ETSRUN_NOT_CREATED for a container whose create was killed before it had a state. */
export function readRecord(root: string, id: string): ContainerRecord {
  return readState(root, id) as ContainerRecord;
}

/** The same, undefined for what a killed create has left: a directory without a state. */
export function findRecord(root: string, id: string): ContainerRecord | undefined {
  try {
    return readRecord(root, id);
  } catch (error) {
    if (error instanceof StateError && error.code === "ETSRUN_NOT_CREATED") return undefined;
    throw error;
  }
}
