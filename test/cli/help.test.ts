// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { helpOf, helpOfAll } from "../../src/cli/help.ts";
import { GLOBAL_OPTIONS, type OptionSpec } from "../../src/cli/options.ts";
import { COMMANDS, type CommandName, type CommandSpec } from "../../src/cli/table.ts";

const names = Object.keys(COMMANDS) as CommandName[];

test.each(names)("the help of %s mentions each of its arguments and options", (name) => {
  const spec: CommandSpec = COMMANDS[name];
  const help = helpOf(name);
  expect(help).toContain(`tsrun ${name}: ${spec.describe}`);
  for (const option of spec.options) expect(help).toMatch(mention(option));
  for (const argument of spec.arguments)
    expect(help).toContain(argument.required ? `<${argument.name}>` : `[${argument.name}]`);
});

test("the help of tsrun mentions each command and each global option", () => {
  const help = helpOfAll();
  for (const name of names)
    expect(help).toMatch(new RegExp(`^  ${name} +${COMMANDS[name].describe.slice(0, 20)}`, "m"));
  for (const option of GLOBAL_OPTIONS) expect(help).toMatch(mention(option));
});

test("help fits a terminal of 100 columns, and its columns are aligned", () => {
  for (const text of [helpOfAll(), ...names.map(helpOf)]) {
    for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
  }
  expect(helpOf("list").split("\n").slice(4)).toEqual([
    "Options:",
    "  -f, --format FORMAT  how to print them (table, json) [table]",
    "  -q, --quiet          print ids only",
    "  -h, --help           show this help",
    "",
  ]);
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

function mention({ name, alias, value }: OptionSpec): RegExp {
  const short = alias === undefined ? "" : `-${alias}, `;
  return new RegExp(`^ +${short}--${name}${value === undefined ? "" : ` ${value}`}(  |$)`, "m");
}
