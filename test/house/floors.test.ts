// SPDX-License-Identifier: Apache-2.0
/** Imports go down the stairs. The table is the architecture; each test lists all who offend. */
import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { type Import, importsOf, ROOMS, read, roomOf, SOURCES, withoutComments } from "./tree.ts";

/** Room -> the rooms that it may import, besides itself. Read it bottom-up. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  cli: ["runtime", "compile", "emit", "state", "cgroup", "plan", "bpf", "config", "host", "native", "errors", "kernel"],
  runtime: ["compile", "emit", "state", "cgroup", "plan", "bpf", "config", "host", "native", "errors", "kernel"],
  state: ["native", "errors", "kernel"],
  cgroup: ["native", "config", "host", "bpf", "errors", "kernel"],
  compile: ["plan", "bpf", "config", "host", "errors", "kernel"],
  emit: ["plan", "errors", "kernel"],
  plan: ["errors", "kernel"],
  bpf: ["errors", "kernel"],
  config: ["errors", "kernel"],
  host: ["config", "errors", "kernel"],
  native: ["errors", "kernel"],
  errors: ["kernel"],
  kernel: [],
};

/** What reads the host may also call it. */
const PROBES = /^host\/probe[\w-]*\.ts$/;

/** Files that may touch the world; everything else is a pure function of its arguments. */
const EFFECTS = /^(?:cli|runtime|state|cgroup|native)\/|^config\/load\.ts$|^host\/probe[\w-]*\.ts$/;

/** Packages -> the rooms that may import them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  koffi: ["native"],
  yargs: ["cli"],
};

interface Edge extends Import {
  readonly file: string;
  /** The file of src/ that is imported, or the module. */
  readonly to: string;
}

const EDGES: readonly Edge[] = SOURCES.flatMap((file) =>
  importsOf(read(`src/${file}`)).map((found) => {
    const to = found.target.startsWith(".") ? posix.join(posix.dirname(file), found.target) : found.target;
    return { ...found, file, to };
  }),
);
const INSIDE = EDGES.filter((edge) => edge.target.startsWith("."));
const OUTSIDE = EDGES.filter((edge) => !edge.target.startsWith("."));

describe("an import", () => {
  test("goes down", () => {
    const up = INSIDE.filter(({ file, to }) => {
      const allowed = [roomOf(file), ...(MAY_IMPORT[roomOf(file)] ?? []), ...(PROBES.test(file) ? ["native"] : [])];
      return !allowed.includes(roomOf(to));
    });
    expect(up.map(told)).toEqual([]);
  });

  test("of config in host is of types only: both stand on the same floor", () => {
    const values = INSIDE.filter(
      ({ file, to, typeOnly }) => roomOf(file) === "host" && roomOf(to) === "config" && !typeOnly,
    );
    expect(values.map(told)).toEqual([]);
  });

  test("of the library's door is for others", () => {
    expect(INSIDE.filter(({ to }) => to === "runtime/index.ts").map(told)).toEqual([]);
  });

  test("names the whole file", () => {
    expect(INSIDE.filter(({ to }) => !/\.(?:[cm]?[jt]s|json)$/.test(to)).map(told)).toEqual([]);
  });

  test("of node:, or of anything else that touches the world, is not in a pure file", () => {
    const impure = OUTSIDE.filter(({ file, target }) => target.startsWith("node:") && !EFFECTS.test(file));
    expect(impure.map(told)).toEqual([]);
    const globals =
      /(?<![.\w"])(?:process\.(?:argv|exit|std\w+|kill|get\w+)|(?:globalThis|console|Date|Math\.random)\b[.(]|(?:fetch|setTimeout)\()/;
    const pure = SOURCES.filter((file) => !EFFECTS.test(file));
    expect(pure.filter((file) => globals.test(withoutComments(read(`src/${file}`))))).toEqual([]);
  });

  test("of a package is where the package has its place", () => {
    const packages = OUTSIDE.filter(({ target }) => !target.startsWith("node:"));
    const astray = packages.filter(({ file, target }) => !(PACKAGES[target] ?? []).includes(roomOf(file)));
    expect(astray.map(told)).toEqual([]);
  });

  test("of koffi, or of its addon by a path, is in native/ alone", () => {
    const others = SOURCES.filter((file) => roomOf(file) !== "native");
    expect(
      others.filter((file) => /["'`][^"'`\n]*\bkoffi\b|\bdlopen\b/.test(withoutComments(read(`src/${file}`)))),
    ).toEqual([]);
  });

  test("never leads back to its own file", () => {
    const graph = new Map<string, readonly string[]>(
      SOURCES.map((file) => [
        file,
        INSIDE.filter((edge) => edge.file === file && !edge.typeOnly).map((edge) => edge.to),
      ]),
    );
    const rings = SOURCES.map((file) => ringThrough(file, graph)).filter((ring) => ring !== undefined);
    expect(rings.map((ring) => ring.join(" -> "))).toEqual([]);
  });
});

describe("the table", () => {
  test("has every room", () => {
    expect(ROOMS.filter((room) => !(room in MAY_IMPORT))).toEqual([]);
    expect(SOURCES.filter((file) => !file.includes("/"))).toEqual([]);
  });

  test("has no two rooms that import each other", () => {
    for (const [room, below] of Object.entries(MAY_IMPORT)) {
      for (const other of below) expect(MAY_IMPORT[other], `${other} is below ${room}`).not.toContain(room);
    }
  });
});

test("rings are found", () => {
  const graph = new Map([
    ["a", ["b"]],
    ["b", ["c", "d"]],
    ["c", []],
    ["d", ["b"]],
  ]);
  expect(ringThrough("a", graph)).toBeUndefined();
  expect(ringThrough("b", graph)).toEqual(["b", "d", "b"]);
});

function told({ file, target }: Edge): string {
  return `${file} imports ${target}`;
}

/** The shortest way from a file back to itself. */
function ringThrough(file: string, graph: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const ways: (readonly string[])[] = [[file]];
  const seen = new Set<string>();
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    for (const next of graph.get(way.at(-1) ?? "") ?? []) {
      if (next === file) return [...way, next];
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  }
  return undefined;
}
