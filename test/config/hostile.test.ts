// SPDX-License-Identifier: Apache-2.0
/**
 * Wrong values: each property of the schema gets every kind of them, through the text of a config.json. Each is a
 * finding that points at it; nothing else is thrown, and nothing is passed over.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";
import { valueAt } from "../../src/config/pointer.ts";
import { ConfigError } from "../../src/errors/errors.ts";
import { put } from "../conformance/full.ts";
import { type Node, type Place, placesOf } from "./schema-places.ts";

/** Milliseconds, for tests that do much on a busy machine. */
const SLOW = 60_000;

const EVERYTHING = readFileSync(new URL("everything.json", import.meta.url), "utf8");
const everything = () => JSON.parse(EVERYTHING);
/** Other platforms' parts may be anything. */
const PLACES = placesOf(everything()).filter(({ node }) => node.type !== undefined);
/** A config.json in which everything stands is not one that can be started. */
const USUAL = new Set(findingsOf(EVERYTHING).map(({ pointer, message }) => `${pointer}: ${message}`));

test("the document with everything has a value for every place of the schema", () => {
  const absent = PLACES.filter(({ path }) => valueAt(everything(), path) === undefined).map(({ path }) => path);
  expect(absent).toEqual([]);
  expect(PLACES.length).toBeGreaterThan(230);
});

describe("a finding points at", { timeout: SLOW }, () => {
  test("each value of a wrong type", () => {
    expect(
      missed((node) => VALUES.filter(({ types }) => !types.includes(node.type ?? "")).map(({ value }) => value)),
    ).toEqual([]);
  });

  test("each number that is out of range, or no whole one", () => {
    const numbers = PLACES.filter(({ node }) => node.type === "integer");
    expect(numbers.length).toBeGreaterThan(60);
    expect(missed(beyond, numbers)).toEqual([]);
  });

  test("each word that is none of the list", () => {
    const words = PLACES.filter(({ node }) => node.enum !== undefined);
    expect(words.length).toBeGreaterThan(12);
    const wrong = ({ enum: list = [] }: Node) => [
      "?",
      `${list.at(-1)} `,
      ` ${list.at(-1)}`,
      String(list.at(-1)).toUpperCase(),
      String(list.at(-1)).toLowerCase(),
    ];
    expect(missed((node) => wrong(node).filter((word) => !node.enum?.includes(word)), words)).toEqual([]);
  });

  test("each string with a NUL", () => {
    const strings = PLACES.filter(({ node }) => node.type === "string");
    expect(strings.length).toBeGreaterThan(75);
    expect(missed(() => ["\0", "/a\0b", "a\0"], strings)).toEqual([]);
  });

  test("each key of a map with a NUL", () => {
    const maps = PLACES.filter(({ node }) => typeof node.additionalProperties === "object");
    expect(maps.map(({ path }) => path)).toEqual(expect.arrayContaining(["/annotations", "/linux/sysctl"]));
    const lost = maps.filter(({ path }) => {
      const [first] = Object.values(valueAt(everything(), path) as object);
      return !isFound(put(everything(), path, { "a\0b": first }), `${path}/a\0b`);
    });
    expect(lost).toEqual([]);
  });
});

/** Each is sound alone: what contradicts it, and where that is told. */
const PAIRS: readonly (readonly [string, unknown, string, unknown, string])[] = [
  ["/hostname", "a", "/linux/namespaces", [{ type: "mount" }], "/hostname"],
  ["/linux/sysctl", { "net.a": "1" }, "/linux/namespaces", [{ type: "mount" }], "/linux/sysctl/net.a"],
  ["/linux/maskedPaths", ["/a"], "/linux/namespaces", [{ type: "uts" }], "/linux/maskedPaths"],
  ["/linux/readonlyPaths", ["/a"], "/linux/namespaces", [{ type: "uts" }], "/linux/readonlyPaths"],
  ["/linux/rootfsPropagation", "shared", "/linux/namespaces", [{ type: "uts" }], "/linux/rootfsPropagation"],
  ["/linux/netDevices", { eth0: {} }, "/linux/namespaces", [{ type: "mount" }], "/linux/netDevices"],
  ["/linux/netDevices/a", { name: "c" }, "/linux/netDevices/b", { name: "c" }, "/linux/netDevices/b/name"],
  ["/linux/timeOffsets", { boottime: { secs: 1 } }, "/linux/namespaces", [{ type: "mount" }], "/linux/timeOffsets"],
  ["/process/scheduler/policy", "SCHED_FIFO", "/process/scheduler/nice", 5, "/process/scheduler/nice"],
  ["/process/scheduler/policy", "SCHED_OTHER", "/process/scheduler/priority", 5, "/process/scheduler/priority"],
  ["/linux/memoryPolicy/mode", "MPOL_LOCAL", "/linux/memoryPolicy/nodes", "0", "/linux/memoryPolicy/nodes"],
  [
    "/linux/seccomp/defaultAction",
    "SCMP_ACT_KILL",
    "/linux/seccomp/defaultErrnoRet",
    1,
    "/linux/seccomp/defaultErrnoRet",
  ],
  [
    "/linux/resources/cpu/realtimePeriod",
    5,
    "/linux/resources/cpu/realtimeRuntime",
    6,
    "/linux/resources/cpu/realtimeRuntime",
  ],
  [
    "/linux/memoryPolicy/mode",
    "MPOL_BIND",
    "/linux/memoryPolicy/flags",
    ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"],
    "/linux/memoryPolicy/flags",
  ],
];

