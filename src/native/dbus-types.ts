// SPDX-License-Identifier: Apache-2.0
/** The types of D-Bus: their signatures, their alignment, and what stands for their values here. Pure. */

/** `x` and `t` are bigints, other numbers numbers; a dictionary is a list of pairs, a structure the list of its members. */
export type Value = boolean | number | bigint | string | readonly Value[] | Variant;

/** A value that tells its own type. */
export interface Variant {
  /** One complete type. */
  readonly type: string;
  readonly value: Value;
}

/** Type code -> where its values start: at a multiple of so many bytes. D-Bus specification, "Marshaling". */
const ALIGNMENT: Readonly<Record<string, number>> = {
  y: 1,
  b: 4,
  n: 2,
  q: 2,
  i: 4,
  u: 4,
  x: 8,
  t: 8,
  d: 8,
  s: 4,
  o: 4,
  g: 1,
  a: 4,
  "(": 8,
  "{": 8,
  v: 1,
};

export function alignmentOf(type: string): number {
  const alignment = ALIGNMENT[type[0] ?? ""];
  if (alignment === undefined) throw new RangeError(`no type of D-Bus: ${JSON.stringify(type)}`);
  return alignment;
}

/** `sa(sv)` → `s`, `a(sv)`: the complete types of a signature. RangeError: it is none. */
export function splitTypes(signature: string): readonly string[] {
  const types: string[] = [];
  for (let at = 0; at < signature.length; ) {
    const end = endOfType(signature, at);
    types.push(signature.slice(at, end));
    at = end;
  }
  return types;
}

/** The types of the members of `(…)` or `{…}`. */
export function membersOf(type: string): readonly string[] {
  return splitTypes(type.slice(1, -1));
}

function endOfType(signature: string, at: number): number {
  const code = signature[at] ?? "";
  if (code === "a") return endOfType(signature, at + 1);
  const closing = code === "(" ? ")" : code === "{" ? "}" : undefined;
  if (closing === undefined) {
    alignmentOf(code);
    return at + 1;
  }
  let end = at + 1;
  while (end < signature.length && signature[end] !== closing) end = endOfType(signature, end);
  if (end === at + 1) throw new RangeError(`a structure without members: ${JSON.stringify(signature)}`);
  if (end >= signature.length) throw new RangeError(`a signature without its end: ${JSON.stringify(signature)}`);
  return end + 1;
}
