// SPDX-License-Identifier: Apache-2.0
/** Terminals: modes, sizes, pseudo-terminals. ioctl_tty(2), termios(3), pty(7). */
import { constants, openSync } from "node:fs";
import { TIOC } from "../kernel/ioctl.ts";
import { must } from "./call.ts";
import type { Fd } from "./fd.ts";
import { ioctlCall, ioctlValue } from "./ioctl.ts";

export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

/** The kernel's struct termios as it is: opaque to callers, who keep it to restore it. */
export type Termios = Uint8Array & { readonly [termios]: true };
declare const termios: unique symbol;

/*
 * struct termios of the kernel, 36 bytes: c_iflag 0-3, c_oflag 4-7, c_cflag 8-11, c_lflag 12-15, c_line 16,
 * c_cc 17-35. libc's is longer, so its functions are not used.
 */
const SIZE = 36;
const OFLAG = 4;
const CFLAG = 8;
const LFLAG = 12;
const CC = 17;
const VTIME = 5;
const VMIN = 6;
// What cfmakeraw of termios(3) takes away, by word.
const RAW_IFLAG = 0o1 | 0o2 | 0o10 | 0o40 | 0o100 | 0o200 | 0o400 | 0o2000; // IGNBRK BRKINT PARMRK ISTRIP INLCR IGNCR ICRNL IXON
const OPOST = 0o1;
const ONLCR = 0o4;
const RAW_LFLAG = 0o1 | 0o2 | 0o10 | 0o100 | 0o100000; // ISIG ICANON ECHO ECHONL IEXTEN
const CSIZE_PARENB = 0o60 | 0o400;
const CS8 = 0o60;

/** `ioctl(fd, TCGETS, &termios)`. ENOTTY: not a terminal. */
export function tcgetattr(fd: Fd): Termios {
  const bytes = Buffer.alloc(SIZE);
  control(fd, "TCGETS", bytes);
  return bytes as Uint8Array as Termios;
}

/** `ioctl(fd, TCSETS, termios)`: at once, without waiting for output. */
export function tcsetattr(fd: Fd, mode: Termios): void {
  control(fd, "TCSETS", mode);
}

/** The mode in which every byte passes unchanged, as cfmakeraw of termios(3) makes it. */
export function rawMode(mode: Termios): Termios {
  const bytes = Buffer.from(mode);
  change(bytes, 0, RAW_IFLAG, 0);
  change(bytes, OFLAG, OPOST, 0);
  change(bytes, CFLAG, CSIZE_PARENB, CS8);
  change(bytes, LFLAG, RAW_LFLAG, 0);
  bytes[CC + VMIN] = 1;
  bytes[CC + VTIME] = 0;
  return bytes as Uint8Array as Termios;
}

/** The mode in which every byte that comes in passes unchanged, and what goes out is treated as before. */
export function rawInput(mode: Termios): Termios {
  const bytes = Buffer.from(rawMode(mode));
  bytes.set(mode.subarray(OFLAG, CFLAG), OFLAG);
  return bytes as Uint8Array as Termios;
}

/** The mode in which "\n" is not turned into "\r\n" on its way out. */
export function withoutOnlcr(mode: Termios): Termios {
  const bytes = Buffer.from(mode);
  change(bytes, OFLAG, ONLCR, 0);
  return bytes as Uint8Array as Termios;
}

/** `ioctl(fd, TIOCGWINSZ, &size)`. struct winsize, 8 bytes: ws_row 0-1, ws_col 2-3, pixels. ENOTTY. */
export function windowSize(fd: Fd): WindowSize {
  const bytes = Buffer.alloc(8);
  control(fd, "TIOCGWINSZ", bytes);
  return { rows: bytes.readUInt16LE(0), columns: bytes.readUInt16LE(2) };
}

/** `ioctl(fd, TIOCSWINSZ, {rows, columns})`. The foreground group gets SIGWINCH if it changed. */
export function setWindowSize(fd: Fd, size: WindowSize): void {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(size.rows, 0);
  bytes.writeUInt16LE(size.columns, 2);
  control(fd, "TIOCSWINSZ", bytes);
}

/** A new pseudo-terminal of the devpts at /dev/pts: its master, unlocked, and its number. EIO: none is left. */
export function openPty(): { master: Fd; number: number } {
  // O_CLOEXEC is what node:fs adds to every open.
  const master = openSync("/dev/ptmx", constants.O_RDWR | constants.O_NOCTTY) as Fd;
  unlockPty(master);
  return { master, number: ptyNumber(master) };
}

/** `ioctl(master, TIOCSPTLCK, &0)`: the other side may be opened. unlockpt(3). */
export function unlockPty(master: Fd): void {
  control(master, "TIOCSPTLCK", Buffer.alloc(4));
}

/** `ioctl(master, TIOCGPTN, &number)` → N of /dev/pts/N. ptsname(3). */
export function ptyNumber(master: Fd): number {
  const bytes = Buffer.alloc(4);
  control(master, "TIOCGPTN", bytes);
  return bytes.readUInt32LE();
}

/** `ioctl(master, TIOCGPTPEER, O_RDWR|O_NOCTTY|O_CLOEXEC)` → the other side, without a path. Since Linux 4.13. */
export function ptyPeer(master: Fd): Fd {
  const flags = constants.O_RDWR | constants.O_NOCTTY | 0o2000000;
  const line = () => `ioctl(${master}, TIOCGPTPEER, O_RDWR|O_NOCTTY|O_CLOEXEC)`;
  return must(ioctlValue(master, TIOC.TIOCGPTPEER, flags), line) as Fd;
}

function control(fd: Fd, request: keyof typeof TIOC, bytes: Uint8Array): void {
  must(ioctlCall(fd, TIOC[request], bytes), () => `ioctl(${fd}, ${request})`);
}

function change(bytes: Buffer, offset: number, clear: number, set: number): void {
  bytes.writeUInt32LE(((bytes.readUInt32LE(offset) & ~clear) | set) >>> 0, offset);
}
