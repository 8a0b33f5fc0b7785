// SPDX-License-Identifier: Apache-2.0
/** Help texts, made from the table. */
import { GLOBAL_OPTIONS, type OptionSpec } from "./options.ts";
import { COMMANDS, type CommandName, type CommandSpec } from "./table.ts";

const WIDTH = 100;

/** What `tsrun --help` prints. */
export function helpOfAll(): string {
  const commands = Object.entries<CommandSpec>(COMMANDS).map(([name, spec]): Row => [name, spec.describe]);
  return [
    "tsrun: an OCI container runtime that compiles config.json into a plan of system calls",
    "",
    "Usage: tsrun [global options] <command> [options] [arguments]",
    "",
    "Commands:",
    ...columns([...commands, ["help [command]", "show the help of a command"]]),
    "",
    "Global options:",
    ...columns(GLOBAL_OPTIONS.map(optionRow)),
    "",
  ].join("\n");
}

/** What `tsrun COMMAND --help` prints. */
export function helpOf(name: CommandName): string {
  const spec: CommandSpec = COMMANDS[name];
  const args = spec.arguments.map(({ name: arg, required }) => (required ? ` <${arg}>` : ` [${arg}]`));
  const rows = spec.arguments.map(({ name: arg, describe }): Row => [arg, describe]);
  return [
    `tsrun ${name}: ${spec.describe}`,
    "",
    `Usage: tsrun [global options] ${name} [options]${args.join("")}`,
    ...(rows.length === 0 ? [] : ["", "Arguments:", ...columns(rows)]),
    "",
    "Options:",
    ...columns(spec.options.map(optionRow)),
    ...(spec.notes === undefined ? [] : ["", ...wrap(spec.notes, WIDTH)]),
    "",
  ].join("\n");
}

type Row = readonly [left: string, right: string];

function optionRow(option: OptionSpec): Row {
  const short = option.alias === undefined ? "    " : `-${option.alias}, `;
  const value = option.value === undefined ? "" : ` ${option.value}`;
  const choices = option.choices === undefined ? "" : ` (${option.choices.join(", ")})`;
  const absent = option.default === undefined || option.default === false ? "" : ` [${option.default}]`;
  return [`${short}--${option.name}${value}`, `${option.describe}${choices}${absent}`];
}

function columns(rows: readonly Row[]): string[] {
  const left = Math.max(...rows.map(([text]) => text.length)) + 4;
  return rows.flatMap(([text, right]) =>
    wrap(right, WIDTH - left).map((line, index) => (index === 0 ? `  ${text}`.padEnd(left) : " ".repeat(left)) + line),
  );
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
