// SPDX-License-Identifier: Apache-2.0
/** From a value to JSON that loses no integer. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJson, printJson } from "../../src/config/json.ts";

test("what is printed reads back as the same value, integers of any size among it", () => {
  const value = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: "small" },
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).filter((one) => !Number.isSafeInteger(Number(one))),
      fc.integer(),
      fc.constantFrom("\\u00005", '"5"', "12345678901234567890", null, true),
      fc.string().filter((text) => !text.includes("\0")),
      fc.array(tie("node")),
      fc.dictionary(fc.string(), tie("node")),
    ),
  })).node;
  fc.assert(
    fc.property(value, (one) => {
      expect(parseJson(printJson(one))).toEqual(one);
    }),
  );
});

test("a bigint is printed with all its digits, and a small one like any number", () => {
  expect(printJson({ a: 2n ** 64n - 1n, b: [5n, -(2n ** 63n)] })).toBe(
    '{"a":18446744073709551615,"b":[5,-9223372036854775808]}',
  );
});
