// SPDX-License-Identifier: Apache-2.0
/**
 * Completion scripts for shells, made of the table. They are text that the shell alone works with: to ask tsrun at each
 * key would start Node at each key. Only ids of containers are asked for, by `tsrun list --quiet`.
 */
import { GLOBAL_OPTIONS, type OptionSpec } from "./options.ts";
import { COMMANDS, type CommandSpec } from "./table.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;

/** The script of a shell, to be read by it when it starts. */
export function completionFor(shell: (typeof SHELLS)[number]): string {
  return { bash, zsh, fish }[shell]();
}

const ENTRIES: readonly (readonly [name: string, spec: CommandSpec])[] = Object.entries(COMMANDS);
const NAMES = [...ENTRIES.map(([name]) => name), "help"];

/** What the value of an option is, as far as a shell can tell. */
function kindOf({ type, value = "", choices }: OptionSpec): "none" | "file" | "directory" | "word" | readonly string[] {
  if (type === "boolean") return "none";
  if (choices !== undefined) return choices;
  if (value === "DIR") return "directory";
  return value === "FILE" || value === "PATH" ? "file" : "word";
}

function takesId({ arguments: [first] }: CommandSpec): boolean {
  return first?.name === "container-id";
}

function flagsOf({ name, alias }: OptionSpec): readonly string[] {
  return alias === undefined ? [`--${name}`] : [`--${name}`, `-${alias}`];
}

function bash(): string {
  const all: readonly (readonly [string, readonly OptionSpec[]])[] = [
    ["", GLOBAL_OPTIONS],
    ...ENTRIES.map(([name, { options }]) => [name, options] as const),
  ];
  const values = all.flatMap(([command, options]) => options.flatMap((option) => bashValue(command, option)));
  const flags = all.map(([command, options]) => `    "${command}") echo "${options.flatMap(flagsOf).join(" ")}" ;;`);
  const ids = ENTRIES.filter(([, spec]) => takesId(spec)).map(([name]) => name);
  const withValue = GLOBAL_OPTIONS.filter(({ type }) => type !== "boolean").flatMap(flagsOf);
  return `# tsrun completion for bash: eval "$(tsrun completion bash)"
_tsrun_flags() {
  case "$1" in
${flags.join("\n")}
  esac
}
_tsrun_value() {
  case "$1 $2" in
${values.join("\n")}
    *) return 1 ;;
  esac
}
_tsrun() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command= root=() n=1
  while ((n < COMP_CWORD)); do
    case "\${COMP_WORDS[n]}" in
      --root) root=(--root "\${COMP_WORDS[n + 1]}"); ((n++)) ;;
      ${withValue.filter((flag) => flag !== "--root").join("|")}) ((n++)) ;;
      -*) ;;
      *) command=\${COMP_WORDS[n]}; break ;;
    esac
    ((n++))
  done
  COMPREPLY=()
  case "$prev" in -*) _tsrun_value "$command" "$prev" && return ;; esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$(_tsrun_flags "$command")" -- "$cur"))
  elif [[ -z $command ]]; then
    COMPREPLY=($(compgen -W "${NAMES.join(" ")}" -- "$cur"))
  else
    case "$command" in
      ${ids.join("|")}) COMPREPLY=($(compgen -W "$(tsrun "\${root[@]}" list --quiet 2>/dev/null)" -- "$cur")) ;;
      help) COMPREPLY=($(compgen -W "${NAMES.join(" ")}" -- "$cur")) ;;
      *) COMPREPLY=($(compgen -d -- "$cur")) ;;
    esac
  fi
}
complete -o filenames -F _tsrun tsrun
`;
}

function bashValue(command: string, option: OptionSpec): string[] {
  const kind = kindOf(option);
  if (kind === "none") return [];
  const reply = { file: "compgen -f", directory: "compgen -d", word: "true" };
  const words = typeof kind === "string" ? reply[kind] : `compgen -W "${kind.join(" ")}"`;
  const patterns = flagsOf(option).map((flag) => `"${command} ${flag}"`);
  return [`    ${patterns.join("|")}) COMPREPLY=($(${words} -- "$cur")) ;;`];
}

