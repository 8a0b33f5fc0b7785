// SPDX-License-Identifier: Apache-2.0
/** Messages of rtnetlink as bytes: what is asked of network devices and their addresses. netlink(7), rtnetlink(7). */
import { utf8 } from "./quote.ts";

/** Types of messages that are netlink's own. */
export const NLMSG = { NLMSG_NOOP: 1, NLMSG_ERROR: 2, NLMSG_DONE: 3 } as const;

/** Types of messages about links and addresses. */
export const RTM = { RTM_NEWLINK: 16, RTM_GETLINK: 18, RTM_NEWADDR: 20, RTM_GETADDR: 22 } as const;

/** Flags of a request. */
const NLM_F = { REQUEST: 0x1, ACK: 0x4, DUMP: 0x300, EXCL: 0x200, CREATE: 0x400 } as const;
const IFLA = { IFNAME: 3, NET_NS_PID: 19 } as const;
const IFA = { ADDRESS: 1, LOCAL: 2, BROADCAST: 4, FLAGS: 8 } as const;
const IFF_UP = 1;
const IFA_F_PERMANENT = 0x80;
const RT_SCOPE_UNIVERSE = 0;
/** IFA_F_NODAD, HOMEADDRESS, MANAGETEMPADDR, NOPREFIXROUTE and MCAUTOJOIN: what a user may ask of an address. */
const IFA_F_ASKED = 0x02 | 0x10 | 0x100 | 0x200 | 0x400;

/** An address of a device; its bytes in hexadecimal. */
export interface LinkAddress {
  /** AF_INET or AF_INET6. */
  readonly family: number;
  readonly prefixLength: number;
  readonly flags: number;
  /** The peer's on a point-to-point link, else the same as `local`. */
  readonly address: string | null;
  readonly local: string | null;
  readonly broadcast: string | null;
}

/** A message in two parts: between them lie the 4 bytes of the device's index, which is not known before the start. */
export interface AroundIndex {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
}

/**
 * struct nlmsghdr, 16 bytes, and what follows it: ifinfomsg (16 bytes) or ifaddrmsg (8 bytes), then attributes.
 *
 *   offset  size  nlmsghdr        offset  size  ifinfomsg          offset  size  ifaddrmsg
 *        0     4  nlmsg_len           16     1  ifi_family             16     1  ifa_family
 *        4     2  nlmsg_type          17     1  zero                   17     1  ifa_prefixlen
 *        6     2  nlmsg_flags         18     2  ifi_type               18     1  ifa_flags
 *        8     4  nlmsg_seq           20     4  ifi_index              19     1  ifa_scope
 *       12     4  nlmsg_pid           24     4  ifi_flags              20     4  ifa_index
 *                                     28     4  ifi_change
 *
 * An attribute: length with its header of 4 bytes 0-1, type 2-3, the data, and zeroes up to a multiple of 4.
 */
const HEADER = 16;
export const INDEX_AT = 20;
const IFINFOMSG = 16;
const IFADDRMSG = 8;

/** `RTM_GETLINK`: answered by RTM_NEWLINK, or by NLMSG_ERROR with -ENODEV. */
export function getLink(name: string): Uint8Array {
  return message(RTM.RTM_GETLINK, NLM_F.REQUEST, new Uint8Array(IFINFOMSG), [attribute(IFLA.IFNAME, text(name))]);
}

/** `RTM_NEWLINK`: the device goes to the network namespace of that process, and has that name there. */
export function moveLink(index: number, pid: number, name: string): Uint8Array {
  const info = new Uint8Array(IFINFOMSG);
  new DataView(info.buffer).setInt32(4, index, true);
  const attributes = [attribute(IFLA.IFNAME, text(name)), attribute(IFLA.NET_NS_PID, u32(pid))];
  return message(RTM.RTM_NEWLINK, NLM_F.REQUEST | NLM_F.ACK, info, attributes);
}

/** `RTM_NEWLINK`: another name; in a template the kernel fills in a number for `%d`. */
export function renameLink(name: string): AroundIndex {
  const attributes = [attribute(IFLA.IFNAME, text(name))];
  return split(message(RTM.RTM_NEWLINK, NLM_F.REQUEST | NLM_F.ACK, new Uint8Array(IFINFOMSG), attributes));
}

