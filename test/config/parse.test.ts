// SPDX-License-Identifier: Apache-2.0
/** From text and files to a Config: numbers, faults of syntax, everything else that a text can do. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check, checkFeatures, checkState } from "../../src/config/check.ts";
import { parseJson } from "../../src/config/json.ts";
import { loadConfig } from "../../src/config/load.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { findSyntaxFault } from "../../src/config/syntax.ts";
import { ConfigError } from "../../src/errors/errors.ts";
import { changed } from "./changed.ts";
import everything from "./everything.json" with { type: "json" };

/** Milliseconds, for tests that do much on a busy machine. */
const SLOW = 60_000;

describe("integers", () => {
  test.each([
    ["18446744073709551615", 18446744073709551615n],
    ["9007199254740993", 9007199254740993n],
    ["9007199254740992", 9007199254740992n],
    ["9007199254740991", 9007199254740991],
    ["-9223372036854775808", -9223372036854775808n],
    ["-0", -0],
    ["5e-324", 5e-324],
    ["1e19", 1e19],
    ["0.12345678901234567890", 0.12345678901234568],
  ])("%s", (text, value) => {
    expect(parseJson(text)).toBe(value);
    expect(parseJson(`[{"a": ${text}}, 1234567890123456789]`)).toEqual([{ a: value }, 1234567890123456789n]);
  });

  test("of any size, and next to any other value, survive", { timeout: SLOW }, () => {
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: "small" },
        fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom(5e-324, 1e-320, 2e-320, "1e-320", '"\\', "12345678901234567890", null, true),
        fc.string({ unit: "binary" }),
        fc.array(tie("node")),
        fc.dictionary(fc.string(), tie("node")),
      ),
    })).node;
    fc.assert(
      fc.property(value, (one) => {
        expect(parseJson(write(one))).toEqual(safeAsNumber(one));
      }),
    );
  });

  test("in the text of strings are left alone", () => {
    expect(
      parseJson(String.raw`{"12345678901234567890": "\"12345678901234567890", "b": 12345678901234567890}`),
    ).toEqual({
      "12345678901234567890": '"12345678901234567890',
      b: 12345678901234567890n,
    });
  });

  test("keep to their type's range when they are bigint, too", () => {
    const hard = (value: bigint) => check(config({ rlimits: [{ type: "RLIMIT_AS", soft: 0, hard: value }] })).findings;
    expect(hard(2n ** 64n - 1n)).toEqual([]);
    expect(hard(2n ** 64n).map(({ pointer }) => pointer)).toEqual(["/process/rlimits/0/hard"]);
    expect(hard(10n ** 400n)).toHaveLength(1);
    expect(hard(-1n)).toHaveLength(1);
  });

  test("are judged as exact arithmetic judges them", { timeout: SLOW }, () => {
    const near = [0n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n, -(2n ** 63n), -(2n ** 53n)];
    const integer = fc.tuple(fc.constantFrom(...near), fc.bigInt({ min: -3000n, max: 3000n })).map(([a, b]) => a + b);
    const bounds = {
      uint64: [
        0n,
        2n ** 64n - 1n,
        (v: unknown) => ({ process: { cwd: "/", rlimits: [{ type: "RLIMIT_AS", soft: v, hard: v }] } }),
      ],
      int64: [-(2n ** 63n), 2n ** 63n - 1n, (v: unknown) => ({ linux: { timeOffsets: { boottime: { secs: v } } } })],
      uint32: [0n, 2n ** 32n - 1n, (v: unknown) => ({ linux: { resources: { network: { classID: v } } } })],
    } as const;
    fc.assert(
      fc.property(integer, fc.constantFrom(...Object.values(bounds)), (value, [min, max, place]) => {
        const { findings } = check({ ociVersion: "1.3.0", ...place(value) });
        const isRefused = findings.some(({ message }) =>
          /^expected (?:at (?:least|most) [-\d]+, found|an integer)/.test(message),
        );
        expect(isRefused).toBe(value < min || value > max);
      }),
      { numRuns: 500 },
    );
  });
});

