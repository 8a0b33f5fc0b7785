// SPDX-License-Identifier: Apache-2.0
/** The command line as data: every command with its arguments and options. The names and meanings are runc's. */

export interface OptionSpec {
  readonly name: string;
  /** The one-letter form. */
  readonly alias?: string;
  readonly type: "boolean" | "string" | "number";
  /** What the value is called in the help; absent for a boolean. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** Where the option is absent; what the code does then is up to its reader if this says nothing. */
  readonly default?: string | number | boolean;
  readonly describe: string;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly required: boolean;
  readonly describe: string;
}

export interface CommandSpec {
  readonly describe: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** Told at the end of the help. */
  readonly notes?: string;
}

const ID = { name: "container-id", required: true, describe: "the name of the container on this host" } as const;
const DIR = { name: "bundle", required: false, describe: "the bundle directory, as --bundle" } as const;
const HELP = { name: "help", alias: "h", type: "boolean", default: false, describe: "show this help" } as const;
const BUNDLE = {
  name: "bundle",
  alias: "b",
  type: "string",
  value: "DIR",
  describe: "the bundle: the directory of config.json; the current directory by default",
} as const;
const FORCE = {
  name: "force",
  alias: "f",
  type: "boolean",
  default: false,
  describe: "kill the container (SIGKILL) if it still runs; a container that does not exist is fine",
} as const;

const CREATE_OPTIONS = [
  BUNDLE,
  { name: "console-socket", type: "string", value: "PATH", describe: "a UNIX socket that is sent the terminal's master side" },
  { name: "pid-file", type: "string", value: "FILE", describe: "the file to write the process id of the container's init to" },
  {
    name: "no-pivot",
    type: "boolean",
    default: false,
    describe: "move the root with MS_MOVE and chroot(2), for a root on a ramdisk, where pivot_root(2) cannot work",
  },
  {
    name: "no-new-keyring",
    type: "boolean",
    default: false,
    describe: "keep the caller's session keyring, which this version of tsrun does in any case",
  },
  {
    name: "preserve-fds",
    type: "number",
    value: "N",
    default: 0,
    describe: "give the container N file descriptors more, after stdio and $LISTEN_FDS",
  },
] as const satisfies readonly OptionSpec[];

export const GLOBAL_OPTIONS = [
  {
    name: "root",
    type: "string",
    value: "DIR",
    describe: "where containers are kept: /run/tsrun, or $XDG_RUNTIME_DIR/tsrun for an ordinary user, by default",
  },
  { name: "log", type: "string", value: "FILE", describe: "append messages to FILE; errors are told on stderr as well" },
  {
    name: "log-format",
    type: "string",
    value: "FORMAT",
    choices: ["text", "json"],
    default: "text",
    describe: "the format of the log",
  },
  { name: "debug", type: "boolean", default: false, describe: "log what is done, and how long it took" },
  {
    name: "cgroup-manager",
    type: "string",
    value: "MANAGER",
    choices: ["cgroupfs", "disabled", "systemd"],
    default: "cgroupfs",
    describe: "how cgroups are made; systemd comes in a later version",
  },
  { name: "systemd-cgroup", type: "boolean", default: false, describe: "the same as --cgroup-manager systemd" },
  {
    name: "rootless",
    type: "string",
    value: "WHEN",
    choices: ["true", "false", "auto"],
    default: "auto",
    describe: "whether to start without a cgroup that cannot be made; this version knows auto only",
  },
  HELP,
  { name: "version", alias: "v", type: "boolean", default: false, describe: "show the version" },
] as const satisfies readonly OptionSpec[];

export const COMMANDS = {
  create: { describe: "create a container from a bundle", arguments: [ID], options: [...CREATE_OPTIONS, HELP] },
  start: { describe: "run the process of a created container", arguments: [ID], options: [HELP] },
  state: { describe: "print the state of a container as JSON", arguments: [ID], options: [HELP] },
  kill: {
    describe: "send a signal to a container's init process",
    arguments: [ID, { name: "signal", required: false, describe: "a name, with or without SIG, or a number; SIGTERM by default" }],
    options: [
      { name: "all", alias: "a", type: "boolean", default: false, describe: "send it to all processes of the container" },
      HELP,
    ],
  },
  delete: { describe: "delete a container and all that it holds", arguments: [ID], options: [FORCE, HELP] },
  run: {
    describe: "create and start a container; wait for it, and delete it",
    arguments: [ID],
    options: [
      ...CREATE_OPTIONS,
      { name: "detach", alias: "d", type: "boolean", default: false, describe: "return as soon as the process runs" },
      { name: "keep", type: "boolean", default: false, describe: "do not delete the container when its process has ended, or could not be started" },
      HELP,
    ],
  },
  list: {
    describe: "list the containers",
    arguments: [],
    options: [
      {
        name: "format",
        alias: "f",
        type: "string",
        value: "FORMAT",
        choices: ["table", "json"],
        default: "table",
        describe: "how to print them",
      },
      { name: "quiet", alias: "q", type: "boolean", default: false, describe: "print ids only" },
      HELP,
    ],
  },
  spec: {
    describe: "write a config.json to begin with",
    arguments: [],
    options: [BUNDLE, { name: "rootless", type: "boolean", default: false, describe: "for an ordinary user" }, HELP],
  },
  features: { describe: "print what this runtime can do as JSON", arguments: [], options: [HELP] },
  plan: {
    describe: "print the steps of a start: what would be done, by whom, and what of config.json asked for it",
    arguments: [DIR],
    options: [
      BUNDLE,
      {
        name: "format",
        alias: "f",
        type: "string",
        value: "FORMAT",
        choices: ["text", "json"],
        default: "text",
        describe: "how to print it",
      },
      HELP,
    ],
  },
  validate: {
    describe: "print everything that is wrong with a bundle's config.json",
    arguments: [DIR],
    options: [BUNDLE, HELP],
    notes: "Exits with 1 if there are findings. Warnings alone are no reason to.",
  },
} as const satisfies Record<string, CommandSpec>;

export type CommandName = keyof typeof COMMANDS;

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

/** The values of options by their names. Without a default and not given: undefined. */
export type Values<Specs extends readonly OptionSpec[]> = {
  readonly [Spec in Specs[number] as Spec["name"]]: ValueOf<Spec>;
};

type ValueOf<Spec extends OptionSpec> = Spec extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : Spec["type"] extends "boolean"
    ? boolean
    : Spec["type"] extends "number"
      ? number
      : string | undefined;

export type GlobalValues = Values<typeof GLOBAL_OPTIONS>;
export type CommandValues<Name extends CommandName> = Values<(typeof COMMANDS)[Name]["options"]>;
