// SPDX-License-Identifier: Apache-2.0
/** Local sockets that keep the borders of messages. socket(2), unix(7). */
import { closeSync, constants, openSync } from "node:fs";
import { basename, dirname } from "node:path";
import { quote } from "../kernel/quote.ts";
import { AF, SOCK } from "../kernel/socket.ts";
import { libcCall, must } from "./call.ts";
import { close, type Fd } from "./fd.ts";

const SEQPACKET = SOCK.SOCK_SEQPACKET | SOCK.SOCK_CLOEXEC;
const STREAM = SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC;
// What fits into sun_path with its NUL.
const PATH_MAX_BYTES = 107;
// O_PATH, which node:fs has no name for.
const O_PATH = 0o10000000;

const socketCall = libcCall("socket", "int", ["int", "int", "int"]);
const socketpairCall = libcCall("socketpair", "int", ["int", "int", "int", "void *"]);
const bindCall = libcCall("bind", "int", ["int", "void *", "uint"]);
const listenCall = libcCall("listen", "int", ["int", "int"]);
const connectCall = libcCall("connect", "int", ["int", "void *", "uint"]);
const acceptCall = libcCall("accept4", "int", ["int", "void *", "void *", "int"]);

/** `socketpair(AF_UNIX, SOCK_SEQPACKET|SOCK_CLOEXEC, 0, fds)` → the two ends. socketpair(2). */
export function socketpair(): [Fd, Fd] {
  const fds = Buffer.alloc(8);
  must(socketpairCall(AF.AF_UNIX, SEQPACKET, 0, fds), () => "socketpair(AF_UNIX, SOCK_SEQPACKET|SOCK_CLOEXEC, 0, [])");
  return [fds.readInt32LE(0) as Fd, fds.readInt32LE(4) as Fd];
}

/**
 * `socket` + `bind(fd, {AF_UNIX, path})` + `listen(fd, backlog)` → a listening seqpacket socket
 *
 * The file at `path` is made, and stays when the socket is closed. EADDRINUSE: it exists.
 */
export function listenAt(path: string, backlog = 8): Fd {
  const fd = open(SEQPACKET);
  try {
    withAddress(path, (address) => {
      must(bindCall(fd, address, address.length), () => `bind(${fd}, {sa_family=AF_UNIX, sun_path=${quote(path)}})`);
    });
    must(listenCall(fd, backlog), () => `listen(${fd}, ${backlog})`);
  } catch (error) {
    close(fd);
    throw error;
  }
  return fd;
}

/**
 * `socket` + `connect(fd, {AF_UNIX, path})` → fd
 *
 * `type` stream is what a console socket is. ENOENT: no file; ECONNREFUSED: nobody listens; EPROTOTYPE: the other type.
 */
export function connectTo(path: string, type: "seqpacket" | "stream" = "seqpacket"): Fd {
  const fd = open(type === "seqpacket" ? SEQPACKET : STREAM);
  try {
    withAddress(path, (address) => {
      const line = () => `connect(${fd}, {sa_family=AF_UNIX, sun_path=${quote(path)}})`;
      must(connectCall(fd, address, address.length), line);
    });
  } catch (error) {
    close(fd);
    throw error;
  }
  return fd;
}

/** `accept4(fd, NULL, NULL, SOCK_CLOEXEC)` → the connection. Blocks until there is one. accept(2). */
export function accept(listener: Fd): Fd {
  return must(
    acceptCall(listener, null, null, SOCK.SOCK_CLOEXEC),
    () => `accept4(${listener}, NULL, NULL, SOCK_CLOEXEC)`,
  ) as Fd;
}

function open(type: number): Fd {
  const name = type === STREAM ? "SOCK_STREAM" : "SOCK_SEQPACKET";
  return must(socketCall(AF.AF_UNIX, type, 0), () => `socket(AF_UNIX, ${name}|SOCK_CLOEXEC, 0)`) as Fd;
}

/** A path too long for sun_path is reached through its directory's descriptor; the name alone must fit. */
function withAddress(path: string, use: (address: Buffer) => void): void {
  if (Buffer.byteLength(path) <= PATH_MAX_BYTES) {
    use(address(path));
    return;
  }
  const directory = openSync(dirname(path), constants.O_DIRECTORY | O_PATH);
  try {
    use(address(`/proc/self/fd/${directory}/${basename(path)}`));
  } finally {
    closeSync(directory);
  }
}

/** struct sockaddr_un, 110 bytes: sun_family 0-1, sun_path 2-109. unix(7). */
function address(path: string): Buffer {
  const bytes = Buffer.alloc(110);
  bytes.writeUInt16LE(AF.AF_UNIX, 0);
  bytes.write(path, 2);
  return bytes;
}
