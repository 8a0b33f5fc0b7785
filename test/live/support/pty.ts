// SPDX-License-Identifier: Apache-2.0
/**
 * A command at a terminal of its own, as in a terminal window.
 *
 *   const at = await terminal(t, [TSRUN, "run", "c1"], { cwd: dir });
 *   await at.until("ready");
 *   at.type("exit 3\r");
 *   expect(await at.end()).toBe(3);
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, readSync, writeSync } from "node:fs";
import type { TestContext } from "vitest";
import type { Fd } from "../../../src/native/fd.ts";
import { waitReadable } from "../../../src/native/poll.ts";
import {
  openPty,
  ptyPeer,
  setWindowSize,
  type Termios,
  tcgetattr,
  type WindowSize,
} from "../../../src/native/terminal.ts";
import { PATIENCE } from "./patience.ts";

export interface Terminal {
  readonly child: ChildProcess;
  /** All that the terminal has shown so far. */
  shown(): string;
  /** Waits until the terminal has shown it; the test fails after a while. */
  until(text: string | RegExp): Promise<void>;
  type(keys: string): void;
  resize(size: WindowSize): void;
  /** How the terminal is set. */
  mode(): Termios;
  /** Waits for the command, and for all that it has written: its exit status, or the signal's name. */
  end(): Promise<number | NodeJS.Signals | null>;
}

const PATIENCE_MS = 10_000 * PATIENCE;

/** Starts the command as the leader of a session whose terminal is a new one, of 24 by 80 unless told. */
export function terminal(
  t: TestContext,
  command: readonly string[],
  options: { cwd: string; size?: WindowSize; env?: Record<string, string> },
): Terminal {
  const { master } = openPty();
  setWindowSize(master, options.size ?? { rows: 24, columns: 80 });
  const peer = ptyPeer(master);
  const child = spawn("setsid", ["--ctty", "--wait", ...command], {
    cwd: options.cwd,
    env: { PATH: process.env.PATH, HOME: "/", TERM: "xterm", ...options.env },
    stdio: [peer, peer, peer],
  });
  closeSync(peer);
  const output = collect(master);
  const ended = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (status, signal) => resolve(status ?? signal));
  });
  t.onTestFinished(async () => {
    child.kill("SIGKILL");
    await output.done;
    closeSync(master);
  });
  return {
    child,
    shown: () => output.text(),
    async until(text) {
      const late = Date.now() + PATIENCE_MS;
      while (!matches(output.text(), text)) {
        if (Date.now() > late) throw new Error(`${text} was never shown, but ${JSON.stringify(output.text())}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    type: (keys) => writeSync(master, keys),
    resize: (size) => setWindowSize(master, size),
    mode: () => tcgetattr(master),
    async end() {
      const status = await ended;
      await output.done;
      return status;
    },
  };
}

function matches(shown: string, wanted: string | RegExp): boolean {
  return typeof wanted === "string" ? shown.includes(wanted) : wanted.test(shown);
}

/** Reads until the last process at the terminal has closed it, which a master is told by EIO. */
function collect(master: Fd): { text(): string; readonly done: Promise<void> } {
  const chunks: Buffer[] = [];
  const buffer = Buffer.alloc(64 * 1024);
  async function read(): Promise<void> {
    for (;;) {
      await waitReadable(master);
      try {
        const size = readSync(master, buffer);
        chunks.push(Buffer.from(buffer.subarray(0, size)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
      }
    }
  }
  return { text: () => Buffer.concat(chunks).toString("utf8"), done: read() };
}
