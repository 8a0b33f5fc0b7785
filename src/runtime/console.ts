// SPDX-License-Identifier: Apache-2.0
/** Where the master of the container's terminal goes: to a console socket, or to who runs the container. */
import type { Config } from "../config/config.ts";
import { UsageError } from "../errors/errors.ts";
import { close, type Fd } from "../native/fd.ts";
import { recvFds } from "../native/message.ts";
import { connectTo, socketpair } from "../native/socket.ts";

export interface Console {
  /** The end that the image sends the master to. */
  readonly theirs: Fd | undefined;
  /** Hands the master over, which the image has sent by now. Twice is once. */
  deliver(): Promise<void>;
  close(): void;
}

/** Is given the master of a terminal; what it has to do before the program may write there is done when it resolves. */
export type TerminalTaker = (master: number) => void | Promise<void>;

interface Wanted {
  readonly consoleSocket: string | undefined;
  readonly onTerminal: TerminalTaker | undefined;
}

// In the words of runc, which callers look for.
const NO_TTY = "cannot use console socket if tsrun will not detach or allocate tty";
const NO_SOCKET = "cannot allocate tty if tsrun will detach without setting console socket";

const NONE: Console = { theirs: undefined, deliver: async () => {}, close: () => {} };

/** UsageError: a terminal without a place for its master, or a console socket without a terminal. */
export function openConsole(config: Config, { consoleSocket, onTerminal }: Wanted): Console {
  if (config.process?.terminal !== true) {
    if (consoleSocket === undefined) return NONE;
    throw new UsageError("--console-socket", `${NO_TTY} (/process/terminal of config.json is not true)`);
  }
  if (consoleSocket !== undefined) {
    const theirs = connectTo(consoleSocket, "stream");
    return { theirs, deliver: async () => {}, close: () => close(theirs) };
  }
  if (onTerminal === undefined) {
    const message = `${NO_SOCKET} (/process/terminal of config.json is true)`;
    throw new UsageError("--console-socket", message);
  }
  return relayed(onTerminal);
}

function relayed(onTerminal: TerminalTaker): Console {
  const [ours, theirs] = socketpair();
  let delivered = false;
  return {
    theirs,
    async deliver() {
      if (delivered) return;
      delivered = true;
      const [master] = recvFds(ours, 64).fds;
      if (master !== undefined) await onTerminal(master);
    },
    close() {
      close(ours);
      close(theirs);
    },
  };
}
