// SPDX-License-Identifier: Apache-2.0
/**
 * Help texts: the table, laid out by yargs. Nothing is parsed here, that is parse.ts.
 *
 * The build makes this file a bundle of its own, dist/help.cjs: to load yargs would cost each start a third of node's.
 */
import yargs, { type Argv } from "yargs";
import { GLOBAL_OPTIONS, type OptionSpec } from "./options.ts";
import { type ArgumentSpec, COMMANDS, type CommandName, type CommandSpec } from "./table.ts";

const WIDTH = 100;

/** What `tsrun --help` prints. */
export function helpOfAll(): string {
  const page = emptyPage("Global options:").usage(
    "tsrun: an OCI container runtime that compiles config.json into a plan of system calls\n\n" +
      "Usage: $0 [global options] <command> [options] [arguments]",
  );
  for (const [name, spec] of Object.entries<CommandSpec>(COMMANDS)) page.command(usageOf(name, spec), spec.describe);
  page.command("help [command]", "show the help of a command");
  return textOf(page.options(optionsOf(GLOBAL_OPTIONS)));
}

/** What `tsrun COMMAND --help` prints. */
export function helpOf(name: CommandName): string {
  const spec: CommandSpec = COMMANDS[name];
  const page = emptyPage("Options:").usage(
    `$0 ${name}: ${spec.describe}\n\nUsage: $0 [global options] ${usageOf(`${name} [options]`, spec)}`,
  );
  for (const { name: argument, describe } of spec.arguments) page.positional(argument, { describe });
  return textOf(page.options(optionsOf(spec.options)).epilogue(spec.notes ?? ""));
}

/** Of yargs' own options and of the caller's language there is nothing on it. */
function emptyPage(optionsHeading: string): Argv {
  return yargs([], "/")
    .scriptName("tsrun")
    .detectLocale(false)
    .updateStrings({ "Options:": optionsHeading, "Positionals:": "Arguments:" })
    .parserConfiguration({ "camel-case-expansion": false })
    .help(false)
    .version(false)
    .wrap(WIDTH);
}

function textOf(page: Argv): string {
  let text = "";
  page.showHelp((help) => {
    text = help;
  });
  return `${text}\n`;
}

function usageOf(words: string, spec: CommandSpec): string {
  return [words, ...spec.arguments.map(argumentUsage)].join(" ");
}

function argumentUsage({ name, required, many }: ArgumentSpec): string {
  const shown = many === true ? `${name}..` : name;
  return required ? `<${shown}>` : `[${shown}]`;
}

type Shown = Parameters<Argv["options"]>[0][string];

/** yargs has no word for a value: it stands behind the name. A flag that is not given is false, of course. */
function optionsOf(specs: readonly OptionSpec[]): Record<string, Shown> {
  const rows = specs.map(({ name, alias, value, choices, default: absent, describe }): [string, Shown] => {
    const shown: Shown = {
      describe,
      ...(alias === undefined ? {} : { alias }),
      ...(choices === undefined ? {} : { choices }),
      ...(absent === undefined || absent === false ? {} : { default: absent }),
    };
    return [value === undefined ? name : `${name} ${value}`, shown];
  });
  return Object.fromEntries(rows);
}
