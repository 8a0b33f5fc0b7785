// SPDX-License-Identifier: Apache-2.0
/** Groups of the resctrl filesystem: made, filled, entered and removed. config-linux.md#intelrdt. */
import { closeSync, constants, existsSync, mkdirSync, openSync, readFileSync, rmdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { isOwnGroup, resctrlPlaces } from "../compile/intel-rdt.ts";
import type { Config } from "../config/config.ts";
import { HostError, SyscallError } from "../errors/errors.ts";
import type { Facts } from "../host/facts.ts";
import { ERRNO, type ErrnoName, errnoText } from "../kernel/errno.ts";
import { printAct } from "../plan/print-act.ts";
import type { Act } from "../plan/step.ts";

/** Directories in the order in which they are removed. */
export interface ResctrlRecord {
  /** What `create` makes: a failed one takes it away. */
  readonly made: readonly string[];
  /** What ends with the container: a group with a name of its own stays. */
  readonly ends: readonly string[];
}

/** HostError: a directory of the container's name is there already, so it is not the container's. */
export function surveyResctrl({ linux }: Config, { resctrl }: Facts, id: string): ResctrlRecord | undefined {
  const rdt = linux?.intelRdt;
  if (rdt === undefined || resctrl === null || resctrl.mountpoint === null) return undefined;
  const { group, monitor } = resctrlPlaces(rdt, resctrl.mountpoint, id);
  const monitors = monitor === undefined ? [] : [monitor];
  const own = isOwnGroup(rdt) ? [group] : [];
  const taken = [...monitors, ...own].find((path) => existsSync(path));
  if (taken !== undefined) throw new HostError(`${JSON.stringify(taken)} exists already: it is not this container's`);
  const groups = resctrl.schemata === null ? [group] : [];
  return { made: [...monitors, ...groups], ends: [...monitors, ...own] };
}

type Resctrl = Extract<Act, { act: "resctrl" }>;

/** SyscallError, with what resctrl itself has to say. */
export function performResctrl(step: Resctrl, bootstrap: number): void {
  try {
    if (step.does === "mkdir") mkdirSync(step.path, 0o755);
    else write(`${step.path}/${step.does}`, step.does === "tasks" ? String(bootstrap) : step.data);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "EIO";
    const errno = (code in ERRNO ? code : "EIO") as ErrnoName;
    const hint = hintFor(step, errno);
    throw new SyscallError(printAct(step, {}), errno, {
      text: `${errnoText(errno)}, for ${step.from}`,
      hint,
      cause: error,
    });
  }
}

/** Its errnos say little; of the last call it keeps a sentence. */
function hintFor({ does, path }: Resctrl, errno: string): string | undefined {
  if (does === "mkdir" && errno === "ENOSPC")
    return "all classes of service or monitoring ids are in use, not a full disk";
  // In the root of resctrl: the group itself, or a few directories above it.
  const roots = [".", "..", "../..", "../../.."].map((up) => join(path, up, "info/last_cmd_status"));
  const file = roots.find((each) => existsSync(each));
  if (file === undefined) return undefined;
  const status = readFileSync(file, "utf8").trim();
  return status === "" || status === "ok" ? undefined : `resctrl says: ${status}`;
}

/** Whatever processes are left in a group go back to the one above. */
export function removeGroups(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      rmdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

/** Never creates: the files are there, or it is no group. */
function write(path: string, data: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    writeSync(fd, data);
  } finally {
    closeSync(fd);
  }
}
