// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { helpOf, helpOfAll } from "../../src/cli/help.ts";
import { GLOBAL_OPTIONS, type OptionSpec } from "../../src/cli/options.ts";
import { type ArgumentSpec, COMMANDS, type CommandName, type CommandSpec } from "../../src/cli/table.ts";

const names = Object.keys(COMMANDS) as CommandName[];

test.each(names)("the help of %s has all that the table says of it", (name) => {
  const spec: CommandSpec = COMMANDS[name];
  const help = helpOf(name);
  const usage = [`Usage: tsrun [global options] ${name} [options]`, ...spec.arguments.map(signature)].join(" ");
  expect(help.split("\n").slice(0, 4)).toEqual([`tsrun ${name}: ${spec.describe}`, "", usage, ""]);
  for (const argument of spec.arguments) {
    expect(rowsOf(help, "Arguments:")).toContain(`${argument.name} ${argument.describe}`);
  }
  expect(rowsOf(help, "Options:")).toEqual(spec.options.map(rowOf));
  expect(flat(help).endsWith(spec.notes ?? "")).toBe(true);
});

test("the help of tsrun has each command and each global option", () => {
  const help = helpOfAll();
  const commands = names.map((name) => {
    const spec: CommandSpec = COMMANDS[name];
    return [`tsrun ${name}`, ...spec.arguments.map(signature), spec.describe].join(" ");
  });
  expect(rowsOf(help, "Commands:")).toEqual([...commands, "tsrun help [command] show the help of a command"]);
  expect(rowsOf(help, "Global options:")).toEqual(GLOBAL_OPTIONS.map(rowOf));
});

test("help fits 100 columns, has no colours, and its columns are aligned", () => {
  for (const text of [helpOfAll(), ...names.map(helpOf)]) {
    for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f]|[ \n]\n$|[^\n]$/);
  }
  expect(helpOf("list").split("\n").slice(4)).toEqual([
    "Options:",
    '  -f, --format FORMAT  how to print them               [choices: "table", "json"] [default: "table"]',
    "  -q, --quiet          print ids only",
    "  -h, --help           show this help",
    "",
  ]);
});

test("a page does not depend on those made before it", () => {
  const first = names.map(helpOf);
  const all = helpOfAll();
  expect(names.map(helpOf)).toEqual(first);
  expect(helpOfAll()).toBe(all);
});

test("no command has two options of one name or letter, and no letter hides a global option's", () => {
  for (const name of names) {
    const options: readonly OptionSpec[] = COMMANDS[name].options;
    const own = options.flatMap(({ name: long, alias }) => (alias === undefined ? [long] : [long, alias]));
    expect(new Set(own).size).toBe(own.length);
    const shared: readonly OptionSpec[] = GLOBAL_OPTIONS;
    for (const { name: long, alias } of shared) {
      if (long !== "help" && alias !== undefined) expect(own, name).not.toContain(alias);
    }
  }
});

/** The rows under a heading, each on one line with single spaces. A row begins at the left, its further lines do not. */
function rowsOf(help: string, heading: string): readonly string[] {
  const [, below = ""] = help.split(`\n${heading}\n`);
  const [section = ""] = below.split("\n\n");
  return section.split(/\n(?= {2}\S| {6}--)/).map(flat);
}

function rowOf({ name, alias, value, describe, choices, default: absent }: OptionSpec): string {
  return [
    ...(alias === undefined ? [] : [`-${alias},`]),
    `--${name}`,
    ...(value === undefined ? [] : [value]),
    describe,
    ...(choices === undefined ? [] : [`[choices: ${choices.map((choice) => JSON.stringify(choice)).join(", ")}]`]),
    ...(absent === undefined || absent === false ? [] : [`[default: ${JSON.stringify(absent)}]`]),
  ].join(" ");
}

function signature({ name, required, many }: ArgumentSpec): string {
  const shown = many ? `${name}..` : name;
  return required ? `<${shown}>` : `[${shown}]`;
}

function flat(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}
