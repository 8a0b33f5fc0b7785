// SPDX-License-Identifier: Apache-2.0
/** Values as the bytes of D-Bus, little-endian, and back. D-Bus specification, "Marshaling". Pure. */
import { alignmentOf, membersOf, splitTypes, type Value, type Variant } from "./dbus-types.ts";

/** The most bytes that an array may have: 64 MiB. */
const ARRAY_MAX = 2 ** 26;
/** How deep variants may stand in each other. */
const DEPTH_MAX = 64;

/** The bytes of the values, one for each complete type of the signature. */
export function marshal(signature: string, values: readonly Value[]): Buffer {
  const types = splitTypes(signature);
  if (types.length !== values.length) throw new RangeError(`${signature}: ${values.length} values are too few or many`);
  const writer = new Writer();
  for (const [index, type] of types.entries()) writer.write(type, values[index] as Value);
  return writer.bytes();
}

/** The values in the bytes. RangeError: they end too early, or are no values of these types. */
export function unmarshal(signature: string, bytes: Buffer, littleEndian = true): readonly Value[] {
  const reader = new Reader(bytes, littleEndian);
  return splitTypes(signature).map((type) => reader.read(type));
}

class Writer {
  #bytes = Buffer.alloc(256);
  #at = 0;

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  write(type: string, value: Value): void {
    this.#align(alignmentOf(type));
    if (type[0] === "a") this.#array(type.slice(1), value as readonly Value[]);
    else if (type[0] === "(" || type[0] === "{") this.#members(membersOf(type), value as readonly Value[]);
    else if (type === "v") this.#variant(value as Variant);
    else if (type === "s" || type === "o" || type === "g") this.#string(type, value as string);
    else this.#number(type, value as number | bigint | boolean);
  }

  #number(type: string, value: number | bigint | boolean): void {
    const at = this.#grow(alignmentOf(type));
    const bytes = this.#bytes;
    if (type === "y") bytes.writeUInt8(Number(value), at);
    else if (type === "n") bytes.writeInt16LE(Number(value), at);
    else if (type === "q") bytes.writeUInt16LE(Number(value), at);
    else if (type === "i") bytes.writeInt32LE(Number(value), at);
    else if (type === "u" || type === "b") bytes.writeUInt32LE(Number(value), at);
    else if (type === "x") bytes.writeBigInt64LE(BigInt(value), at);
    else if (type === "t") bytes.writeBigUInt64LE(BigInt(value), at);
    else bytes.writeDoubleLE(Number(value), at);
  }

  /** Its length in bytes (one byte for a signature), itself, and a NUL that the length does not count. */
  #string(type: string, value: string): void {
    const text = Buffer.from(value);
    if (text.includes(0)) throw new RangeError("a string of D-Bus holds no NUL");
    this.#number(type === "g" ? "y" : "u", text.length);
    const at = this.#grow(text.length + 1);
    text.copy(this.#bytes, at);
  }

  /** The length does not count what aligns the first element. */
  #array(type: string, values: readonly Value[]): void {
    const length = this.#grow(4);
    this.#align(alignmentOf(type));
    const start = this.#at;
    for (const value of values) this.write(type, value);
    this.#bytes.writeUInt32LE(this.#at - start, length);
  }

  #members(types: readonly string[], values: readonly Value[]): void {
    if (types.length !== values.length) throw new RangeError(`(${types.join("")}): ${values.length} members`);
    for (const [index, type] of types.entries()) this.write(type, values[index] as Value);
  }

  #variant({ type, value }: Variant): void {
    if (splitTypes(type).length !== 1) throw new RangeError(`a variant has one type, not ${JSON.stringify(type)}`);
    this.write("g", type);
    this.write(type, value);
  }

  #align(alignment: number): void {
    this.#grow((alignment - (this.#at % alignment)) % alignment);
  }

  /** Takes so many bytes, which are zero, and answers where they are. */
  #grow(size: number): number {
    const at = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) {
      const larger = Buffer.alloc(2 * this.#at);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    return at;
  }
}

class Reader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  #at = 0;
  #depth = 0;

  constructor(bytes: Buffer, littleEndian: boolean) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#littleEndian = littleEndian;
  }

  read(type: string): Value {
    this.#take((alignmentOf(type) - (this.#at % alignmentOf(type))) % alignmentOf(type));
    if (type[0] === "a") return this.#array(type.slice(1));
    if (type[0] === "(" || type[0] === "{") return membersOf(type).map((member) => this.read(member));
    if (type === "v") return this.#variant();
    if (type === "s" || type === "o") return this.#string(Number(this.#number("u")));
    return type === "g" ? this.#string(Number(this.#number("y"))) : this.#number(type);
  }

  #number(type: string): Value {
    const at = this.#take(alignmentOf(type));
    const little = this.#littleEndian;
    if (type === "y") return this.#view.getUint8(at);
    if (type === "n") return this.#view.getInt16(at, little);
    if (type === "q") return this.#view.getUint16(at, little);
    if (type === "i") return this.#view.getInt32(at, little);
    if (type === "u") return this.#view.getUint32(at, little);
    if (type === "b") return this.#view.getUint32(at, little) !== 0;
    if (type === "x") return this.#view.getBigInt64(at, little);
    return type === "t" ? this.#view.getBigUint64(at, little) : this.#view.getFloat64(at, little);
  }

  #string(length: number): string {
    const at = this.#take(length + 1);
    return this.#bytes.toString("utf8", at, at + length);
  }

  #array(type: string): readonly Value[] {
    const length = Number(this.#number("u"));
    if (length > ARRAY_MAX) throw new RangeError(`an array of ${length} bytes`);
    this.#take((alignmentOf(type) - (this.#at % alignmentOf(type))) % alignmentOf(type));
    const end = this.#at + length;
    const values: Value[] = [];
    while (this.#at < end) values.push(this.read(type));
    if (this.#at !== end) throw new RangeError("an array ends within its last element");
    return values;
  }

  #variant(): Variant {
    if (++this.#depth > DEPTH_MAX) throw new RangeError("variants stand too deep in each other");
    const type = this.read("g") as string;
    if (splitTypes(type).length !== 1) throw new RangeError(`a variant of the types ${JSON.stringify(type)}`);
    const value = this.read(type);
    this.#depth--;
    return { type, value };
  }

  #take(size: number): number {
    const at = this.#at;
    if (at + size > this.#bytes.length) throw new RangeError("a message ends within a value");
    this.#at += size;
    return at;
  }
}
