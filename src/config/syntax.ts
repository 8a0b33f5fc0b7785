// SPDX-License-Identifier: Apache-2.0
/** Finds where a text stops being JSON. Engines tell it in words of their own, or not at all. RFC 8259. */
import { quote } from "../kernel/quote.ts";

export interface SyntaxFault {
  /** 1-based. Columns count characters, a tab is one. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Unrolled, so that a long string needs no stack. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what a JSON string must not hold.
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y;
const WORD = /(?:true|false|null)(?!\w)/y;
const SPACE = /[ \t\n\r]*/y;

type Expected = "value" | "value or ]" | "name" | "name or }" | ":" | ", or ]" | ", or }" | "the end";

/** The first fault of a text that JSON.parse refuses; undefined for JSON. */
export function findSyntaxFault(text: string): SyntaxFault | undefined {
  const open: ("[" | "{")[] = [];
  let expected: Expected = "value";
  let at = 0;
  for (;;) {
    at = skip(SPACE, text, at);
    if (at >= text.length && expected === "the end") return undefined;
    const next = token(text, at, expected);
    if (next === at) return fault(text, at, expected);
    expected = after(text.charAt(at), expected, open);
    at = next;
  }
}

/** End of the token at `at`, if it may stand there; otherwise `at`. */
function token(text: string, at: number, expected: Expected): number {
  const char = text.charAt(at);
  switch (expected) {
    case "value":
    case "value or ]":
      if (char === "{" || char === "[" || (char === "]" && expected === "value or ]")) return at + 1;
      if (char === '"') return skip(STRING, text, at);
      return skip(/[-\d]/.test(char) ? NUMBER : WORD, text, at);
    case "name":
    case "name or }":
      return char === "}" && expected === "name or }" ? at + 1 : skip(STRING, text, at);
    case ":":
      return char === ":" ? at + 1 : at;
    case ", or ]":
      return char === "," || char === "]" ? at + 1 : at;
    case ", or }":
      return char === "," || char === "}" ? at + 1 : at;
    case "the end":
      return at;
  }
}

/** What may follow the token that begins with `char`. */
function after(char: string, expected: Expected, open: ("[" | "{")[]): Expected {
  if (char === "[" || char === "{") {
    open.push(char);
    return char === "[" ? "value or ]" : "name or }";
  }
  if (char === "]" || char === "}") open.pop();
  else if (char === ":" && expected === ":") return "value";
  else if (char === "," && expected.startsWith(",")) return open.at(-1) === "[" ? "value" : "name";
  else if (expected === "name" || expected === "name or }") return ":";
  const inside = open.at(-1);
  if (inside === undefined) return "the end";
  return inside === "[" ? ", or ]" : ", or }";
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

const WORDS: Readonly<Record<Expected, string>> = {
  value: "a value",
  "value or ]": "a value or ]",
  name: "a property name in double quotes",
  "name or }": "a property name in double quotes or }",
  ":": "a colon",
  ", or ]": "a comma or ]",
  ", or }": "a comma or }",
  "the end": "the end of the file",
};

function fault(text: string, at: number, expected: Expected): SyntaxFault {
  const before = text.slice(0, at).split("\n");
  return {
    line: before.length,
    column: [...(before.at(-1) ?? "")].length + 1,
    message: `expected ${WORDS[expected]}, found ${found(text, at, expected)}`,
  };
}

function found(text: string, at: number, expected: Expected): string {
  const rest = text.slice(at, at + 20);
  if (rest === "") return "the end of the file";
  const isString = rest.startsWith('"') && /value|name/.test(expected);
  if (isString) return "a string that does not end, or holds a control character or an unknown escape";
  return quote(/^[\w.+-]+|^./su.exec(rest)?.[0] ?? "");
}
