// SPDX-License-Identifier: Apache-2.0
/** What the caller is given of a new process: its terminal, its pid in a file, a descriptor of it. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { utf8 } from "../kernel/quote.ts";
import { close } from "../native/fd.ts";
import { sendFds } from "../native/message.ts";
import { kill, pidfd_open } from "../native/process.ts";
import { connectTo } from "../native/socket.ts";
import { waitExit } from "../native/wait.ts";
import type { Console } from "./console.ts";

export interface HandOver {
  /** A file that receives the pid. */
  readonly pidFile: string | undefined;
  /** A listening stream socket that receives a pidfd as SCM_RIGHTS. */
  readonly pidfdSocket: string | undefined;
}

export async function handOver(pid: number, { pidFile, pidfdSocket }: HandOver, console: Console): Promise<void> {
  await console.deliver();
  if (pidFile !== undefined) writePidFile(pidFile, pid);
  if (pidfdSocket !== undefined) sendPidfd(pidfdSocket, pid);
}

/** After a program that could not run: its pid means nothing. */
export function takeBack({ pidFile }: HandOver): void {
  if (pidFile !== undefined) rmSync(resolve(pidFile), { force: true });
}

/** Ends the process, our child, if the caller cannot be given what he asked for. */
export async function handOverOrEnd(pid: number, wish: HandOver, console: Console): Promise<void> {
  try {
    await handOver(pid, wish, console);
  } catch (error) {
    kill(pid, 9);
    await waitExit(pid);
    throw error;
  }
}

/** Whole or not at all: who waits for the file may read it as soon as it is there. */
function writePidFile(path: string, pid: number): void {
  const file = resolve(path);
  const next = join(dirname(file), `.${basename(file)}.${process.pid}`);
  try {
    writeFileSync(next, String(pid), { flag: "wx", mode: 0o644 });
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
}

function sendPidfd(path: string, pid: number): void {
  const socket = connectTo(path, "stream");
  try {
    const pidfd = pidfd_open(pid);
    // It has ended, but nobody else has collected it: its number is still its own.
    if (pidfd === undefined) return;
    try {
      sendFds(socket, utf8("pidfd"), [pidfd]);
    } finally {
      close(pidfd);
    }
  } finally {
    close(socket);
  }
}
