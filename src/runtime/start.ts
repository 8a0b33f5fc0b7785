// SPDX-License-Identifier: Apache-2.0
/** `start`: runtime.md#start. The connection's end says that the program runs; a report says what kept it from it. */
import { decodeReport, LOG_SIZE, REPORT_SIZE } from "../emit/report.ts";
import { StateError, SyscallError } from "../errors/errors.ts";
import { errnoName } from "../kernel/errno.ts";
import { close, type Fd } from "../native/fd.ts";
import { openDirectory } from "../native/in-root.ts";
import { recvMessage } from "../native/message.ts";
import { connectTo } from "../native/socket.ts";
import type { Status } from "../state/container-state.ts";
import { withHeld } from "../state/hold.ts";
import { deriveStatus } from "../state/status.ts";
import { removeStartSocket, startSocket } from "../state/store.ts";
import { type ContainerRecord, readRecord } from "./record.ts";

export async function start(root: string, id: string): Promise<void> {
  await withHeld(root, id, async (held) => {
    const record = readRecord(root, id);
    if (!record.startable) throw notStartable(record, "created", "cannot be started: its config.json has no process");
    const connection = connect(root, record);
    try {
      await confirm(connection, record);
      removeStartSocket(held);
    } finally {
      close(connection);
    }
  });
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

async function confirm(connection: Fd, record: ContainerRecord): Promise<void> {
  const bytes = await recvMessage(connection, REPORT_SIZE + LOG_SIZE);
  if (bytes === undefined || bytes.length === 0) return;
  const report = decodeReport(bytes);
  if (report.kind !== "failure") throw new Error(`the image said ${report.kind}, expected nothing`);
  const { failureOf } = await import("./failure.ts");
  const text = record.steps[report.step];
  if (text === undefined) throw new SyscallError(`step of record ${report.step}`, errnoName(report.errno));
  throw failureOf(report, text, await findHint(record, text.line, report.errno));
}

/** The image waits until we have looked: its root is the container's. */
async function findHint({ pid }: ContainerRecord, line: string, errno: number): Promise<string | undefined> {
  if (!line.startsWith("execve(")) return undefined;
  const { missingProgram } = await import("./missing-program.ts");
  try {
    const root = openDirectory(`/proc/${pid}/root`);
    try {
      return missingProgram(root, line, errno);
    } finally {
      close(root);
    }
  } catch {
    return undefined;
  }
}
