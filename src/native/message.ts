// SPDX-License-Identifier: Apache-2.0
/** Messages on a local socket, and descriptors that travel with them. send(2), recv(2), unix(7). */
import { SyscallError } from "../errors/errors.ts";
import { ERRNO } from "../kernel/errno.ts";
import { MSG, SCM, SOL } from "../kernel/socket.ts";
import { addon } from "./addon.ts";
import { libcCall, must } from "./call.ts";
import { close, type Fd } from "./fd.ts";
import { waitReadable, waitReadableSync } from "./poll.ts";

const sendCall = libcCall("send", "long", ["int", "void *", "size_t", "int"]);
const recvCall = libcCall("recv", "long", ["int", "void *", "size_t", "int"]);
const sendmsgCall = libcCall("sendmsg", "long", ["int", "void *", "int"]);
const recvmsgCall = libcCall("recvmsg", "long", ["int", "void *", "int"]);

/** `send(fd, bytes, size, MSG_NOSIGNAL)`. EPIPE: the other end is closed. ECONNRESET. send(2). */
export function send(fd: Fd, bytes: Uint8Array): void {
  must(sendCall(fd, bytes, bytes.length, MSG.MSG_NOSIGNAL), () => `send(${fd}, [${bytes.length} bytes], MSG_NOSIGNAL)`);
}

/**
 * `recv(fd, …, MSG_TRUNC|MSG_DONTWAIT)` → one message of at most `size` bytes; empty at the end
 *
 * Blocks this thread until there is one; undefined after `timeoutMs`. A longer message is an EMSGSIZE error.
 * A peer that died with unread data is an end, not an error. recv(2).
 */
export function recvMessageSync(fd: Fd, size: number, timeoutMs?: number): Buffer | undefined {
  return waitReadableSync(fd, timeoutMs) ? receive(fd, size) : undefined;
}

/** The same, without blocking the event loop. The descriptor must stay open until the promise settles. */
export async function recvMessage(
  fd: Fd,
  size: number,
  timeoutMs?: number,
  signal?: AbortSignal,
): Promise<Buffer | undefined> {
  return (await waitReadable(fd, timeoutMs, signal)) ? receive(fd, size) : undefined;
}

function receive(fd: Fd, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  const line = () => `recv(${fd}, ${size}, MSG_TRUNC|MSG_DONTWAIT)`;
  const result = recvCall(fd, bytes, size, MSG.MSG_TRUNC | MSG.MSG_DONTWAIT);
  if (result === -ERRNO.ECONNRESET) return Buffer.alloc(0);
  const length = must(result, line);
  if (length > size) throw new SyscallError(line(), "EMSGSIZE", { text: `a message of ${length} bytes` });
  return bytes.subarray(0, length);
}

/** `sendmsg(fd, {bytes, SCM_RIGHTS: fds})`. EBADF: one of them is not open. sendmsg(2). */
export function sendFds(fd: Fd, bytes: Uint8Array, fds: readonly Fd[]): void {
  const message = makeMessage(bytes, fds.length);
  fds.forEach((each, index) => {
    message.control.writeInt32LE(each, CMSG_HEADER + 4 * index);
  });
  const line = () => `sendmsg(${fd}, {[${bytes.length} bytes], SCM_RIGHTS=[${fds.join(", ")}]}, MSG_NOSIGNAL)`;
  must(sendmsgCall(fd, message.header, MSG.MSG_NOSIGNAL), line);
}

/**
 * `recvmsg(fd, …, MSG_CMSG_CLOEXEC)` → one message and the descriptors in it
 *
 * More than `most` descriptors: the kernel closes the rest, and the message is an EMSGSIZE error. Blocks. recvmsg(2).
 */
export function recvFds(fd: Fd, size: number, most = 1): { bytes: Buffer; fds: Fd[] } {
  waitReadableSync(fd);
  const bytes = Buffer.alloc(size);
  const { header, control } = makeMessage(bytes, most);
  const line = () => `recvmsg(${fd}, ${size}, MSG_CMSG_CLOEXEC)`;
  const length = must(recvmsgCall(fd, header, MSG.MSG_CMSG_CLOEXEC), line);
  const fds = readRights(control, Number(header.readBigUInt64LE(MSG_CONTROLLEN)));
  if ((header.readInt32LE(MSG_FLAGS) & (MSG.MSG_TRUNC | MSG.MSG_CTRUNC)) !== 0) {
    for (const each of fds) close(each);
    throw new SyscallError(line(), "EMSGSIZE", { text: "a longer message, or more descriptors, than expected" });
  }
  return { bytes: bytes.subarray(0, length), fds };
}

/*
 * struct msghdr, 56 bytes. recvmsg(2).
 *
 *   offset  size  field            offset  size  field
 *        0     8  msg_name             32     8  msg_control
 *        8     4  msg_namelen          40     8  msg_controllen
 *       16     8  msg_iov              48     4  msg_flags
 *       24     8  msg_iovlen
 *
 * struct iovec: iov_base 0-7, iov_len 8-15.
 * struct cmsghdr, 16 bytes and the data: cmsg_len 0-7, cmsg_level 8-11, cmsg_type 12-15. cmsg(3).
 */
const MSG_CONTROLLEN = 40;
const MSG_FLAGS = 48;
const CMSG_HEADER = 16;

function makeMessage(bytes: Uint8Array, count: number): { header: Buffer; control: Buffer } {
  const header = Buffer.alloc(56 + 16);
  const control = Buffer.alloc(CMSG_HEADER + Math.ceil(count / 2) * 8);
  header.writeBigUInt64LE(BigInt(addon().address(header)) + 56n, 16);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(BigInt(addon().address(bytes)), 56);
  header.writeBigUInt64LE(BigInt(bytes.length), 64);
  if (count === 0) return { header, control };
  control.writeBigUInt64LE(BigInt(CMSG_HEADER + 4 * count), 0);
  control.writeInt32LE(SOL.SOL_SOCKET, 8);
  control.writeInt32LE(SCM.SCM_RIGHTS, 12);
  header.writeBigUInt64LE(BigInt(addon().address(control)), 32);
  header.writeBigUInt64LE(BigInt(control.length), MSG_CONTROLLEN);
  return { header, control };
}

function readRights(control: Buffer, length: number): Fd[] {
  if (length < CMSG_HEADER) return [];
  const isRights = control.readInt32LE(8) === SOL.SOL_SOCKET && control.readInt32LE(12) === SCM.SCM_RIGHTS;
  const count = isRights ? (Number(control.readBigUInt64LE(0)) - CMSG_HEADER) / 4 : 0;
  return Array.from({ length: count }, (_, index) => control.readInt32LE(CMSG_HEADER + 4 * index) as Fd);
}
