// SPDX-License-Identifier: Apache-2.0
/** What state.json says. runtime.md#state, and what later commands need beside it. */

/** The status of a container. runtime.md#state. */
export type Status = "creating" | "created" | "running" | "stopped";

export interface ContainerState {
  readonly ociVersion: string;
  readonly id: string;
  /** The status when this was written; `deriveStatus` tells that of now. */
  readonly status: "creating" | "created";
  /** The init, in the runtime's pid namespace; 0 before there is one. */
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: with the pid it names one process. 0 when pid is. */
  readonly startTime: number;
  /** Absolute paths without symlinks. */
  readonly bundle: string;
  readonly rootfs: string;
  /** Time of the create, ISO 8601 in UTC. */
  readonly created: string;
  /** User id of who created it. */
  readonly owner: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly cgroup: {
    /** The container's directories, one a hierarchy. */
    readonly paths: readonly string[];
  };
}

/** Written as JSON with a newline at the end. */
export function printState(state: ContainerState): string {
  return `${JSON.stringify(state)}\n`;
}

/** Throws SyntaxError or TypeError unless the text is a state of that container. */
export function parseState(id: string, text: string): ContainerState {
  const state: unknown = JSON.parse(text);
  if (!isState(state)) throw new TypeError("not a state of a container");
  if (state.id !== id) throw new TypeError(`the state of ${JSON.stringify(state.id)}`);
  return state;
}

function isState(value: unknown): value is ContainerState {
  if (typeof value !== "object" || value === null) return false;
  const state = value as Partial<Record<keyof ContainerState, unknown>>;
  const strings = [state.ociVersion, state.id, state.bundle, state.rootfs, state.created];
  const numbers = [state.pid, state.startTime, state.owner];
  const paths = (state.cgroup as Partial<ContainerState["cgroup"]> | null | undefined)?.paths;
  return (
    (state.status === "creating" || state.status === "created") &&
    strings.every((each) => typeof each === "string") &&
    numbers.every(Number.isSafeInteger) &&
    Array.isArray(paths) &&
    paths.every((path) => typeof path === "string")
  );
}