/** `RTM_NEWLINK`: up. */
export function raiseLink(): AroundIndex {
  const info = new Uint8Array(IFINFOMSG);
  const view = new DataView(info.buffer);
  view.setUint32(8, IFF_UP, true);
  view.setUint32(12, IFF_UP, true);
  return split(message(RTM.RTM_NEWLINK, NLM_F.REQUEST | NLM_F.ACK, info, []));
}

/** `RTM_NEWADDR` */
export function addAddress({ family, prefixLength, flags, address, local, broadcast }: LinkAddress): AroundIndex {
  const parts = [
    [IFA.LOCAL, local],
    [IFA.ADDRESS, address],
    [IFA.BROADCAST, broadcast],
  ] as const;
  const attributes = parts.flatMap(([type, hex]) => (hex === null ? [] : [attribute(type, fromHex(hex))]));
  const body = Uint8Array.of(family, prefixLength, 0, RT_SCOPE_UNIVERSE, 0, 0, 0, 0);
  const how = NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL;
  return split(message(RTM.RTM_NEWADDR, how, body, [...attributes, attribute(IFA.FLAGS, u32(flags))]));
}

/** `RTM_GETADDR`: all addresses of all devices, as RTM_NEWADDR each, then NLMSG_DONE. */
export function getAddresses(): Uint8Array {
  return message(RTM.RTM_GETADDR, NLM_F.REQUEST | NLM_F.DUMP, new Uint8Array(IFADDRMSG), []);
}

export interface Reply {
  readonly type: number;
  /** What follows the header. */
  readonly body: Uint8Array;
}

/** The messages of one datagram. */
export function replies(datagram: Uint8Array): Reply[] {
  const found: Reply[] = [];
  const view = viewOf(datagram);
  for (let at = 0; at + HEADER <= datagram.length; ) {
    const length = view.getUint32(at, true);
    if (length < HEADER || at + length > datagram.length) throw new RangeError("a netlink message is cut off");
    found.push({ type: view.getUint16(at + 4, true), body: datagram.subarray(at + HEADER, at + length) });
    at += aligned(length);
  }
  return found;
}

/** The errno of an NLMSG_ERROR; 0 is an acknowledgement. */
export function errorOf({ body }: Reply): number {
  return -viewOf(body).getInt32(0, true);
}

/** The index of the device that an RTM_NEWLINK or RTM_NEWADDR speaks of. */
export function indexOf({ body }: Reply): number {
  return viewOf(body).getInt32(INDEX_AT - HEADER, true);
}

/** The address that an RTM_NEWADDR tells, if it is permanent and of global scope. */
export function permanentAddress({ body }: Reply): LinkAddress | undefined {
  const [family = 0, prefixLength = 0, fewFlags = 0, scope = 0] = body;
  const parts = new Map<number, Uint8Array>();
  const view = viewOf(body);
  for (let at = IFADDRMSG; at + 4 <= body.length; at += aligned(Math.max(4, view.getUint16(at, true)))) {
    parts.set(view.getUint16(at + 2, true), body.subarray(at + 4, at + view.getUint16(at, true)));
  }
  const allFlags = parts.get(IFA.FLAGS);
  const flags = allFlags === undefined ? fewFlags : viewOf(allFlags).getUint32(0, true);
  if (scope !== RT_SCOPE_UNIVERSE || (flags & IFA_F_PERMANENT) === 0) return undefined;
  const hex = (type: number) => toHex(parts.get(type));
  const [address, local, broadcast] = [hex(IFA.ADDRESS), hex(IFA.LOCAL), hex(IFA.BROADCAST)];
  return { family, prefixLength, flags: flags & IFA_F_ASKED, address, local, broadcast };
}

function message(type: number, flags: number, body: Uint8Array, attributes: readonly Uint8Array[]): Uint8Array {
  const size = attributes.reduce((sum, { length }) => sum + length, HEADER + body.length);
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  view.setUint32(0, size, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  bytes.set(body, HEADER);
  let at = HEADER + body.length;
  for (const each of attributes) {
    bytes.set(each, at);
    at += each.length;
  }
  return bytes;
}

function attribute(type: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(aligned(4 + data.length));
  const view = viewOf(bytes);
  view.setUint16(0, 4 + data.length, true);
  view.setUint16(2, type, true);
  bytes.set(data, 4);
  return bytes;
}

function split(bytes: Uint8Array): AroundIndex {
  return { head: bytes.subarray(0, INDEX_AT), tail: bytes.subarray(INDEX_AT + 4) };
}

function text(name: string): Uint8Array {
  return utf8(`${name}\0`);
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, true);
  return bytes;
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function toHex(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16));
}
