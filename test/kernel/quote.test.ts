// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { quote, quoteHex } from "../../src/kernel/quote.ts";

test.each([
  ["text", "/proc/self/fd", '"/proc/self/fd"'],
  ["nothing", "", '""'],
  ["quotes and backslashes", 'a"b\\c', '"a\\"b\\\\c"'],
  ["what has a letter", "\t\n\v\f\r", '"\\t\\n\\v\\f\\r"'],
  ["UTF-8, a byte at a time", "é", '"\\303\\251"'],
  ["as few octal digits as will do", "\0a\u001bz\u007f", '"\\0a\\33z\\177"'],
  ["three before an octal digit", "\x007\u001b0", '"\\0007\\0330"'],
  ["few before 8 and 9, which are none", "\x008\x009", '"\\08\\09"'],
])("%s", (_, text, quoted) => {
  expect(quote(text)).toBe(quoted);
});

test("bytes are quoted in full", () => {
  expect(quote(new Uint8Array(100_000).fill(0x41))).toHaveLength(100_002);
});

test("binary values are quoted in hexadecimal", () => {
  expect(quoteHex(Uint8Array.of(0, 255, 0x41))).toBe('"\\x00\\xff\\x41"');
  expect(quoteHex("A")).toBe('"\\x41"');
});
