// SPDX-License-Identifier: Apache-2.0
/** JSON that loses no integer: those beyond 2^53 are bigint. RFC 8259. */

/** A string, or a number with all that belongs to it. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Numbers nearer to zero than this stand for others while JSON.parse works: 1e-320, 2e-320, ... */
const TINY = 1e-300;

/**
 * The value of a JSON text. Integers written without fraction or exponent that are not safe become bigint.
 *
 * JSON.parse stays the only parser: big integers are swapped for tiny numbers before it, and back after it. Tiny
 * numbers that the text itself has are swapped as well, so that none is taken for another.
 * Throws SyntaxError.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return /\d{16}/.test(text) ? parseExactly(text) : value;
}

function parseExactly(text: string): unknown {
  const kept = new Map<number, number | bigint>();
  const swapped = text.replace(TOKEN, (token) => {
    if (token.startsWith('"')) return token;
    const exact = exactly(token);
    if (typeof exact === "number" && (exact === 0 || Math.abs(exact) >= TINY)) return token;
    const standIn = `${kept.size + 1}e-320`;
    kept.set(Number(standIn), exact);
    return standIn;
  });
  const holder = { value: JSON.parse(swapped) as unknown };
  putBack(holder, kept);
  return holder.value;
}

function exactly(token: string): number | bigint {
  const number = Number(token);
  const isInteger = !/[.eE]/.test(token);
  return isInteger && !Number.isSafeInteger(number) ? BigInt(token) : number;
}

/** Without recursion: how deep a text nests is up to whoever wrote it. */
function putBack(holder: object, kept: ReadonlyMap<number, number | bigint>): void {
  const todo: object[] = [holder];
  for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
    const container = node as Record<string, unknown>;
    for (const key of Object.keys(container)) {
      const child = container[key];
      if (typeof child === "number" && kept.has(child)) container[key] = kept.get(child);
      else if (typeof child === "object" && child !== null) todo.push(child);
    }
  }
}

/** A bigint is marked by a character that the strings of a config.json never have. */
const MARKED = /"\\u0000(-?\d+)"/g;

/** The text of a value, in which a bigint is an integer like any other. */
export function printJson(value: unknown): string {
  const marked = JSON.stringify(value, (_name, one) => (typeof one === "bigint" ? `\0${one}` : one));
  return marked.replace(MARKED, "$1");
}
