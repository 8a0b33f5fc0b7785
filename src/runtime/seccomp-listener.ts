// SPDX-License-Identifier: Apache-2.0
/**
 * A filter's listener on its way to the agent that answers system calls: a stream socket, one connection, one message.
 * config-linux.md#the-container-process-state, seccomp_unotify(2).
 */
import { statSync } from "node:fs";
import type { Seccomp } from "../config/config.ts";
import { LOG_SIZE, REPORT_SIZE } from "../emit/report.ts";
import { ConfigError, HostError } from "../errors/errors.ts";
import { SIG } from "../kernel/signal.ts";
import { close, type Fd } from "../native/fd.ts";
import { recvFds, send, sendFds } from "../native/message.ts";
import { waitReadable, waitReadableSync } from "../native/poll.ts";
import { pidfd_open, pidfd_send_signal } from "../native/process.ts";
import { answerNotification, receiveNotification } from "../native/seccomp-notify.ts";
import { connectTo } from "../native/socket.ts";
import { isAlive } from "../state/status.ts";
import type { ContainerRecord } from "./record.ts";

/** What `start` must know of `linux.seccomp`. */
export interface ListenerRecord {
  readonly path: string;
  readonly metadata?: string;
}

/**
 * What is kept of a profile that notifies. ConfigError: there is no socket at `listenerPath`. It is not connected to: an
 * agent gets one connection for each listener.
 */
export function listenerRecord({ listenerPath = "", listenerMetadata }: Seccomp, file: string): ListenerRecord {
  if (statSync(listenerPath, { throwIfNoEntry: false })?.isSocket() !== true) {
    const message = `no socket is at ${JSON.stringify(listenerPath)}: the agent that answers system calls must be there first`;
    throw new ConfigError(file, [{ pointer: "/linux/seccomp/listenerPath", message, spec: "config-linux.md#seccomp" }]);
  }
  return { path: listenerPath, ...(listenerMetadata !== undefined && { metadata: listenerMetadata }) };
}

/** A connection to the agent. */
export interface Agent {
  /**
   * Receives the listener of a process, hands it on and lets the image go on. Returns what the image says instead, if it
   * has failed before. When it cannot be handed on, a container's init is ended: without an agent it would wait for ever.
   */
  deliver(connection: Fd, pid: number): Promise<Uint8Array | undefined>;
  close(): void;
}

/** HostError: nobody listens. The image has not been told to go on, so nothing has begun. */
export function reachAgent(record: ContainerRecord, status: "created" | "running"): Agent {
  let agent: Fd | undefined = connectAgent(record.listener?.path ?? "");
  const end = () => {
    if (agent !== undefined) close(agent);
    agent = undefined;
  };
  const tell = (listener: Fd, pid: number) => {
    if (agent === undefined) throw new Error("the agent is told of one listener only");
    sendFds(agent, Buffer.from(JSON.stringify(processState(record, status, pid))), [listener]);
    // It reads up to here, and may have to answer the next call before we return.
    end();
  };
  return {
    async deliver(connection, pid) {
      try {
        return await deliver(connection, (listener) => tell(listener, pid));
      } catch (cause) {
        if (pid === record.pid) endInit(record);
        throw new HostError("the listener of linux.seccomp cannot be handed to its agent: its process was ended", {
          cause,
        });
      }
    },
    close: end,
  };
}

function connectAgent(path: string): Fd {
  try {
    return connectTo(path, "stream");
  } catch (cause) {
    throw new HostError("the agent at linux.seccomp.listenerPath cannot be reached: nothing was started", { cause });
  }
}

async function deliver(connection: Fd, tell: (listener: Fd) => void): Promise<Uint8Array | undefined> {
  await waitReadable(connection);
  const { bytes, fds } = recvFds(connection, REPORT_SIZE + LOG_SIZE);
  const [listener] = fds;
  if (listener === undefined) return bytes;
  try {
    // The image's own call comes first, and the agent never sees it.
    const call = bytes.toString("latin1") === "notified" ? firstCall(listener) : undefined;
    tell(listener);
    if (call === undefined) send(connection, Uint8Array.of(1));
    else answerNotification(listener, call, 1n);
    return undefined;
  } finally {
    close(listener);
  }
}

const CALL_MS = 5000;

/** The image makes it at once; not waited for by the event loop, which would leave the agent a non-blocking file. */
function firstCall(listener: Fd): bigint {
  waitReadableSync(listener, CALL_MS);
  return receiveNotification(listener);
}

/** config-linux.md#the-container-process-state. A container is created while its program does not run yet. */
function processState(record: ContainerRecord, status: string, pid: number): unknown {
  const { ociVersion, id, bundle, annotations, listener } = record;
  const some = annotations === undefined || Object.keys(annotations).length === 0 ? {} : { annotations };
  return {
    ociVersion,
    fds: ["seccompFd"],
    pid,
    ...(listener?.metadata && { metadata: listener.metadata }),
    state: { ociVersion, id, status, pid: record.pid, bundle, ...some },
  };
}

function endInit(record: ContainerRecord): void {
  const pidfd = pidfd_open(record.pid);
  if (pidfd === undefined) return;
  try {
    if (isAlive(record)) pidfd_send_signal(pidfd, SIG.SIGKILL);
  } finally {
    close(pidfd);
  }
}
