// SPDX-License-Identifier: Apache-2.0
/** Documents that differ from a given one in a few places. */
import fc from "fast-check";

/** Values of every type, and those next to the bounds. */
const VALUES: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    "",
    "x",
    "a\nb",
    "/a",
    "rwm",
    "-1",
    "CAP_CHOWN",
    "RLIMIT_CPU",
    "2MB",
    [],
    {},
    ["x"],
    [1],
    { a: "b" },
  ],
  ...[0, 1, -1, 1.5, 7, 8, 100, 101, 511, 512, 65535, 65536, 1000, 1001, -1001],
  ...[2 ** 31, -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 63, -(2 ** 63), 2 ** 64, 1e300],
];

type Change = (document: unknown) => unknown;

/** Removes, replaces or adds something, one to three times. */
export function changed(documents: readonly unknown[]): fc.Arbitrary<unknown> {
  const change = fc.record({
    at: fc.nat(),
    value: fc.constantFrom(...VALUES),
    how: fc.constantFrom(remove, replace, add),
  });
  return fc
    .tuple(fc.constantFrom(...documents), fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([document, changes]) =>
      changes.reduce((value, { at, value: other, how }) => how(at, other)(value), structuredClone(document)),
    );
}

function remove(at: number): Change {
  return inside(at, (parent, key) => {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete (parent as Record<string, unknown>)[key];
  });
}

function replace(at: number, value: unknown): Change {
  return inside(at, (parent, key) => {
    (parent as Record<string, unknown>)[key] = structuredClone(value);
  });
}

function add(at: number, value: unknown): Change {
  return inside(at, (parent) => {
    if (Array.isArray(parent)) parent.push(structuredClone(value));
    else (parent as Record<string, unknown>)[["", "added", "path", "a\nb"][at % 4] ?? ""] = structuredClone(value);
  });
}

/** Does something to one of all the properties and entries that a document has. */
function inside(at: number, act: (parent: object, key: string) => void): Change {
  return (document) => {
    const places = placesIn(document);
    const place = places[at % Math.max(places.length, 1)];
    if (place !== undefined) act(...place);
    return document;
  };
}

function placesIn(value: unknown): readonly (readonly [object, string])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [[value, key] as const, ...placesIn(child)]);
}
