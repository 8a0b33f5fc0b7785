// SPDX-License-Identifier: Apache-2.0
/** `start`: runtime.md#start. The connection's end says that the program runs; a report says what kept it from it. */
import { decodeReport, LOG_SIZE, REPORT_SIZE } from "../emit/report.ts";
import { StateError, SyscallError } from "../errors/errors.ts";
import { errnoName } from "../kernel/errno.ts";
import { close, type Fd } from "../native/fd.ts";
import { recvFds, recvMessage } from "../native/message.ts";
import { waitReadable } from "../native/poll.ts";
import { connectTo } from "../native/socket.ts";
import type { Status } from "../state/container-state.ts";
import { type Held, withHeld } from "../state/hold.ts";
import { deriveStatus } from "../state/status.ts";
import { removeStartSocket, startSocket } from "../state/store.ts";
import { type ContainerRecord, readRecord } from "./record.ts";
import type { Agent } from "./seccomp-listener.ts";

/** A hook that fails is the end of the container: runtime.md#lifecycle. `warn` is told of poststop hooks that fail, too. */
export async function start(root: string, id: string, warn: (warning: string) => void): Promise<void> {
  const failed = await withHeld(root, id, (held) => startHeld(held));
  if (failed === undefined) return;
  const { deleteContainer } = await import("./end.ts");
  await deleteContainer(root, id, { force: true, warn }).catch((left) => warn(`not undone: ${left}`));
  throw failed;
}

/** Returns the failure of a hook. */
async function startHeld(held: Held): Promise<Error | undefined> {
  const { root, id } = held;
  const record = readRecord(root, id);
  if (!record.startable) throw notStartable(record, "created", "cannot be started: its config.json has no process");
  const agent = await reachAgent(record);
  try {
    const connection = connect(root, record);
    try {
      const failed = await confirm(connection, record, agent);
      if (failed !== undefined) return failed;
      removeStartSocket(held);
    } finally {
      close(connection);
    }
  } finally {
    agent?.close();
  }
  if (record.hooks?.poststart === undefined) return undefined;
  const { poststart } = await import("./hooks.ts");
  return poststart(record).then(
    () => undefined,
    (error: Error) => error,
  );
}

/** What answers system calls of the container, if its filter tells of any. */
async function reachAgent(record: ContainerRecord): Promise<Agent | undefined> {
  return record.listener === undefined
    ? undefined
    : (await import("./seccomp-listener.ts")).reachAgent(record, "created");
}

/** Only an image that waits takes the connection; why there is none is worth a look. */
function connect(root: string, record: ContainerRecord): Fd {
  try {
    return connectTo(startSocket(root, record.id));
  } catch (error) {
    const status = deriveStatus(root, record);
    if (status === "created") throw error;
    throw notStartable(
      record,
      status,
      status === "running" ? "is running already" : `cannot be started: it is ${status}`,
    );
  }
}

function notStartable({ id }: ContainerRecord, status: Status, reason: string): StateError {
  return new StateError("ETSRUN_NOT_CREATED", id, `container ${JSON.stringify(id)} ${reason}`, status);
}

/** Returns the failure of a hook, throws any other. */
async function confirm(connection: Fd, record: ContainerRecord, agent: Agent | undefined): Promise<Error | undefined> {
  const output = record.startHooks === true ? await receiveOutput(connection) : undefined;
  try {
    const early = await agent?.deliver(connection, record.pid);
    const bytes = early ?? (await recvMessage(connection, REPORT_SIZE + LOG_SIZE));
    if (bytes === undefined || bytes.length === 0) return undefined;
    const report = decodeReport(bytes);
    if (report.kind !== "failure") throw new Error(`the image said ${report.kind}, expected nothing`);
    const { failureOf } = await import("./failure.ts");
    const text = record.steps[report.step];
    if (text === undefined) throw new SyscallError(`step of record ${report.step}`, errnoName(report.errno));
    if (output !== undefined) {
      const { imageHookError } = await import("./hooks-text.ts");
      const failed = imageHookError(report, text, output);
      if (failed !== undefined) return failed;
    }
    const { missingProgramOf } = await import("./missing-program.ts");
    throw failureOf(report, text, missingProgramOf(record.pid, text.line, report.errno));
  } finally {
    if (output !== undefined) close(output);
  }
}

/** The file with what the container's hooks say; undefined if the image has ended before. */
async function receiveOutput(connection: Fd): Promise<Fd | undefined> {
  if (!(await waitReadable(connection))) return undefined;
  const { fds } = recvFds(connection, "output".length);
  return fds[0];
}
