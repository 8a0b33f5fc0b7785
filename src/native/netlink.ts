// SPDX-License-Identifier: Apache-2.0
/** Requests to rtnetlink in the caller's network namespace. netlink(7). */
import { NLMSG, type Reply, replies } from "../kernel/netlink.ts";
import { AF, SOCK } from "../kernel/socket.ts";
import { libcCall, must } from "./call.ts";
import { close, type Fd } from "./fd.ts";
import { recvMessageSync, send } from "./message.ts";

const socketCall = libcCall("socket", "int", ["int", "int", "int"]);

/** More than a datagram of the kernel's has. */
const DATAGRAM_BYTES = 0x1_0000;

/**
 * `socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE)`, the request, and its answers
 *
 * A dump ends with NLMSG_DONE, anything else with its first message. An error is an answer: NLMSG_ERROR.
 */
export function rtnetlink(request: Uint8Array, dump = false): readonly Reply[] {
  const fd = must(
    socketCall(AF.AF_NETLINK, SOCK.SOCK_RAW | SOCK.SOCK_CLOEXEC, 0),
    () => "socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE)",
  ) as Fd;
  try {
    send(fd, request);
    const found: Reply[] = [];
    for (;;) {
      found.push(...replies(recvMessageSync(fd, DATAGRAM_BYTES) ?? new Uint8Array()));
      if (!dump || found.some(({ type }) => type === NLMSG.NLMSG_DONE || type === NLMSG.NLMSG_ERROR)) return found;
    }
  } finally {
    close(fd);
  }
}