test.for(PAIRS)("%s %j and %s %j contradict each other, which is told of %s", ([one, a, other, b, place]) => {
  const pointers = (...places: readonly (readonly [string, unknown])[]) =>
    findingsOf(textOf(places.reduce((all, [path, value]) => put(all, path, value), SOUND()))).map((one) => one.pointer);
  expect(pointers([one, a])).not.toContain(place);
  expect(pointers([other, b])).not.toContain(place);
  expect(pointers([one, a], [other, b])).toContain(place);
});

const KINDS = ["mount", "uts", "network", "ipc", "pid", "time"];
const SOUND = (): { [key: string]: unknown } => ({
  ociVersion: "1.3.0",
  root: { path: "rootfs" },
  process: { cwd: "/", args: ["sh"] },
  linux: { namespaces: KINDS.map((type) => ({ type })) },
});

test(
  "whatever stands wherever, there is a verdict, and each finding points into the document",
  () => {
    const value = fc.oneof(
      fc.constantFrom(...VALUES.map((one) => one.value)),
      fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
      fc.string(),
      fc.anything({ maxDepth: 3, withNullPrototype: false }).map((any) => JSON.parse(JSON.stringify(any) ?? "null")),
    );
    const change = fc.tuple(fc.constantFrom(...PLACES), value);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const document = changes.reduce((all, [{ path }, wrong]) => {
          const parent = valueAt(all, path.slice(0, path.lastIndexOf("/")));
          return typeof parent === "object" && parent !== null ? put(all, path, wrong) : all;
        }, everything());
        for (const { pointer } of findingsOf(textOf(document))) {
          const parent = pointer.slice(0, pointer.lastIndexOf("/"));
          expect(valueAt(document, parent), pointer).not.toBeUndefined();
        }
      }),
      { numRuns: 2000 },
    );
  },
  SLOW,
);

/** A value of each type of JSON; a whole number is a number, too. */
const VALUES: readonly { readonly types: readonly string[]; readonly value: unknown }[] = [
  { types: ["null"], value: null },
  { types: ["boolean"], value: true },
  { types: ["boolean"], value: false },
  { types: ["integer", "number"], value: 7 },
  { types: ["number"], value: 7.5 },
  { types: ["string"], value: "7" },
  { types: ["array"], value: [] },
  { types: ["object"], value: {} },
];

/** What lies outside of the bounds of a type of numbers, near and far. */
function beyond({ minimum, maximum, exclusiveMaximum }: Node): readonly unknown[] {
  const least = BigInt(minimum ?? 0);
  const most = maximum === undefined ? BigInt(exclusiveMaximum ?? 0) - 1n : BigInt(maximum);
  const candidates = [
    least - 1n,
    most + 1n,
    -1n,
    2n ** 53n + 1n,
    2n ** 63n,
    2n ** 64n,
    2n ** 64n + 1n,
    -(2n ** 63n) - 1n,
  ];
  return [...candidates.filter((number) => number < least || number > most), 0.5, 1e300, -1.5];
}

/** The places, with a value, that no finding points at. */
function missed(values: (node: Node) => readonly unknown[], places: readonly Place[] = PLACES): readonly string[] {
  return places.flatMap(({ path, node }) =>
    values(node)
      .filter((value) => !isFound(put(everything(), path, value), path))
      .map((value) => `${path} = ${typeof value === "bigint" ? value : JSON.stringify(value)}`),
  );
}

function isFound(document: unknown, path: string): boolean {
  return findingsOf(textOf(document)).some(
    ({ pointer, message }) => pointer === path && !USUAL.has(`${pointer}: ${message}`),
  );
}

/** JSON, with integers of any size. */
function textOf(document: unknown): string {
  const text = JSON.stringify(document, (_, value) => (typeof value === "bigint" ? `#${value}#` : value));
  return text.replace(/"#(-?\d+)#"/g, "$1");
}

function findingsOf(text: string): ConfigError["findings"] {
  try {
    parseConfig(text, "config.json");
  } catch (error) {
    if (error instanceof ConfigError) return error.findings;
    throw error;
  }
  return [];
}
