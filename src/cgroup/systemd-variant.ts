// SPDX-License-Identifier: Apache-2.0
/**
 * Values as GVariant's text writes them, in which annotations set properties of systemd: `'text'`, `true`, `5`,
 * `uint64 5`, `['a', 'b']`, `('a', 1)`, `{'a': 1}`, `<5>`, `@as []`. GVariant Text Format, of GLib's manual. Pure.
 */
import { splitTypes, type Value, type Variant } from "../native/dbus-types.ts";

const KEYWORDS: Readonly<Record<string, string>> = {
  boolean: "b",
  byte: "y",
  int16: "n",
  uint16: "q",
  int32: "i",
  uint32: "u",
  int64: "x",
  uint64: "t",
  double: "d",
  string: "s",
  objectpath: "o",
  signature: "g",
};

/** Type -> the lowest and the highest number that it holds. */
const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  y: [0n, 2n ** 8n - 1n],
  n: [-(2n ** 15n), 2n ** 15n - 1n],
  q: [0n, 2n ** 16n - 1n],
  i: [-(2n ** 31n), 2n ** 31n - 1n],
  u: [0n, 2n ** 32n - 1n],
  x: [-(2n ** 63n), 2n ** 63n - 1n],
  t: [0n, 2n ** 64n - 1n],
};

type Node =
  | { readonly kind: "number" | "word" | "string"; readonly text: string }
  | { readonly kind: "list" | "members" | "variant" | "pairs"; readonly parts: readonly Node[] }
  | { readonly kind: "typed"; readonly type: string; readonly of: Node };

/** SyntaxError: the text is no value, or does not tell its type. RangeError: a number is too large for its type. */
export function parseVariant(text: string): Variant {
  const tokens = tokenize(text);
  const node = takeValue(tokens);
  if (tokens.length > 0) throw new SyntaxError(`nothing is expected behind the value, found ${tokens[0]}`);
  const type = typeOf(node);
  return { type, value: valueAs(node, type) };
}

const TOKEN =
  /\s*(?:('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(@[a-z(){}]+)|([-+]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?))|([a-z]\w*)|([[\](){}<>,:]))\s*/uy;

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length; ) {
    const at = TOKEN.lastIndex;
    const [found] = TOKEN.exec(text) ?? [];
    if (found === undefined) throw new SyntaxError(`no value begins at ${JSON.stringify(text.slice(at))}`);
    tokens.push(found.trim());
  }
  return tokens;
}

