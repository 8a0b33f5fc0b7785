// SPDX-License-Identifier: Apache-2.0
/** Messages of D-Bus: a header and a body. D-Bus specification, "Message Protocol". Pure. */
import { marshal, unmarshal } from "./dbus-marshal.ts";
import type { Value, Variant } from "./dbus-types.ts";

const TYPES = ["invalid", "call", "return", "error", "signal"] as const;
/** Header field -> its code and its type. */
const FIELDS = {
  path: { code: 1, type: "o" },
  interface: { code: 2, type: "s" },
  member: { code: 3, type: "s" },
  errorName: { code: 4, type: "s" },
  replySerial: { code: 5, type: "u" },
  destination: { code: 6, type: "s" },
  sender: { code: 7, type: "s" },
  signature: { code: 8, type: "g" },
} as const;
const HEADER = "yyyyuua(yv)";
/** The header up to the length of its fields. */
const FIXED = 16;
/** The most bytes that a message may have: 128 MiB. */
const MESSAGE_MAX = 2 ** 27;

export interface Message {
  readonly type: (typeof TYPES)[number];
  readonly serial: number;
  readonly path?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly errorName?: string;
  readonly replySerial?: number;
  readonly destination?: string;
  readonly sender?: string;
  readonly signature?: string;
  readonly body?: readonly Value[];
}

/**
 *   offset  size  field
 *        0     1  byte order: l
 *        1     1  type
 *        2     1  flags: 0
 *        3     1  version of the protocol: 1
 *        4     4  length of the body
 *        8     4  serial
 *       12     4  length of the header fields, which follow; the body begins at a multiple of 8
 */
export function encodeMessage(message: Message): Buffer {
  const { type, serial, signature = "", body = [] } = message;
  const bytes = marshal(signature, body);
  const fields = Object.entries(FIELDS).flatMap(([name, { code, type: fieldType }]): readonly Value[] => {
    const value = message[name as keyof typeof FIELDS];
    return value === undefined ? [] : [[code, { type: fieldType, value }]];
  });
  const header = marshal(HEADER, ["l".charCodeAt(0), TYPES.indexOf(type), 0, 1, bytes.length, serial, fields]);
  return Buffer.concat([header, Buffer.alloc(-header.length & 7), bytes]);
}

/** The length of the message that begins here; undefined while too little of it is there. RangeError: it is none. */
export function messageLength(bytes: Buffer): number | undefined {
  if (bytes.length < FIXED) return undefined;
  const little = isLittle(bytes);
  const length = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const total = ((FIXED + length(12) + 7) & ~7) + length(4);
  if (length(12) > MESSAGE_MAX || length(4) > MESSAGE_MAX || total > MESSAGE_MAX) {
    throw new RangeError("a message of D-Bus longer than 128 MiB");
  }
  return total;
}

/** RangeError: the bytes are no message. */
export function decodeMessage(bytes: Buffer): Message {
  const little = isLittle(bytes);
  const [, type, , , bodyLength, serial, fields] = unmarshal(HEADER, bytes, little);
  const named: Record<string, Value> = {};
  for (const [code, variant] of fields as readonly (readonly [number, Variant])[]) {
    const name = Object.entries(FIELDS).find(([, field]) => field.code === code)?.[0];
    if (name !== undefined) named[name] = variant.value;
  }
  const bodyBytes = bytes.subarray(bytes.length - Number(bodyLength));
  const body = unmarshal((named.signature as string | undefined) ?? "", bodyBytes, little);
  // A type that is newer than this is nothing to us; the specification wants it to be passed over.
  return { type: TYPES[Number(type)] ?? "invalid", serial: Number(serial), ...named, body };
}

function isLittle(bytes: Buffer): boolean {
  const order = String.fromCharCode(bytes[0] ?? 0);
  if (order !== "l" && order !== "B") throw new RangeError("a message of D-Bus begins with its byte order");
  return order === "l";
}