describe("what is not JSON is told with its place", () => {
  test.each([
    ["", "1:1 expected a value, found the end of the file"],
    ["{", "1:2 expected a property name in double quotes or }, found the end of the file"],
    ["{]", '1:2 expected a property name in double quotes or }, found "]"'],
    ['{"a" 1}', '1:6 expected a colon, found "1"'],
    ['{"a":1,}', '1:8 expected a property name in double quotes, found "}"'],
    ["[1,]", '1:4 expected a value, found "]"'],
    ["[1\n2]", '2:1 expected a comma or ], found "2"'],
    ["[1}", '1:3 expected a comma or ], found "}"'],
    ['{"a":[]\n\n"b":1}', '3:1 expected a comma or }, found "\\""'],
    ["[] []", '1:4 expected the end of the file, found "["'],
    ["[01]", '1:2 expected a value or ], found "01"'],
    ["[1.]", '1:2 expected a value or ], found "1."'],
    ["[nul]", '1:2 expected a value or ], found "nul"'],
    ["{a: 1}", '1:2 expected a property name in double quotes or }, found "a"'],
    ["['a']", `1:2 expected a value or ], found "'"`],
    [
      '["ä", "a',
      "1:7 expected a value, found a string that does not end, or holds a control character or an unknown escape",
    ],
    [
      '["\\x"]',
      "1:2 expected a value or ], found a string that does not end, or holds a control character or an unknown escape",
    ],
    ["\ufeff{}", '1:1 expected a value, found "\\357\\273\\277"'],
    ["// x\n{}", '1:1 expected a value, found "/"'],
  ])("%j", (text, expected) => {
    const fault = findSyntaxFault(text);
    expect(`${fault?.line}:${fault?.column} ${fault?.message}`).toBe(expected);
  });

  test("exactly where JSON.parse refuses", { timeout: SLOW }, () => {
    const pieces = fc.array(
      fc.constantFrom("{", "}", "[", "]", ",", ":", '"a"', '"', "1", "-", "0", ".", "e", "null", "\\", " ", "\n", "x"),
    );
    const valid = fc.json().chain((text) => fc.nat(text.length).map((at) => text.slice(0, at) + text.slice(at + 1)));
    fc.assert(
      fc.property(
        fc.oneof(
          pieces.map((list) => list.join("")),
          fc.json(),
          valid,
        ),
        (text) => {
          expect(findSyntaxFault(text) === undefined).toBe(isJson(text));
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("any text", () => {
  test("of two properties with one name the last wins", () => {
    const text = `{"ociVersion":"9","ociVersion":"1.3.0","root":{"path":"a"},"root":{"path":"b"},"x":12345678901234567890}`;
    expect(parseConfig(text, "f").root).toEqual({ path: "b" });
  });

  test("a NUL is found wherever it is", () => {
    const text = `{"ociVersion":"1.3.0","root":{"path":"a"},"x":["\\u0000"],"y\\u0000":1}`;
    expect(pointersOf(text)).toEqual(["/x/0", "/y\0"]);
  });

  test("how deep it nests does not matter", { timeout: SLOW }, () => {
    const deep = `${"[".repeat(200_000)}12345678901234567890${"]".repeat(200_000)}`;
    const text = `{"ociVersion":"1.3.0","root":{"path":"a"},"x":${deep}}`;
    expect(parseConfig(text, "f").root).toEqual({ path: "a" });
    expect(pointersOf(`${text}x`)).toEqual([""]);
  });

  test("long strings do not matter", { timeout: SLOW }, () => {
    const text = `{"ociVersion":"1.3.0","root":{"path":"${"a\\n".repeat(2_000_000)}"},"x":12345678901234567890}`;
    expect(parseConfig(text, "f").root?.path).toHaveLength(4_000_000);
    expect(findSyntaxFault(`${text}x`)?.message).toMatch(/the end of the file/);
  });

  test("a property named __proto__ is one like others", () => {
    const text = `{"ociVersion":"1.3.0","root":{"path":"a"},"__proto__":{"hostname":"x"},"x":12345678901234567890}`;
    expect(parseConfig(text, "f").hostname).toBeUndefined();
  });
});

describe("any value", () => {
  const anything = fc.oneof(
    fc.anything({ withBigInt: true, withNullPrototype: true, maxDepth: 3 }),
    changed([everything]),
  );

  test("gets a verdict", { timeout: SLOW }, () => {
    const judge = (value: unknown) => [...check(value).findings, ...checkState(value), ...checkFeatures(value)];
    fc.assert(
      fc.property(anything, (value) => {
        expect(Array.isArray(judge(value))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("with a finding, points to something that is there", { timeout: SLOW }, () => {
    fc.assert(
      fc.property(changed([everything]), (value) => {
        for (const { pointer } of check(value).findings) expect(leadsSomewhere(value, pointer), pointer).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a bundle", () => {
  test("is read from its config.json, with warnings told apart", () => {
    inBundle(`{"ociVersion":"1.0.0","root":{"path":"rootfs"}}`, (bundle) => {
      const warnings: string[] = [];
      expect(loadConfig(bundle, ({ message }) => warnings.push(message)).root).toEqual({ path: "rootfs" });
      expect(warnings).toHaveLength(2);
    });
  });

  test("with faults is refused with all of them", () => {
    inBundle(`{"ociVersion":"2.0.0","root":{}}`, (bundle) => {
      const error = thrownBy(() => loadConfig(bundle));
      expect(error.file).toBe(join(bundle, "config.json"));
      expect(error.findings.map(({ pointer }) => pointer)).toEqual(["/root", "/ociVersion"]);
    });
  });

  test("without config.json is refused", () => {
    const error = thrownBy(() => loadConfig("/nonexistent"));
    expect(error.findings[0]?.message).toBe("cannot be read: ENOENT");
  });

  test.each([
    ["a FIFO that nobody writes to", (file: string) => execFileSync("mkfifo", [file]), /: it is not a file$/],
    ["a link to a device without an end", (file: string) => symlinkSync("/dev/zero", file), /: it is not a file$/],
    ["a directory", (file: string) => mkdirSync(file), /: EISDIR$/],
    ["larger than any", (file: string) => makeSparse(file), /: it has 1099511627776 bytes$/],
  ])("whose config.json is %s is refused at once", (_, make, message) => {
    inBundle("", (bundle) => {
      const file = join(bundle, "config.json");
      rmSync(file);
      make(file);
      expect(thrownBy(() => loadConfig(bundle)).findings[0]?.message).toMatch(message);
    });
  });
});

function config(process: object): unknown {
  return { ociVersion: "1.3.0", root: { path: "rootfs" }, process: { args: ["sh"], cwd: "/", ...process } };
}

function makeSparse(file: string): void {
  writeFileSync(file, "");
  truncateSync(file, 2 ** 40);
}

function inBundle(text: string, act: (bundle: string) => void): void {
  const bundle = mkdtempSync(join(tmpdir(), "tsrun-config-"));
  try {
    writeFileSync(join(bundle, "config.json"), text);
    act(bundle);
  } finally {
    rmSync(bundle, { recursive: true });
  }
}

function pointersOf(text: string): readonly string[] {
  return thrownBy(() => parseConfig(text, "f")).findings.map(({ pointer }) => pointer);
}

function thrownBy(act: () => unknown): ConfigError {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function leadsSomewhere(document: unknown, pointer: string): boolean {
  let value = document;
  for (const key of pointer.split("/").slice(1)) {
    const name = key.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return false;
    value = (value as Record<string, unknown>)[name];
  }
  return true;
}

/** JSON with bigints written as integers. */
function write(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(write).join(", ")}]`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, child]) => `${JSON.stringify(key)}: ${write(child)}`)
    .join(", ")}}`;
}

/** What parseJson makes of it: a bigint that is safe as a number becomes one, a big integral double a bigint. */
function safeAsNumber(value: unknown): unknown {
  if (typeof value === "bigint") return value >= -(2n ** 53n) + 1n && value < 2n ** 53n ? Number(value) : value;
  if (typeof value === "number") {
    const isWhole = /^-?\d+$/.test(JSON.stringify(value));
    return isWhole && !Number.isSafeInteger(value) ? BigInt(JSON.stringify(value)) : value;
  }
  if (Array.isArray(value)) return value.map(safeAsNumber);
  if (typeof value !== "object" || value === null) return value;
  return JSON.parse("{}", () => Object.fromEntries(Object.entries(value).map(([k, v]) => [k, safeAsNumber(v)])));
}
