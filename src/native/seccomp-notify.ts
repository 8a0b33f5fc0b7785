// SPDX-License-Identifier: Apache-2.0
/** What a listener of system calls is told, and answers. seccomp_unotify(2). */
import { ERRNO } from "../kernel/errno.ts";
import { POLL } from "../kernel/poll.ts";
import { SECCOMP_IOCTL } from "../kernel/seccomp.ts";
import { failure, libcCall, must } from "./call.ts";
import type { Fd } from "./fd.ts";
import { ioctlCall } from "./ioctl.ts";

const pollCall = libcCall("poll", "int", ["void *", "ulong", "int"]);

/** Larger than struct seccomp_notif of any kernel, which must find zeros there. */
const ROOM = 4096;

/**
 * `ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &notif)` → the id of a call that waits
 *
 * Never blocks. ENOENT: none waits, for example because the caller has ended meanwhile.
 */
export function receiveNotification(fd: Fd): bigint {
  const notif = Buffer.alloc(ROOM);
  const line = () => `ioctl(${fd}, SECCOMP_IOCTL_NOTIF_RECV, &notif)`;
  // With nobody left to make a call, some kernels would let us wait for ever.
  if (!isWaiting(fd)) throw failure(-ERRNO.ENOENT, line());
  must(ioctlCall(fd, SECCOMP_IOCTL.SECCOMP_IOCTL_NOTIF_RECV, notif), line);
  return notif.readBigUInt64LE(0);
}

/**
 * `ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, {id, val, error=0, flags=0})`: the call returns `value`, and is not made
 *
 * struct seccomp_notif_resp, 24 bytes: id 0-7, val 8-15, error 16-19, flags 20-23. ENOENT: the caller has ended.
 */
export function answerNotification(fd: Fd, id: bigint, value: bigint): void {
  const response = Buffer.alloc(24);
  response.writeBigUInt64LE(id, 0);
  response.writeBigInt64LE(value, 8);
  const line = () => `ioctl(${fd}, SECCOMP_IOCTL_NOTIF_SEND, {id=${id}, val=${value}})`;
  must(ioctlCall(fd, SECCOMP_IOCTL.SECCOMP_IOCTL_NOTIF_SEND, response), line);
}

/** `poll([{fd, POLLIN}], 1, 0)`. struct pollfd, 8 bytes: fd 0-3, events 4-5, revents 6-7. */
function isWaiting(fd: Fd): boolean {
  const pollfd = Buffer.alloc(8);
  pollfd.writeInt32LE(fd, 0);
  pollfd.writeInt16LE(POLL.POLLIN, 4);
  must(pollCall(pollfd, 1, 0), () => `poll([{fd=${fd}, events=POLLIN}], 1, 0)`);
  return (pollfd.readInt16LE(6) & POLL.POLLIN) !== 0;
}
