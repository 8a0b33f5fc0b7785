// SPDX-License-Identifier: Apache-2.0
/** Processes by number and by handle: kill(2), pidfd_open(2), prctl(2), proc(5). */
import { existsSync, readFileSync } from "node:fs";
import { ERRNO } from "../kernel/errno.ts";
import { PR } from "../kernel/prctl.ts";
import { failure, libcCall, must } from "./call.ts";
import type { Fd } from "./fd.ts";
import { callNumber, rawSyscall } from "./syscall.ts";

const killCall = libcCall("kill", "int", ["int", "int"]);
const exitCall = libcCall("_exit", "int", ["int"]);
const prctlCall = libcCall("prctl", "int", ["int", "ulong", "ulong", "ulong", "ulong"]);

/**
 * `pidfd_open(pid, 0)` → a handle that a recycled number cannot fool; undefined if there is no such process
 *
 * Close-on-exec. Readable when the process has ended. Since Linux 5.3. pidfd_open(2).
 */
export function pidfd_open(pid: number): Fd | undefined {
  const fd = rawSyscall(callNumber("pidfd_open"), pid, 0);
  if (fd === -ERRNO.ESRCH) return undefined;
  return must(fd, () => `pidfd_open(${pid}, 0)`) as Fd;
}

/** `pidfd_send_signal(pidfd, signal, NULL, 0)` → whether the process was there. EPERM: it is not ours. */
export function pidfd_send_signal(pidfd: Fd, signal: number): boolean {
  const result = rawSyscall(callNumber("pidfd_send_signal"), pidfd, signal, 0, 0);
  if (result === -ERRNO.ESRCH) return false;
  must(result, () => `pidfd_send_signal(${pidfd}, ${signal}, NULL, 0)`);
  return true;
}

/** `kill(pid, signal)` → whether the process was there. Signal 0 asks only. A negative pid is a group. kill(2). */
export function kill(pid: number, signal: number): boolean {
  const result = killCall(pid, signal);
  if (result === -ERRNO.ESRCH) return false;
  if (result < 0) throw failure(result, `kill(${pid}, ${signal})`);
  return true;
}

/** `_exit(status)`: ends the process now; nothing is flushed, no handler runs. _exit(2). */
export function _exit(status: number): void {
  exitCall(status);
}

/** `prctl(option, argument)` → what the option returns. For the process as a whole, or for the calling thread. */
export function prctl(option: keyof typeof PR, argument = 0): number {
  return must(prctlCall(PR[option], argument, 0, 0, 0), () => `prctl(${option}, ${argument})`);
}

/** What /proc/PID/stat tells. proc_pid_stat(5). */
export interface ProcessStat {
  /** One letter: R running, S sleeping, D uninterruptible, Z zombie, T stopped, X dead. */
  readonly state: string;
  readonly parent: number;
  /** Clock ticks after boot; with the pid it names one process for as long as the machine runs. */
  readonly startTime: number;
}

/** Reads /proc/PID/stat; undefined if there is no such process. */
export function processStat(pid: number): ProcessStat | undefined {
  let text: string;
  // A process that is gone is no exception, which would cost more than to ask.
  if (!existsSync(`/proc/${pid}`)) return undefined;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
  // The second field is the program's name in parentheses, and may hold parentheses and spaces itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "X", parent: Number(fields[1]), startTime: Number(fields[19]) };
}
