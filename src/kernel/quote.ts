// SPDX-License-Identifier: Apache-2.0
/** Strings as strace(1) quotes them, in full. */

/**
 * `"proc\n"`: text (as UTF-8) or bytes in double quotes.
 *
 * What is not printable ASCII is escaped: \t \n \v \f \r \" \\ by letter, the rest in octal with as few digits as
 * the next character allows.
 */
export function quote(value: string | Uint8Array): string {
  const bytes = typeof value === "string" ? utf8(value) : value;
  let text = "";
  for (const [index, byte] of bytes.entries()) text += escapeByte(byte, bytes[index + 1]);
  return `"${text}"`;
}

/** `"\x01\x02"`: bytes as strace quotes what it takes for binary. */
export function quoteHex(value: string | Uint8Array): string {
  const bytes = typeof value === "string" ? utf8(value) : value;
  return `"${Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}"`;
}

/** The UTF-8 bytes of a string. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const LETTERS: Readonly<Record<number, string>> = {
  9: "\\t",
  10: "\\n",
  11: "\\v",
  12: "\\f",
  13: "\\r",
  34: '\\"',
  92: "\\\\",
};

function escapeByte(byte: number, next: number | undefined): string {
  const letter = LETTERS[byte];
  if (letter !== undefined) return letter;
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  // An octal digit after it would be read as part of it: strace then writes three digits.
  const isDigit = next !== undefined && next >= 0x30 && next <= 0x37;
  return `\\${byte.toString(8).padStart(isDigit ? 3 : 1, "0")}`;
}
