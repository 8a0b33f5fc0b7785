// SPDX-License-Identifier: Apache-2.0
/** Reads what `strace -f -qq -v -s 65535 -o FILE` writes. */

/** One call as strace saw it. */
export interface Seen {
  /** The number of its first line. */
  readonly line: number;
  /** `mkdirat(3, "dev", 0755)` */
  readonly text: string;
  /** The call's name. */
  readonly name: string;
  /** What it returned; -1 with an errno. undefined: it did not return (exit, a killed process). */
  readonly result?: bigint;
  readonly errno?: string;
}

/** Process -> its calls, in order; processes in the order in which they appear. Signals and exits are left out. */
export function readLog(text: string): ReadonlyMap<number, readonly Seen[]> {
  const seen = new Map<number, Seen[]>();
  const unfinished = new Map<number, { line: number; text: string }>();
  for (const [index, line] of text.split("\n").entries()) {
    const [, digits, content] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    if (digits === undefined || content === undefined || /^(---|\+\+\+) /.test(content)) continue;
    const pid = Number(digits);
    if (!seen.has(pid)) seen.set(pid, []);
    const start = /^(.*) <unfinished \.\.\.>$/.exec(content)?.[1];
    if (start !== undefined) {
      unfinished.set(pid, { line: index + 1, text: start });
      continue;
    }
    const rest = /^<\.\.\. \w+ resumed>(.*)$/.exec(content)?.[1];
    const begun = unfinished.get(pid);
    unfinished.delete(pid);
    const whole = rest === undefined ? content : `${begun?.text ?? ""}${rest}`;
    seen.get(pid)?.push(readCall(whole, rest === undefined ? index + 1 : (begun?.line ?? index + 1)));
  }
  for (const [pid, { line, text }] of unfinished) seen.get(pid)?.push(readCall(`${text} <unfinished ...>) = ?`, line));
  return seen;
}

/** `call(args) = -1 ENOENT (No such file or directory)`, `= 022`, `= 0x2f (NAMES)`, `= ?`. */
function readCall(content: string, line: number): Seen {
  const [, text, result, errno] = /^(.*\))\s+= (-?\d+|0x[0-9a-f]+|\?)(?: (E[A-Z0-9]+) .*| .*)?$/.exec(content) ?? [];
  if (text === undefined || result === undefined) throw new Error(`line ${line} of the log is no call: ${content}`);
  const name = text.slice(0, text.indexOf("("));
  return {
    line,
    text: text.replace(/ <unfinished \.\.\.>\)$/, ")"),
    name,
    ...(result !== "?" && { result: toNumber(result) }),
    ...(errno !== undefined && { errno }),
  };
}

/** strace prints what umask(2) returns in octal, and flags in hexadecimal. */
function toNumber(text: string): bigint {
  return BigInt(/^0\d+$/.test(text) ? `0o${text}` : text);
}
