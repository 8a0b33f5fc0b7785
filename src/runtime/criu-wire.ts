// SPDX-License-Identifier: Apache-2.0
/** The part of Protocol Buffers that CRIU's messages are written in: numbers, booleans, strings, messages. Pure. */

/** The fields of a message by their names. */
export interface Shape {
  readonly [name: string]: Field;
}

export interface Field {
  readonly number: number;
  /** `int`: int32, uint32 or an enumeration, which are one on the wire. */
  readonly kind: "bool" | "int" | "text" | Shape;
  /** `repeated`. */
  readonly many?: true;
}

type One<Kind> = Kind extends "bool"
  ? boolean
  : Kind extends "int"
    ? number
    : Kind extends "text"
      ? string
      : Kind extends Shape
        ? Message<Kind>
        : never;

/** A field that is absent is undefined, not its default. */
export type Message<S extends Shape> = {
  readonly [Name in keyof S]?:
    | (S[Name] extends { readonly many: true } ? readonly One<S[Name]["kind"]>[] : One<S[Name]["kind"]>)
    | undefined;
};

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Fields in the order of the shape. */
export function encode<S extends Shape>(shape: S, message: Message<S>): Uint8Array {
  const parts = Object.entries(shape).flatMap(([name, field]) => {
    const value = (message as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) return [];
    const values = field.many === true ? (value as readonly unknown[]) : [value];
    return values.map((one) => encodeField(field, one));
  });
  return Buffer.concat(parts);
}

function encodeField({ number, kind }: Field, value: unknown): Uint8Array {
  if (kind === "bool") return Buffer.concat([tag(number, VARINT), varint(value === true ? 1n : 0n)]);
  // A negative one takes ten bytes: its sign fills 64 bits.
  if (kind === "int") return Buffer.concat([tag(number, VARINT), varint(BigInt.asUintN(64, BigInt(value as number)))]);
  const bytes = kind === "text" ? Buffer.from(value as string) : encode(kind, value as Message<Shape>);
  return Buffer.concat([tag(number, BYTES), varint(BigInt(bytes.length)), bytes]);
}

function tag(number: number, type: number): Uint8Array {
  return varint(BigInt(number * 8 + type));
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Uint8Array.from([...bytes, Number(rest)]);
}

/** Fields that the shape does not have are skipped; of a field that comes twice, the last one counts. RangeError: not such a message. */
export function decode<S extends Shape>(shape: S, bytes: Uint8Array): Message<S> {
  const fields = new Map(Object.entries(shape).map(([name, field]) => [field.number, { name, field }]));
  const message: Record<string, unknown> = {};
  const reader = new Reader(bytes);
  while (!reader.atEnd) {
    const head = Number(reader.varint());
    const known = fields.get(Math.floor(head / 8));
    const raw = reader.value(head % 8);
    if (known === undefined) continue;
    const { name, field } = known;
    const value = decodeField(field, raw);
    message[name] = field.many === true ? [...((message[name] as unknown[] | undefined) ?? []), value] : value;
  }
  // Made of the shape, field by field.
  return message as Message<S>;
}

function decodeField({ number, kind }: Field, raw: bigint | Uint8Array): unknown {
  if (typeof raw === "bigint") {
    if (kind === "bool") return raw !== 0n;
    if (kind === "int") return Number(BigInt.asIntN(32, raw));
  } else {
    if (kind === "text") return Buffer.from(raw).toString();
    if (typeof kind === "object") return decode(kind, raw);
  }
  throw new RangeError(`field ${number} is of another type than expected`);
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** A number of fixed size is given as its bytes: no field that is read here has one. */
  value(type: number): bigint | Uint8Array {
    if (type === VARINT) return this.varint();
    if (type === BYTES) return this.#take(Number(this.varint()));
    if (type === FIXED64) return this.#take(8);
    if (type === FIXED32) return this.#take(4);
    throw new RangeError(`wire type ${type} is unknown`);
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte = 0] = this.#take(1);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("a number of more than ten bytes");
  }

  #take(size: number): Uint8Array {
    const end = this.#at + size;
    if (end > this.#bytes.length) throw new RangeError("the message ends within a field");
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}
