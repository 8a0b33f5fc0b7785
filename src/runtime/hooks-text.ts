// SPDX-License-Identifier: Apache-2.0
/** What hooks are told of the container, and what is told of hooks that fail. runtime.md#state. */
import { fstatSync, readFileSync, readSync } from "node:fs";
import type { Failure } from "../emit/report.ts";
import { HostError } from "../errors/errors.ts";
import { ERRNO } from "../kernel/errno.ts";
import type { Fd } from "../native/fd.ts";
import { decodeStatus, type ExitStatus } from "../native/wait.ts";
import type { Status } from "../state/container-state.ts";
import { failureOf } from "./failure.ts";
import type { ContainerRecord } from "./record.ts";
import type { StepText } from "./step-text.ts";

/** The state as JSON; without a pid once there is no process. */
export function stateText(record: ContainerRecord, status: Status, pid: number): string {
  const { ociVersion, id, bundle, annotations } = record;
  return JSON.stringify({ ociVersion, id, status, ...(pid === 0 ? {} : { pid }), bundle, annotations });
}

/** The number that a process has in its own pid namespace. proc_pid_status(5). */
export function innerPid(pid: number): number {
  const line = /^NSpid:\s.*?(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? pid);
}

/** In the words of runc, which callers look for. */
export function hookError(name: string, reason: string, output: string, cause?: unknown): HostError {
  const [kind, index] = name.split("/");
  const said = output === "" ? "" : `, output: ${output}`;
  return new HostError(`error running ${kind} hook #${index}: ${reason}${said}`, { cause });
}

export function told(status: ExitStatus | undefined): string {
  if (status === undefined) return "its end was told to somebody else";
  return "exited" in status ? `exit status ${status.exited}` : `killed by signal ${status.signaled}`;
}

export const OVERDUE = "ran past its timeout, and was killed";

/** A failure of a hook that the image runs, told from the step that failed; undefined for any other step. */
export function imageHookError(failure: Failure, text: StepText, output: Fd | undefined): HostError | undefined {
  const name = /^\/hooks\/(\w+\/\d+)$/.exec(text.step.from)?.[1];
  if (name === undefined) return undefined;
  return hookError(name, reasonOf(failure, text), output === undefined ? "" : readOutput(output));
}

function reasonOf(failure: Failure, text: StepText): string {
  if (text.call !== "wait4" || failure.result < 0n) return failureOf(failure, text).message;
  return failure.errno === ERRNO.ETIMEDOUT ? OVERDUE : told(decodeStatus(Number(failure.result)));
}

const OUTPUT_SIZE = 4096;

/** The end of what a hook has written; a hook of the container's own may have written anything. */
export function readOutput(fd: Fd): string {
  const { size } = fstatSync(fd, { bigint: true });
  const bytes = Buffer.alloc(Math.min(Number(size), OUTPUT_SIZE));
  const length = readSync(fd, bytes, 0, bytes.length, size - BigInt(bytes.length));
  // Nothing that a terminal would obey.
  return bytes
    .toString("utf8", 0, length)
    .replace(/[^\P{C}\n\t]/gu, "?")
    .trim();
}
