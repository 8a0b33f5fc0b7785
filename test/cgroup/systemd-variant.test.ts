// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { annotatedProperties } from "../../src/cgroup/systemd-annotations.ts";
import { parseVariant } from "../../src/cgroup/systemd-variant.ts";
import { ConfigError } from "../../src/errors/errors.ts";

describe("a value in GVariant's text", () => {
  test.each([
    ["5", "i", 5],
    ["-5", "i", -5],
    ["0x10", "i", 16],
    ["010", "i", 8],
    ["uint64 5", "t", 5n],
    ["uint32 4294967295", "u", 4294967295],
    ["byte 0xff", "y", 255],
    ["2.5", "d", 2.5],
    ["1e3", "d", 1000],
    ["true", "b", true],
    ["'a\\'b\\n'", "s", "a'b\n"],
    [`"x 'y'"`, "s", "x 'y'"],
    ["'\\u00e9\\U0001F600'", "s", "é😀"],
    ["objectpath '/a'", "o", "/a"],
    ["['a', 'b']", "as", ["a", "b"]],
    ["@as []", "as", []],
    ["[uint32 1, 2]", "au", [1, 2]],
    ["[1, 2.5]", "ad", [1, 2.5]],
    ["('/dev/null', 'rw')", "(ss)", ["/dev/null", "rw"]],
    ["[('/dev/null', 'rw')]", "a(ss)", [["/dev/null", "rw"]]],
    [
      "{'a': 1, 'b': 2}",
      "a{si}",
      [
        ["a", 1],
        ["b", 2],
      ],
    ],
    ["<5>", "v", { type: "i", value: 5 }],
    ["@a{sv} {'k': <true>}", "a{sv}", [["k", { type: "b", value: true }]]],
    ["  [ 'a' ,'b' ]  ", "as", ["a", "b"]],
  ])("%s is of the type %s", (text, type, value) => {
    expect(parseVariant(text)).toEqual({ type, value });
  });

  test.each([
    ["", "a value is missing"],
    ["abc", "cannot be abc"],
    ["'open", "no value begins"],
    ["[1, 'a']", "one type"],
    ["[]", "needs its type"],
    ["5 6", "behind the value"],
    ["[1 2]", "expected ,"],
    ["uint32 -1", "too large"],
    ["4294967296", "too large"],
    ["uint32 'a'", "not of the type u"],
    ["089", "octal"],
    ["()", "without members"],
    ["@zz 1", "no value begins|no type|z"],
    ["<1, 2>", "one value"],
    ["{'a' 1}", "expected :"],
    ["'\0'", "NUL"],
  ])("%j is none", (text, message) => {
    expect(() => parseVariant(text)).toThrow(new RegExp(message));
  });

  test("is found again, whatever text or number it is", () => {
    const quoted = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;
    const strings = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"));
    fc.assert(
      fc.property(strings, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (text, number) => {
        expect(parseVariant(`(${quoted(text)}, uint64 ${number})`).value).toEqual([text, number]);
      }),
    );
  });

  test("or not: no text makes the parser do anything but answer or throw its own errors", () => {
    const pieces = fc.constantFrom("[", "]", "(", ")", "{", "}", "<", ">", ",", ":", "1", "'a'", "@as", "uint64", " ");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (list) => {
        try {
          parseVariant(list.join(""));
        } catch (error) {
          expect(error instanceof SyntaxError || error instanceof RangeError).toBe(true);
        }
      }),
    );
  });
});

describe("annotations", () => {
  const key = (name: string) => `org.systemd.property.${name}`;

  test("of that prefix are properties, others are not", () => {
    const annotations = { [key("CollectMode")]: "'inactive-or-failed'", other: "x" };
    expect(annotatedProperties(annotations, "config.json")).toEqual([
      { name: "CollectMode", type: "s", value: "inactive-or-failed" },
    ]);
    expect(annotatedProperties(undefined, "config.json")).toEqual([]);
  });

  test.each([
    ["TimeoutStopSec", "123", "TimeoutStopUSec", 123_000_000n],
    ["TimeoutStopSec", "1.5", "TimeoutStopUSec", 1_500_000n],
    ["TimeoutStopUSec", "uint64 7", "TimeoutStopUSec", 7n],
  ])("%s=%s is %s", (name, text, property, value) => {
    expect(annotatedProperties({ [key(name)]: text }, "f")).toEqual([{ name: property, type: "t", value }]);
  });

  test("SEC at the end of a word that is none is left alone", () => {
    expect(annotatedProperties({ [key("FOOSec")]: "1" }, "f")).toEqual([{ name: "FOOSec", type: "i", value: 1 }]);
  });

  test("that cannot be read are told all at once", () => {
    const annotations = { [key("a1")]: "1", [key("Good")]: "1", [key("Bad")]: "[", [key("TimeoutSec")]: "'x'" };
    const error = failureOf(() => annotatedProperties(annotations, "f"));
    expect(error.findings.map(({ pointer }) => pointer)).toEqual(
      ["a1", "Bad", "TimeoutSec"].map((name) => `/annotations/${key(name)}`),
    );
  });
});

function failureOf(work: () => unknown): ConfigError {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