function takeValue(tokens: string[]): Node {
  const token = tokens.shift();
  if (token === undefined) throw new SyntaxError("a value is missing");
  if (token.startsWith("@")) return { kind: "typed", type: oneType(token.slice(1)), of: takeValue(tokens) };
  const type = KEYWORDS[token];
  if (type !== undefined) return { kind: "typed", type, of: takeValue(tokens) };
  if (/^['"]/.test(token)) return { kind: "string", text: unquoted(token) };
  if (/^[-+\d]/.test(token)) return { kind: "number", text: token };
  if (token === "true" || token === "false") return { kind: "word", text: token };
  if (token === "[") return { kind: "list", parts: takeParts(tokens, "]") };
  if (token === "(") return { kind: "members", parts: takeParts(tokens, ")") };
  if (token === "<") return { kind: "variant", parts: takeParts(tokens, ">") };
  if (token === "{") return { kind: "pairs", parts: takeParts(tokens, "}") };
  throw new SyntaxError(`a value cannot be ${token}`);
}

/** A pair's key and value follow each other. */
function takeParts(tokens: string[], end: string): readonly Node[] {
  const parts: Node[] = [];
  while (tokens[0] !== end) {
    parts.push(takeValue(tokens));
    if (end === "}") {
      expectToken(tokens, ":");
      parts.push(takeValue(tokens));
    }
    if (tokens[0] !== end) expectToken(tokens, ",");
  }
  tokens.shift();
  if (end === ">" && parts.length !== 1) throw new SyntaxError("a variant holds one value");
  if (end === ")" && parts.length === 0) throw new SyntaxError("D-Bus has no structure without members");
  return parts;
}

function expectToken(tokens: string[], wanted: string): void {
  const found = tokens.shift();
  if (found !== wanted) throw new SyntaxError(`expected ${wanted}, found ${found ?? "the end"}`);
}

function oneType(type: string): string {
  if (splitTypes(type).length !== 1) throw new SyntaxError(`@${type} is not one type`);
  return type;
}

const ESCAPES: Readonly<Record<string, string>> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

function unquoted(token: string): string {
  return token.slice(1, -1).replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gsu, (_, short, long, char) => {
    const code = short ?? long;
    return code === undefined ? (ESCAPES[char] ?? char) : String.fromCodePoint(Number.parseInt(code, 16));
  });
}

/** The type that a value has by itself: numbers are int32, or double with a point. */
function typeOf(node: Node): string {
  switch (node.kind) {
    case "typed":
      return node.type;
    case "number":
      return isDouble(node.text) ? "d" : "i";
    case "word":
      return "b";
    case "string":
      return "s";
    case "variant":
      return "v";
    case "members":
      return `(${node.parts.map(typeOf).join("")})`;
    case "list":
      return `a${commonType(node.parts)}`;
    default: {
      const keys = node.parts.filter((_, index) => index % 2 === 0);
      const values = node.parts.filter((_, index) => index % 2 === 1);
      return `a{${commonType(keys)}${commonType(values)}}`;
    }
  }
}

/** A type that is written down counts for all; a double makes the other numbers doubles. */
function commonType(parts: readonly Node[]): string {
  const told = parts.find(({ kind }) => kind === "typed");
  const types = new Set(told === undefined ? parts.map(typeOf) : [typeOf(told)]);
  const [type] = types;
  if (type === undefined) throw new SyntaxError("an empty list needs its type before it, such as @as []");
  if (types.size === 1) return type;
  if ([...types].every((one) => one === "i" || one === "d")) return "d";
  throw new SyntaxError(`a list has values of one type, not of ${[...types].join(" and ")}`);
}

function valueAs(node: Node, type: string): Value {
  const wrong = () => new SyntaxError(`the value is not of the type ${type}`);
  if (node.kind === "typed") {
    if (node.type !== type) throw wrong();
    return valueAs(node.of, type);
  }
  if (node.kind === "number") return numberOf(node.text, type);
  if (node.kind === "word" && type === "b") return node.text === "true";
  if (node.kind === "string" && /^[sog]$/.test(type)) {
    if (node.text.includes("\0")) throw new SyntaxError("a text holds no NUL");
    return node.text;
  }
  if (node.kind === "variant" && type === "v") {
    return node.parts.map((part) => ({ type: typeOf(part), value: valueAs(part, typeOf(part)) }))[0] as Variant;
  }
  if (node.kind === "list" && /^a[^{]/.test(type)) return node.parts.map((part) => valueAs(part, type.slice(1)));
  const inner = type.startsWith("a{") ? type.slice(2, -1) : type.slice(1, -1);
  const isOf = (node.kind === "pairs" && type.startsWith("a{")) || (node.kind === "members" && type.startsWith("("));
  if (!isOf) throw wrong();
  const types = splitTypes(inner);
  if (node.kind === "members" && types.length !== node.parts.length) throw wrong();
  const values = (node as { parts: readonly Node[] }).parts.map((part, index) =>
    valueAs(part, types[index % types.length] ?? ""),
  );
  return node.kind === "members"
    ? values
    : values.flatMap((key, at) => (at % 2 ? [] : [[key, values[at + 1] as Value]]));
}

function isDouble(text: string): boolean {
  return /[.eE]/.test(text) && !/^[-+]?0x/i.test(text);
}

/** A number that begins with 0 is octal, as in C. */
function numberOf(text: string, type: string): Value {
  if (type === "d") return Number(text);
  const range = RANGES[type];
  if (range === undefined || isDouble(text)) throw new SyntaxError(`${text} is not of the type ${type}`);
  const [, sign = "", digits = ""] = /^([-+]?)(.*)$/.exec(text) ?? [];
  const octal = /^0\d/.test(digits);
  if (octal && /[89]/.test(digits)) throw new SyntaxError(`${text} is no octal number`);
  const size = BigInt(octal ? `0o${digits}` : digits);
  const value = sign === "-" ? -size : size;
  if (value < range[0] || value > range[1]) throw new RangeError(`${text} is too large for its type`);
  return type === "x" || type === "t" ? value : Number(value);
}
