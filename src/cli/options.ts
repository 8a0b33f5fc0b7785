// SPDX-License-Identifier: Apache-2.0
/** Options as data: what they are, and those that more than one command has. */

export interface OptionSpec {
  readonly name: string;
  /** The one-letter form. */
  readonly alias?: string;
  /** `strings`: may be given more than once. */
  readonly type: "boolean" | "string" | "strings" | "number";
  /** What the value is called in the help; absent for a boolean. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** Where the option is absent; what the code does then is up to its reader if this says nothing. */
  readonly default?: string | number | boolean;
  readonly describe: string;
}

export const HELP = { name: "help", alias: "h", type: "boolean", default: false, describe: "show this help" } as const;
export const BUNDLE = {
  name: "bundle",
  alias: "b",
  type: "string",
  value: "DIR",
  describe: "the bundle: the directory of config.json; the current directory by default",
} as const;
export const FORCE = {
  name: "force",
  alias: "f",
  type: "boolean",
  default: false,
  describe: "kill the container (SIGKILL) if it still runs; a container that does not exist is fine",
} as const;

export const TABLE_OR_JSON = {
  name: "format",
  alias: "f",
  type: "string",
  value: "FORMAT",
  choices: ["table", "json"],
  default: "table",
  describe: "how to print them",
} as const;
export const TEXT_OR_JSON = {
  ...TABLE_OR_JSON,
  choices: ["text", "json"],
  default: "text",
  describe: "how to print it",
} as const;
export const REGEX = {
  name: "regex",
  alias: "r",
  type: "boolean",
  default: false,
  describe: "the id is a regular expression: all containers that it matches",
} as const;
export const CONFIG = {
  name: "config",
  alias: "f",
  type: "string",
  value: "FILE",
  describe: "read this instead of the bundle's config.json",
} as const;

/** Those of every command that makes a process. */
export const PROCESS_OPTIONS = [
  {
    name: "console-socket",
    type: "string",
    value: "PATH",
    describe: "a UNIX socket that is sent the terminal's master side",
  },
  {
    name: "pid-file",
    type: "string",
    value: "FILE",
    describe: "the file to write the id of the process to",
  },
  {
    name: "pidfd-socket",
    type: "string",
    value: "PATH",
    describe: "a UNIX socket that is sent a descriptor of the process",
  },
  {
    name: "preserve-fds",
    type: "number",
    value: "N",
    default: 0,
    describe: "give the process N file descriptors more, after stdio and $LISTEN_FDS",
  },
] as const satisfies readonly OptionSpec[];

export const CREATE_OPTIONS = [
  BUNDLE,
  CONFIG,
  ...PROCESS_OPTIONS,
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
    describe: "keep the caller's session keyring instead of a new one",
  },
] as const satisfies readonly OptionSpec[];

export const GLOBAL_OPTIONS = [
  {
    name: "root",
    type: "string",
    value: "DIR",
    describe: "where containers are kept: /run/tsrun, or $XDG_RUNTIME_DIR/tsrun for an ordinary user, by default",
  },
  {
    name: "log",
    type: "string",
    value: "FILE",
    describe: "append messages to FILE; errors are told on stderr as well",
  },
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
    describe: "how cgroups are made; systemd: as a scope, and cgroupsPath is slice:prefix:name",
  },
  { name: "systemd-cgroup", type: "boolean", default: false, describe: "the same as --cgroup-manager systemd" },
  {
    name: "rootless",
    type: "string",
    value: "WHEN",
    choices: ["true", "false", "auto"],
    default: "auto",
    describe: "whether to start without a cgroup that may not be made; auto: for an ordinary user",
  },
  HELP,
  { name: "version", alias: "v", type: "boolean", default: false, describe: "show the version" },
] as const satisfies readonly OptionSpec[];

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
      : Spec["type"] extends "strings"
        ? readonly string[] | undefined
        : string | undefined;

export type GlobalValues = Values<typeof GLOBAL_OPTIONS>;
