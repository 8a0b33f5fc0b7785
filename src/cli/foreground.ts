// SPDX-License-Identifier: Apache-2.0
/** `run` and `exec` in the foreground: tsrun behaves as the process would in its place. */
import { StateError } from "../errors/errors.ts";
import { SIG } from "../kernel/signal.ts";
import type { Fd } from "../native/fd.ts";
import { kill } from "../native/process.ts";
import type { RestoreOptions } from "../runtime/checkpoint-options.ts";
import type { CreateOptions, ExecOptions, ExitStatus, Runtime } from "../runtime/runtime.ts";
import type { Relay } from "./terminal.ts";

/** Returns the exit code of the container's process, 128+n if signal n ended it. */
export async function runForeground(
  runtime: Runtime,
  id: string,
  options: CreateOptions & { readonly keep: boolean },
): Promise<number> {
  const send = (signal: number) => sent(runtime, id, signal);
  return inForeground(send, (onTerminal) => runtime.run(id, { ...options, onTerminal }));
}

/** The same for a container that is restored. */
export async function restoreForeground(
  runtime: Runtime,
  id: string,
  { keep, ...options }: RestoreOptions & { readonly keep: boolean },
): Promise<number> {
  const send = (signal: number) => sent(runtime, id, signal);
  return inForeground(send, async (onTerminal) => {
    await runtime.restore(id, { ...options, onTerminal });
    try {
      return await runtime.wait(id);
    } finally {
      if (!keep) await runtime.delete(id, { force: true });
    }
  });
}

/** The same for one more process of a container. */
export async function execForeground(runtime: Runtime, id: string, options: ExecOptions): Promise<number> {
  let pid: number | undefined;
  let ended = false;
  // Our own child: its number is nobody else's until it is waited for.
  const send = async (signal: number) => {
    if (pid !== undefined && !ended) kill(pid, signal);
    return pid !== undefined;
  };
  return inForeground(send, async (onTerminal) => {
    const joined = await runtime.exec(id, { ...options, onTerminal });
    pid = joined.pid;
    try {
      return await joined.wait();
    } finally {
      ended = true;
    }
  });
}

/** `send` answers whether there is nothing more to be done about a signal. */
async function inForeground(
  send: (signal: number) => Promise<boolean>,
  run: (onTerminal: (master: number) => Promise<void>) => Promise<ExitStatus>,
): Promise<number> {
  const forwarding = forwardSignals(send);
  let relay: Promise<Relay> | undefined;
  try {
    const status = await run(async (master) => {
      relay = startRelay(master as Fd);
      await relay;
    });
    await (await relay)?.drain();
    return exitCode(status);
  } finally {
    forwarding.stop();
    (await relay)?.stop();
  }
}

export function exitCode(status: ExitStatus): number {
  return "signal" in status ? 128 + status.signal : status.code;
}

/** Loaded only for a container with a terminal. */
async function startRelay(master: Fd): Promise<Relay> {
  const { relayTerminal } = await import("./terminal.ts");
  return relayTerminal(master);
}

// Not forwarded: what cannot be caught; what tells of our own children, pipes, sockets and terminal (a background job
// that touches the terminal must stop); and faults of our own code, whose handler would run for ever.
const NOT_FORWARDED: ReadonlySet<string> = new Set(
  "KILL STOP CHLD PIPE URG WINCH TTIN TTOU SEGV BUS FPE ILL TRAP".split(" ").map((name) => `SIG${name}`),
);
// Bun's engine stops its threads with it.
const TAKEN = process.versions.bun === undefined ? undefined : "SIGPWR";

/** The signals that the container's init gets in our place. */
export function forwardedSignals(): (keyof typeof SIG & NodeJS.Signals)[] {
  const names = Object.keys(SIG).filter((name) => !NOT_FORWARDED.has(name) && name !== TAKEN);
  return names as (keyof typeof SIG & NodeJS.Signals)[];
}

/** A signal that comes before there is a container waits for it, as it would wait for a process that has just begun. */
function forwardSignals(send: (signal: number) => Promise<boolean>): { stop(): void } {
  const waiting: number[] = [];
  let sending = false;
  let stopped = false;
  const receive = (_name: NodeJS.Signals, signal: number) => {
    waiting.push(signal);
    if (!sending) void sendAll();
  };
  for (const name of AT_ONCE) process.on(name, receive);
  // The others while the image runs: each handler costs Node some system calls, and the start waits for none.
  setImmediate(() => {
    for (const name of forwardedSignals()) if (!AT_ONCE.has(name)) process.on(name, receive);
  });

  async function sendAll(): Promise<void> {
    sending = true;
    for (let signal = waiting[0]; signal !== undefined && !stopped; signal = waiting[0]) {
      if (await send(signal)) waiting.shift();
      else await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    sending = false;
  }
  return {
    // The process ends now, with the container's status: what still comes is for nobody.
    stop() {
      stopped = true;
    },
  };
}

const RETRY_MS = 5;
// What a person or a supervisor sends to end a program, which would otherwise end us with the container half made.
const AT_ONCE: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]);

/** Whether there is nothing more to be done about the signal. */
async function sent(runtime: Runtime, id: string, signal: number): Promise<boolean> {
  try {
    // Before `start` there is only the image, which as the init of a pid namespace would not even notice.
    const { status } = await runtime.state(id);
    if (status === "creating" || status === "created") return false;
    await runtime.kill(id, signal);
    return true;
  } catch (error) {
    // Not there yet, or no longer: `stop` ends the second.
    return !(error instanceof StateError);
  }
}
