// SPDX-License-Identifier: Apache-2.0
/** CRIU as a program that is asked over a socket: `criu swrk FD`, one request a process. criu(8), https://criu.org/RPC. */
import { accessSync, constants, openSync } from "node:fs";
import { delimiter, join } from "node:path";
import { HostError, SyscallError } from "../errors/errors.ts";
import { close, type Fd } from "../native/fd.ts";
import { recvFds, send } from "../native/message.ts";
import { waitReadable } from "../native/poll.ts";
import { kill } from "../native/process.ts";
import { socketpair } from "../native/socket.ts";
import { spawn } from "../native/spawn.ts";
import { waitExit } from "../native/wait.ts";
import {
  CRIU_TYPE,
  type CriuFeatures,
  type CriuRequest,
  type CriuResponse,
  REQUEST,
  RESPONSE,
} from "./criu-messages.ts";
import { decode, encode } from "./criu-wire.ts";

export interface Criu {
  readonly path: string;
  /** 31701 is 3.17.1. */
  readonly version: number;
}

/** CRIU comes to a point where it lets others do something, and waits for the answer. */
export interface Notice {
  readonly script: string;
  readonly pid: number;
  /** The master of the terminal, with `orphan-pts-master`. Closed after the answer. */
  readonly fd: Fd | undefined;
}

export type OnNotice = (notice: Notice) => Promise<void>;

/** The first that dumps namespaces which are not the container's own, and tells when pages can be asked for. */
const OLDEST = 31_500;

/** HostError: there is no CRIU, or one that is too old. */
export async function findCriu(): Promise<Criu> {
  const path = programPath();
  const { success, version } = await askCriu(path, { type: CRIU_TYPE.VERSION });
  if (success !== true || version === undefined) throw new HostError(`${path} does not tell its version`);
  const { major_number: major = 0, minor_number: minor = 0, sublevel = 0 } = version;
  const criu = { path, version: major * 10_000 + minor * 100 + sublevel };
  demand(criu, OLDEST, "checkpoint and restore");
  return criu;
}

/** HostError: `what` needs a later version. */
export function demand({ path, version }: Criu, least: number, what: string): void {
  if (version >= least) return;
  throw new HostError(`${what}: needs CRIU ${versionText(least)} or later, ${path} is ${versionText(version)}`);
}

function versionText(version: number): string {
  return `${Math.floor(version / 10_000)}.${Math.floor(version / 100) % 100}.${version % 100}`;
}

/** HostError: CRIU or the kernel lacks what is asked for. */
export async function demandFeature({ path }: Criu, feature: keyof CriuFeatures, option: string): Promise<void> {
  const { features } = await askCriu(path, { type: CRIU_TYPE.FEATURE_CHECK, features: { [feature]: true } });
  if (features?.[feature] !== true)
    throw new HostError(`${option}: this kernel or this CRIU cannot do it (${feature})`);
}

const DIRECTORIES = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

function programPath(): string {
  const places = [...(process.env.PATH ?? "").split(delimiter), ...DIRECTORIES].filter((dir) => dir.startsWith("/"));
  const path = places.map((dir) => join(dir, "criu")).find(isProgram);
  if (path !== undefined) return path;
  throw new HostError("checkpoint and restore need CRIU, and there is no criu in $PATH: install the package criu");
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts CRIU for one request, and returns its last answer when it has ended. */
export async function askCriu(
  path: string,
  request: CriuRequest,
  onNotice: OnNotice = async () => {},
): Promise<CriuResponse> {
  const [ours, theirs] = socketpair();
  let pid = 0;
  try {
    pid = start(path, theirs);
    close(theirs);
    return await converse(ours, request, onNotice);
  } catch (error) {
    if (pid > 0) kill(pid, 9);
    throw error;
  } finally {
    // After a dump of memory alone it would wait for the next request.
    close(ours);
    if (pid > 0) await waitExit(pid);
  }
}

function start(path: string, socket: Fd): number {
  const nothing = openSync("/dev/null", "r+") as Fd;
  try {
    const fds = [...[0, 1, 2].map((to) => [nothing, to] as const), [socket, 3] as const];
    return spawn({ file: path, argv: ["criu", "swrk", "3"], env: environment(), fds, alone: true });
  } catch (error) {
    close(socket);
    throw error;
  } finally {
    close(nothing);
  }
}

/** CRIU calls other programs, and has settings of its own there. */
export function environment(): readonly string[] {
  const entries = Object.entries({ ...process.env, PATH: `${process.env.PATH ?? ""}:${DIRECTORIES.join(":")}` });
  return entries.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

/**
 * One request with all the notices that come before its answer. What a notice throws ends the work, and is thrown at the
 * end. Without an answer the work has failed, too.
 */
export async function converse(socket: Fd, request: CriuRequest, onNotice: OnNotice): Promise<CriuResponse> {
  let failed: { readonly error: unknown } | undefined;
  for (let next = request; ; ) {
    const { response, fd } = await exchange(socket, next);
    if (response.type !== CRIU_TYPE.NOTIFY || response.success !== true) {
      if (failed !== undefined) throw failed.error;
      return response;
    }
    try {
      const { script = "", pid = 0 } = response.notify ?? {};
      if (failed === undefined) await onNotice({ script, pid, fd });
    } catch (error) {
      failed = { error };
    } finally {
      if (fd !== undefined) close(fd);
    }
    next = { type: CRIU_TYPE.NOTIFY, notify_success: failed === undefined };
  }
}

/** CRIU's own messages are shorter. */
const MOST = 40_960;

async function exchange(socket: Fd, request: CriuRequest): Promise<{ response: CriuResponse; fd: Fd | undefined }> {
  const { bytes, fds } = await sendAndReceive(socket, request);
  const [fd] = fds;
  if (bytes.length === 0) return { response: { cr_errmsg: "it has ended without an answer" }, fd };
  try {
    return { response: decode(RESPONSE, bytes), fd };
  } catch (cause) {
    if (fd !== undefined) close(fd);
    throw new HostError("CRIU answers with something that is no message of its protocol", { cause });
  }
}

/** No bytes: there is nobody at the other end any more. */
async function sendAndReceive(socket: Fd, request: CriuRequest): Promise<{ bytes: Uint8Array; fds: readonly Fd[] }> {
  try {
    send(socket, encode(REQUEST, request));
    await waitReadable(socket);
    return recvFds(socket, MOST);
  } catch (error) {
    if (error instanceof SyscallError && ["ECONNRESET", "EPIPE"].includes(error.errno)) {
      return { bytes: new Uint8Array(), fds: [] };
    }
    throw error;
  }
}
