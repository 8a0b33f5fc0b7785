// SPDX-License-Identifier: Apache-2.0
/** A bus with nobody on it but a manager of units that does what the test says. Speaks real D-Bus, on a socket. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { decodeMessage, encodeMessage, type Message, messageLength } from "../../src/native/dbus-message.ts";

export interface Reply {
  readonly signature?: string;
  readonly body?: Message["body"];
  /** The name of an error of systemd's; the body is its text. */
  readonly error?: string;
  /** Job whose end is told, with its result, before the reply or after it. */
  readonly job?: { readonly path: string; readonly result: string; readonly early?: boolean };
}

export interface FakeSystemd {
  readonly address: string;
  /** The calls so far: member and body. */
  readonly calls: (readonly [member: string, ...body: readonly unknown[]])[];
}

/** `answer` says what a call is answered with; undefined: never. */
export async function fakeSystemd(
  t: TestContext,
  answer: (member: string, body: readonly unknown[]) => Reply | undefined,
): Promise<FakeSystemd> {
  const dir = mkdtempSync(join(tmpdir(), "tsrun-bus-"));
  const calls: FakeSystemd["calls"] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket, (message) => {
      const { member = "", body = [] } = message;
      if (member === "Hello") return [replyTo(message, { signature: "s", body: [":1.1"] })];
      if (member === "AddMatch") return [replyTo(message, {})];
      calls.push([member, ...body]);
      const reply = answer(member, body);
      return reply === undefined ? [] : messagesOf(message, reply);
    });
  });
  await new Promise<void>((resolve) => server.listen(join(dir, "bus"), resolve));
  t.onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(dir, { recursive: true });
  });
  return { address: `unix:path=${dir}/bus`, calls };
}

function serve(socket: Socket, handle: (message: Message) => readonly Message[]): void {
  let bytes = Buffer.alloc(0);
  let greeted = false;
  socket.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    const begin = bytes.indexOf("BEGIN\r\n");
    if (!greeted && begin < 0) return;
    if (!greeted) {
      socket.write("DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n");
      bytes = bytes.subarray(begin + "BEGIN\r\n".length);
      greeted = true;
    }
    for (
      let length = messageLength(bytes);
      length !== undefined && bytes.length >= length;
      length = messageLength(bytes)
    ) {
      const message = decodeMessage(bytes.subarray(0, length));
      bytes = bytes.subarray(length);
      for (const answer of handle(message)) socket.write(encodeMessage(answer));
    }
  });
}

function messagesOf(call: Message, reply: Reply): readonly Message[] {
  const { job } = reply;
  if (job === undefined) return [replyTo(call, reply)];
  const ended: Message = {
    type: "signal",
    serial: 2,
    path: "/org/freedesktop/systemd1",
    interface: "org.freedesktop.systemd1.Manager",
    member: "JobRemoved",
    signature: "uoss",
    body: [1, job.path, "a.scope", job.result],
  };
  const answer = replyTo(call, { signature: "o", body: [job.path] });
  return job.early === true ? [ended, answer] : [answer, ended];
}

function replyTo({ serial: replySerial }: Message, { signature = "", body = [], error }: Reply): Message {
  if (error === undefined) return { type: "return", serial: 1, replySerial, signature, body };
  const errorName = `org.freedesktop.systemd1.${error}`;
  return { type: "error", serial: 1, replySerial, errorName, signature: "s", body: [error] };
}
