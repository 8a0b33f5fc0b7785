// SPDX-License-Identifier: Apache-2.0
/** File descriptors: the branded number, and fcntl(2). */
import { closeSync } from "node:fs";
import { F, FD } from "../kernel/fcntl.ts";
import { libcCall, must } from "./call.ts";

/** A file descriptor of this process. A plain number, so that node:fs takes it. */
export type Fd = number & { readonly [brand]: "fd" };
declare const brand: unique symbol;

const fcntlCall = libcCall("fcntl", "int", ["int", "int", "long"]);

/** `close(fd)`. Linux frees the number even when it reports an error, so none is told. close(2). */
export function close(fd: Fd): void {
  try {
    closeSync(fd);
  } catch {
    // EBADF would be a fault of ours that a test finds; EIO and EINTR leave nothing to do.
  }
}

/** `fcntl(fd, cmd, arg)` → what the command returns. EINVAL: unknown command. fcntl(2). */
export function fcntl(fd: Fd, command: keyof typeof F, argument = 0): number {
  return must(fcntlCall(fd, F[command], argument), () => `fcntl(${fd}, ${command}, ${argument})`);
}

/** `fcntl(fd, F_DUPFD_CLOEXEC, atLeast)` → a copy whose number is `atLeast` or higher. */
export function duplicate(fd: Fd, atLeast: number): Fd {
  return fcntl(fd, "F_DUPFD_CLOEXEC", atLeast) as Fd;
}

/** `fcntl(fd, F_GETFD)` → whether the descriptor is open in this process. */
export function isOpen(fd: number): boolean {
  return fcntlCall(fd, F.F_GETFD, 0) >= 0;
}

/** `fcntl(fd, F_GETFD)` → whether the descriptor is open, and stays so over an execve. */
export function isInherited(fd: number): boolean {
  return fcntlCall(fd, F.F_GETFD, 0) === 0;
}

/** `fcntl(fd, F_SETFD, …)`: whether an execve closes it. Node sets this on every descriptor it starts with. */
export function setCloseOnExec(fd: Fd, on: boolean): void {
  fcntl(fd, "F_SETFD", on ? FD.FD_CLOEXEC : 0);
}
