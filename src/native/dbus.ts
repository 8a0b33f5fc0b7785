// SPDX-License-Identifier: Apache-2.0
/**
 * A connection to a bus of D-Bus: calls with a deadline, and signals. Nothing here blocks the event loop, and nothing
 * waits without an end. D-Bus specification, "Authentication Protocol" and "Message Protocol".
 */
import { connect, type Socket } from "node:net";
import { HostError } from "../errors/errors.ts";
import { socketPaths } from "./dbus-address.ts";
import { decodeMessage, encodeMessage, type Message, messageLength } from "./dbus-message.ts";
import type { Value } from "./dbus-types.ts";

export interface MethodCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly Value[];
}

/** The other side's answer is an error; `errorName` is such as org.freedesktop.systemd1.NoSuchUnit. */
export class MethodError extends HostError {
  readonly errorName: string;
  constructor(call: MethodCall, errorName: string, text: string) {
    super(`${call.member}: ${text} (${errorName})`);
    this.errorName = errorName;
  }
}

const BUS = { destination: "org.freedesktop.DBus", path: "/org/freedesktop/DBus", interface: "org.freedesktop.DBus" };

/**
 * Who we are is what the kernel says of the socket, not what we say: an empty answer to DATA. So it holds in a user
 * namespace, too, where our own number of ourselves is another.
 */
const GREETING = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";

interface Pending {
  readonly call: MethodCall;
  resolve(body: readonly Value[]): void;
  reject(error: Error): void;
}

export class Bus {
  readonly #socket: Socket;
  readonly #address: string;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(signal: Message) => void>();
  #bytes: Buffer = Buffer.alloc(0);
  #authenticated = false;
  #serial = 0;
  #failure: Error | undefined;

  /** HostError: nobody listens there, or does not let us in within the time. */
  static async open(address: string, timeoutMs: number): Promise<Bus> {
    const bus = new Bus(await connectAny(address, timeoutMs), address);
    try {
      await bus.call({ ...BUS, member: "Hello" }, timeoutMs);
      return bus;
    } catch (error) {
      bus.close();
      throw error;
    }
  }

  private constructor(socket: Socket, address: string) {
    this.#socket = socket;
    this.#address = address;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", (error) => this.#fail(error.message, error));
    socket.on("close", () => this.#fail("it closed the connection"));
    socket.write(GREETING, "latin1");
  }

  /** The values of the answer. MethodError: it is an error. HostError: there is none in time, or the connection broke. */
  call(call: MethodCall, timeoutMs: number): Promise<readonly Value[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const serial = ++this.#serial;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(serial);
        reject(new HostError(`${call.destination} did not answer to ${call.member} within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      this.#pending.set(serial, {
        call,
        resolve: (body) => {
          clearTimeout(timer);
          resolve(body);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#socket.write(encodeMessage({ type: "call", serial, ...call }));
    });
  }

  /** Asks the bus for the signals of a rule; `listener` is told of each, and of those that come unasked. */
  async listen(rule: string, listener: (signal: Message) => void, timeoutMs: number): Promise<void> {
    this.#listeners.add(listener);
    await this.call({ ...BUS, member: "AddMatch", signature: "s", body: [rule] }, timeoutMs);
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    try {
      if (!this.#authenticated) this.#authenticate();
      if (this.#authenticated) this.#takeMessages();
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error), error);
      this.#socket.destroy();
    }
  }

  /** `DATA`, `OK guid`; then messages begin. */
  #authenticate(): void {
    for (let end = this.#bytes.indexOf("\r\n"); end >= 0; end = this.#bytes.indexOf("\r\n")) {
      const line = this.#bytes.toString("latin1", 0, end);
      this.#bytes = this.#bytes.subarray(end + 2);
      if (line.startsWith("DATA")) continue;
      if (!line.startsWith("OK ")) throw new RangeError(`it does not let us in: ${JSON.stringify(line)}`);
      this.#authenticated = true;
      return;
    }
  }

  #takeMessages(): void {
    for (;;) {
      const length = messageLength(this.#bytes);
      if (length === undefined || this.#bytes.length < length) return;
      const message = decodeMessage(this.#bytes.subarray(0, length));
      this.#bytes = this.#bytes.subarray(length);
      this.#take(message);
    }
  }

  #take(message: Message): void {
    if (message.type === "signal") for (const listener of this.#listeners) listener(message);
    const pending = this.#pending.get(message.replySerial ?? 0);
    if (pending === undefined || (message.type !== "return" && message.type !== "error")) return;
    this.#pending.delete(message.replySerial ?? 0);
    const { body = [], errorName = "" } = message;
    if (message.type === "return") pending.resolve(body);
    else pending.reject(new MethodError(pending.call, errorName, String(body[0] ?? "no reason is told")));
  }

  /** Nothing that is still waited for will come. */
  #fail(reason: string, cause?: unknown): void {
    this.#failure ??= new HostError(`the bus ${this.#address} failed: ${reason}`, { cause });
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
  }
}

/** The first socket of the address that takes a connection. */
async function connectAny(address: string, timeoutMs: number): Promise<Socket> {
  const paths = socketPaths(address);
  if (paths.length === 0) throw new HostError(`${JSON.stringify(address)} names no socket by its path`);
  let failure: unknown;
  for (const path of paths) {
    try {
      return await connectTo(path, timeoutMs);
    } catch (error) {
      failure = error;
    }
  }
  const reason = failure instanceof Error ? failure.message : String(failure);
  throw new HostError(`the bus ${address} cannot be reached: ${reason}`, { cause: failure });
}

function connectTo(path: string, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${timeoutMs / 1000} s`)), timeoutMs);
    socket.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}
