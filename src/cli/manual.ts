// SPDX-License-Identifier: Apache-2.0
/** Manual pages, made of the table: man-pages(7), man(7). The build writes them to dist/man. */
import { GLOBAL_OPTIONS, type OptionSpec } from "./options.ts";
import { type ArgumentSpec, COMMANDS, type CommandSpec } from "./table.ts";

/** File -> text: `tsrun.8`, and a page for each command. */
export function manualPages(version: string): Readonly<Record<string, string>> {
  const pages = Object.entries(COMMANDS).map(([name, spec]) => [`tsrun-${name}.8`, commandPage(version, name, spec)]);
  return { "tsrun.8": mainPage(version), ...Object.fromEntries(pages) };
}

function mainPage(version: string): string {
  const commands = Object.entries(COMMANDS).map(([name, { describe }]) => [
    ".TP",
    `.BR tsrun-${text(name)} (8)`,
    text(sentence(describe)),
  ]);
  return [
    title("TSRUN", version),
    ".SH NAME",
    "tsrun \\- run containers from OCI bundles",
    ".SH SYNOPSIS",
    "\\fBtsrun\\fR [\\fIglobal options\\fR] \\fIcommand\\fR [\\fIoptions\\fR] [\\fIarguments\\fR]",
    ".SH DESCRIPTION",
    "tsrun compiles the config.json of a bundle into a list of system calls, and runs that list as a small program, which becomes the process of the container.",
    "Its commands and options are those of runc.",
    ".SH COMMANDS",
    ...commands.flat(),
    ".SH GLOBAL OPTIONS",
    ...optionLines(GLOBAL_OPTIONS),
    ".SH EXIT STATUS",
    "0 on success, 1 on failure.",
    "\\fBrun\\fR and \\fBexec\\fR in the foreground exit as the process does, with 128+\\fIn\\fR if signal \\fIn\\fR ended it; \\fBexec\\fR exits with 255 when there is no process.",
    "",
  ].join("\n");
}

function commandPage(version: string, name: string, spec: CommandSpec): string {
  const usage = spec.arguments.map(argumentUsage).join(" ");
  const rows = spec.arguments.map(({ name: argument, describe }) => [
    ".TP",
    `\\fI${text(argument)}\\fR`,
    text(sentence(describe)),
  ]);
  return [
    title(`TSRUN-${name.toUpperCase()}`, version),
    ".SH NAME",
    `tsrun-${text(name)} \\- ${text(spec.describe)}`,
    ".SH SYNOPSIS",
    `\\fBtsrun ${text(name)}\\fR [\\fIoptions\\fR]${usage === "" ? "" : ` ${usage}`}`,
    ...(rows.length === 0 ? [] : [".SH ARGUMENTS", ...rows.flat()]),
    ".SH OPTIONS",
    ...optionLines(spec.options),
    ...(spec.notes === undefined ? [] : [".SH NOTES", text(spec.notes)]),
    ".SH SEE ALSO",
    ".BR tsrun (8)",
    "",
  ].join("\n");
}

function title(name: string, version: string): string {
  return `.TH ${text(name)} 8 "" "tsrun ${text(version)}" "System Administration"`;
}

function argumentUsage({ name, required, many }: ArgumentSpec): string {
  const shown = `\\fI${text(name)}\\fR${many === true ? "..." : ""}`;
  return required ? shown : `[${shown}]`;
}

function optionLines(options: readonly OptionSpec[]): readonly string[] {
  return options.flatMap(({ name, alias, value, choices, default: absent, describe }) => {
    const flags = [...(alias === undefined ? [] : [`-${alias}`]), `--${name}`].map((flag) => `\\fB${text(flag)}\\fR`);
    const shown = value === undefined ? "" : ` \\fI${text(value)}\\fR`;
    const more = [
      ...(choices === undefined ? [] : [`One of ${choices.join(", ")}.`]),
      ...(absent === undefined || absent === false ? [] : [`The default is ${absent}.`]),
    ];
    return [".TP", `${flags.join(", ")}${shown}`, text([sentence(describe), ...more].join(" "))];
  });
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

/** A line must not begin with a control character, and a minus is not a hyphen. */
function text(words: string): string {
  return words.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^[.']/, "\\&$&");
}