function zsh(): string {
  const functions = ENTRIES.map(([name, spec]) => {
    const positional = takesId(spec)
      ? ["'1:container:_tsrun_ids'", "'*::argument:_normal'"]
      : ["'*:bundle:_directories'"];
    return `    ${name}) _arguments ${[...spec.options.flatMap(zshOption), ...positional].join(" ")} ;;`;
  });
  const described = ENTRIES.map(([name, { describe }]) => `    ${single(`${name}:${describe}`)}`);
  return `#compdef tsrun
# tsrun completion for zsh: eval "$(tsrun completion zsh)"
_tsrun_ids() {
  local -a ids
  ids=(\${(f)"$(tsrun \${opt_args[--root]:+--root} \${opt_args[--root]} list --quiet 2>/dev/null)"})
  compadd -a ids
}
_tsrun_commands() {
  local -a commands
  commands=(
${described.join("\n")}
    'help:show the help of a command'
  )
  _describe command commands
}
_tsrun() {
  local line state
  typeset -A opt_args
  _arguments -C ${GLOBAL_OPTIONS.flatMap(zshOption).join(" ")} '1:command:_tsrun_commands' '*::argument:->rest'
  [[ $state == rest ]] || return
  case "$line[1]" in
${functions.join("\n")}
    help) _tsrun_commands ;;
  esac
}
compdef _tsrun tsrun
`;
}

function zshOption(option: OptionSpec): string[] {
  const kind = kindOf(option);
  const repeat = option.type === "strings" ? "*" : "";
  const text = option.describe.replaceAll(/[[\]\\:]/g, (sign) => `\\${sign}`);
  const actions = { file: "_files", directory: "_directories", word: " " };
  const action = typeof kind === "string" ? (kind === "none" ? undefined : actions[kind]) : `(${kind.join(" ")})`;
  const value =
    action === undefined ? "" : `:${(option.value ?? "value").toLowerCase().replaceAll(":", "\\:")}:${action}`;
  return flagsOf(option).map((flag) => single(`${repeat}${flag}[${text}]${value}`));
}

function fish(): string {
  const lines = GLOBAL_OPTIONS.map((option) => fishOption("__fish_use_subcommand", option));
  for (const [name, { describe, options }] of ENTRIES) {
    lines.push(`complete -c tsrun -n __fish_use_subcommand -a ${name} -d ${single(describe)}`);
    lines.push(...options.map((option) => fishOption(single(`__fish_seen_subcommand_from ${name}`), option)));
  }
  const ids = ENTRIES.filter(([, spec]) => takesId(spec)).map(([name]) => name);
  return `# tsrun completion for fish: tsrun completion fish | source
complete -c tsrun -f
${lines.join("\n")}
complete -c tsrun -n '__fish_seen_subcommand_from ${ids.join(" ")}' -a '(tsrun list --quiet 2>/dev/null)'
complete -c tsrun -n '__fish_seen_subcommand_from plan validate' -a '(__fish_complete_directories)'
complete -c tsrun -n __fish_use_subcommand -a help -d 'show the help of a command'
complete -c tsrun -n '__fish_seen_subcommand_from help' -a '${NAMES.join(" ")}'
`;
}

function fishOption(when: string, option: OptionSpec): string {
  const kind = kindOf(option);
  const actions = { none: "", file: " -r -F", directory: " -x -a '(__fish_complete_directories)'", word: " -x" };
  const value = typeof kind === "string" ? actions[kind] : ` -x -a '${kind.join(" ")}'`;
  const short = option.alias === undefined ? "" : ` -s ${option.alias}`;
  return `complete -c tsrun -n ${when} -l ${option.name}${short}${value} -d ${single(option.describe)}`;
}

function single(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
