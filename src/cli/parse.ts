// SPDX-License-Identifier: Apache-2.0
/**
 * Arguments of the command line, by the table.
 *
 * The grammar is the one that runc's callers write, Go's: `--name value`, `--name=value`, one dash as good as two,
 * `--flag=false`, of two values the last. yargs-parser reads some of these otherwise: `run -d true` would lose a
 * container named "true", and an option without its value would be the empty string.
 */
import { UsageError } from "../errors/errors.ts";
import { GLOBAL_OPTIONS, type GlobalValues, type OptionSpec } from "./options.ts";
import { type ArgumentSpec, COMMANDS, type CommandName, type CommandSpec, isCommand } from "./table.ts";

export interface CommandLine {
  /** undefined: none was given. */
  readonly command: CommandName | undefined;
  readonly global: GlobalValues;
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly args: readonly string[];
}

export type OptionValue = string | readonly string[] | number | boolean | undefined;

/** UsageError: an unknown command or flag, a missing or wrong value, too few or too many arguments. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const before = parseTokens(argv, GLOBAL_OPTIONS, "stop at the first argument");
  const [name, ...rest] = before.rest;
  // `tsrun help COMMAND` is `tsrun COMMAND --help`.
  if (name === "help" || name === "h") return parseCommandLine([...rest.slice(0, 1), "--help"]);
  if (name === undefined) return { command: undefined, global: globalValues(before.given), options: {}, args: [] };
  if (!isCommand(name)) throw new UsageError(name, `no such command: ${JSON.stringify(name)}`);

  const own: readonly OptionSpec[] = COMMANDS[name].options;
  const names = new Set(own.map((option) => option.name));
  const shared = GLOBAL_OPTIONS.filter((option) => !names.has(option.name));
  const after = parseTokens(rest, [...own, ...shared], orderOf(name));
  const help = after.given.has("help") ? after.given.get("help") : before.given.get("help");
  const global = globalValues(new Map([...before.given, ...[...after.given].filter(([key]) => !names.has(key))]));
  if (help !== true) checkArguments(name, after.rest);
  return { command: name, global, options: { ...valuesOf(own, after.given), help: help === true }, args: after.rest };
}

type Given = ReadonlyMap<string, Exclude<OptionValue, undefined>>;

type Order = "stop at the first argument" | "arguments and options mixed" | "numbers below 0 are arguments";

function orderOf(name: CommandName): Order {
  const spec: CommandSpec = COMMANDS[name];
  if (spec.inOrder === true) return "stop at the first argument";
  return takesMany(name) ? "numbers below 0 are arguments" : "arguments and options mixed";
}

function parseTokens(
  tokens: readonly string[],
  options: readonly OptionSpec[],
  arguments_: Order,
): { given: Given; rest: readonly string[] } {
  const given = new Map<string, Exclude<OptionValue, undefined>>();
  const rest: string[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? "";
    if (arguments_ === "numbers below 0 are arguments" && /^-\d/.test(token)) {
      rest.push(token);
      continue;
    }
    if (token === "--") return { given, rest: [...rest, ...tokens.slice(at + 1)] };
    const [, name, inline] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(token) ?? [];
    if (name === undefined) {
      if (token.startsWith("-") && token !== "-") throw new UsageError(token, `no such flag: ${token}`);
      if (arguments_ === "stop at the first argument") return { given, rest: tokens.slice(at) };
      rest.push(token);
      continue;
    }
    const option = options.find((candidate) => candidate.name === name || candidate.alias === name);
    if (option === undefined) throw new UsageError(flag(name), `no such flag: ${flag(name)}`);
    if (option.type === "boolean") {
      given.set(option.name, readBoolean(option, inline ?? "true"));
    } else {
      const text = inline ?? tokens[++at];
      if (text === undefined) throw new UsageError(flag(option.name), `${flag(option.name)} needs a value`);
      const before = given.get(option.name);
      const value = readValue(option, text);
      given.set(option.name, Array.isArray(value) && Array.isArray(before) ? [...before, ...value] : value);
    }
  }
  return { given, rest };
}

function readBoolean(option: OptionSpec, text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw new UsageError(flag(option.name), `${flag(option.name)} is true or false, not ${JSON.stringify(text)}`);
}

function readValue(option: OptionSpec, text: string): string | readonly string[] | number {
  if (option.choices !== undefined && !option.choices.includes(text)) {
    const choices = option.choices.join(", ");
    throw new UsageError(flag(option.name), `${flag(option.name)} is one of ${choices}, not ${JSON.stringify(text)}`);
  }
  if (option.type === "string") return text;
  if (option.type === "strings") return [text];
  if (!/^[0-9]{1,9}$/.test(text)) {
    throw new UsageError(flag(option.name), `${flag(option.name)} needs a whole number, got ${JSON.stringify(text)}`);
  }
  return Number(text);
}

function globalValues(given: Given): GlobalValues {
  // The table that this type is made of is the one that the values are made by.
  return valuesOf(GLOBAL_OPTIONS, given) as unknown as GlobalValues;
}

function valuesOf(options: readonly OptionSpec[], given: Given): Record<string, OptionValue> {
  return Object.fromEntries(options.map(({ name, default: absent }) => [name, given.get(name) ?? absent]));
}

function checkArguments(name: CommandName, args: readonly string[]): void {
  const specs = COMMANDS[name].arguments;
  const missing = specs.find((spec, index) => spec.required && args.length <= index);
  if (missing !== undefined) throw new UsageError(missing.name, `${name} needs <${missing.name}>`);
  const surplus = takesMany(name) ? undefined : args[specs.length];
  if (surplus !== undefined)
    throw new UsageError(surplus, `${name} has no use for the argument ${JSON.stringify(surplus)}`);
}

function takesMany(name: CommandName): boolean {
  const last: ArgumentSpec | undefined = COMMANDS[name].arguments.at(-1);
  return last?.many === true;
}

function flag(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}
