// SPDX-License-Identifier: Apache-2.0
/** The container's terminal relayed to ours, in the foreground. pty(7), termios(3), ioctl_tty(2). */
import { readSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import type { Fd } from "../native/fd.ts";
import { waitReadable, waitReadableSync } from "../native/poll.ts";
import { rawInput, setWindowSize, tcgetattr, tcsetattr, windowSize, withoutOnlcr } from "../native/terminal.ts";
import { writeAll } from "./output.ts";

export interface Relay {
  /** Resolves when everything that the container has printed is out. To be called after its end. */
  drain(): Promise<void>;
  /** Gives our terminal back as it was. */
  stop(): void;
}

const STDIN = 0 as Fd;
const STDOUT = 1;
// A process that outlives the container's init may keep the terminal open: silence for this long is the end, too.
const SILENCE_MS = 100;

/**
 * Relays both ways between `master`, which it takes over, and stdin and stdout, and passes the size of our terminal on.
 *
 * Our terminal gets raw input, so that every key reaches the container; what it does with output stays, and the
 * container's terminal leaves "\n" alone, as callers that read our output expect. Without a terminal of our own (pipes)
 * only the bytes are relayed.
 */
export function relayTerminal(master: Fd): Relay {
  tcsetattr(master, withoutOnlcr(tcgetattr(master)));
  const own = ([0, 1, 2] as Fd[]).find((fd) => isatty(fd));
  const resize = () => own !== undefined && passSize(own, master);
  resize();
  process.on("SIGWINCH", resize);
  const restore = isatty(STDIN) ? makeRaw(STDIN) : () => {};
  const stopInput = relayInput(master);
  const ended = new AbortController();
  const output = relayOutput(master, ended.signal);
  // Told by drain, whenever it is asked.
  output.catch(() => {});
  return {
    async drain() {
      ended.abort();
      await output;
    },
    stop() {
      ended.abort();
      stopInput();
      restore();
      process.removeListener("SIGWINCH", resize);
    },
  };
}

/** A size of 0 is what a terminal says that does not know its own. */
function passSize(own: Fd, master: Fd): void {
  const size = windowSize(own);
  if (size.rows > 0 && size.columns > 0) setWindowSize(master, size);
}

/** Restored at the end, whichever way the process goes. */
function makeRaw(fd: Fd): () => void {
  const saved = tcgetattr(fd);
  const restore = () => tcsetattr(fd, saved);
  process.on("exit", restore);
  tcsetattr(fd, rawInput(saved));
  return () => {
    process.removeListener("exit", restore);
    restore();
  };
}

/** From stdin to the container. Returns how to stop. */
function relayInput(master: Fd): () => void {
  let stopped = false;
  let retry: NodeJS.Timeout | undefined;
  const send = (bytes: Uint8Array) => {
    const rest = stopped ? bytes.subarray(bytes.length) : writeSome(master, bytes);
    if (rest.length === 0) {
      process.stdin.resume();
      return;
    }
    // The container does not read: neither do we, for now.
    process.stdin.pause();
    retry = setTimeout(send, RETRY_MS, rest);
  };
  process.stdin.on("data", send);
  // The end of a pipe or file is told as a person would: with ^D. A terminal's own end is its hang-up.
  process.stdin.on("end", () => isatty(STDIN) || send(END_OF_FILE));
  process.stdin.on("error", () => {});
  return () => {
    stopped = true;
    clearTimeout(retry);
    process.stdin.pause();
  };
}

const RETRY_MS = 5;
const END_OF_FILE = Uint8Array.of(0x04);

/** What is left of `bytes`; nothing when the container's side is gone. */
function writeSome(master: Fd, bytes: Uint8Array): Uint8Array {
  try {
    return bytes.subarray(writeSync(master, bytes));
  } catch (error) {
    return codeOf(error) === "EAGAIN" ? bytes : bytes.subarray(bytes.length);
  }
}

/** From the container to stdout, until the other side is closed, or silent after `ended`. */
async function relayOutput(master: Fd, ended: AbortSignal): Promise<void> {
  const buffer = Buffer.alloc(64 * 1024);
  let reader = true;
  for (let turn = 1; ; turn++) {
    if (!(await readable(master, ended))) return;
    const size = readSome(master, buffer);
    if (size === 0) return;
    if (size > 0 && reader) reader = writeOut(buffer.subarray(0, size));
    // Signals and keys get their turn while the container prints without a pause.
    if (turn % TURNS === 0) await new Promise(setImmediate);
  }
}

const TURNS = 16;

/** Waits for output; after the end, whether there is some still. */
async function readable(master: Fd, ended: AbortSignal): Promise<boolean> {
  try {
    if (!ended.aborted) await waitReadable(master, -1, ended);
  } catch (error) {
    if (!ended.aborted) throw error;
  }
  return ended.aborted ? waitReadableSync(master, SILENCE_MS) : true;
}

/** 0 at the end, which a pty's master tells by EIO; -1 if there is nothing now. */
function readSome(master: Fd, buffer: Uint8Array): number {
  try {
    return readSync(master, buffer);
  } catch (error) {
    if (codeOf(error) === "EAGAIN") return -1;
    if (codeOf(error) === "EIO") return 0;
    throw error;
  }
}

/** Whether anybody still reads stdout. If not, the container's output is lost, but it is not stopped. */
function writeOut(bytes: Uint8Array): boolean {
  try {
    writeAll(STDOUT, bytes);
    return true;
  } catch (error) {
    if (codeOf(error) === "EPIPE" || codeOf(error) === "EIO") return false;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
