// SPDX-License-Identifier: Apache-2.0
/** The command line as data: every command with its arguments and options. The names and meanings are runc's. */
import {
  BUNDLE,
  CONFIG,
  CREATE_OPTIONS,
  FORCE,
  HELP,
  type OptionSpec,
  REGEX,
  TABLE_OR_JSON,
  TEXT_OR_JSON,
  type Values,
} from "./options.ts";
import { CHECKPOINT_OPTIONS, RESTORE_OPTIONS } from "./options-checkpoint.ts";
import { EXEC_OPTIONS } from "./options-exec.ts";
import { UPDATE_OPTIONS } from "./options-update.ts";

export interface ArgumentSpec {
  readonly name: string;
  readonly required: boolean;
  /** As many as are given, numbers below 0 among them; the last argument of its command. */
  readonly many?: true;
  readonly describe: string;
}

export interface CommandSpec {
  readonly describe: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** Options come before the arguments, of which the last is a program with options of its own. */
  readonly inOrder?: true;
  /** Told at the end of the help. */
  readonly notes?: string;
}

const ID = { name: "container-id", required: true, describe: "the name of the container on this host" } as const;
const DIR = { name: "bundle", required: false, describe: "the bundle directory, as --bundle" } as const;
export const COMMANDS = {
  create: { describe: "create a container from a bundle", arguments: [ID], options: [...CREATE_OPTIONS, HELP] },
  start: { describe: "run the process of a created container", arguments: [ID], options: [HELP] },
  state: { describe: "print the state of a container as JSON", arguments: [ID], options: [HELP] },
  kill: {
    describe: "send a signal to a container's init process",
    arguments: [
      ID,
      {
        name: "signal",
        required: false,
        describe: "a name, with or without SIG, or a number; by default the image's, else SIGTERM",
      },
    ],
    options: [
      {
        name: "all",
        alias: "a",
        type: "boolean",
        default: false,
        describe: "send it to all processes of the container",
      },
      REGEX,
      HELP,
    ],
  },
  delete: { describe: "delete a container and all that it holds", arguments: [ID], options: [FORCE, REGEX, HELP] },
  run: {
    describe: "create and start a container; wait for it, and delete it",
    arguments: [ID],
    options: [
      ...CREATE_OPTIONS,
      { name: "detach", alias: "d", type: "boolean", default: false, describe: "return as soon as the process runs" },
      {
        name: "no-subreaper",
        type: "boolean",
        default: false,
        describe: "leave orphans of the container to the caller's reaper; tsrun never takes them",
      },
      {
        name: "keep",
        type: "boolean",
        default: false,
        describe: "do not delete the container when its process has ended, or could not be started",
      },
      HELP,
    ],
  },
  exec: {
    describe: "run one more process in a container",
    arguments: [
      ID,
      { name: "command", required: false, many: true, describe: "the program and its arguments; not with --process" },
    ],
    options: EXEC_OPTIONS,
    inOrder: true,
    notes: "Exits as the process does, with 128+n for signal n; with 255 when there is no process.",
  },
  pause: { describe: "stop all processes of a container", arguments: [ID], options: [HELP] },
  resume: { describe: "let the processes of a paused container go on", arguments: [ID], options: [HELP] },
  ps: {
    describe: "list the processes of a container",
    arguments: [ID, { name: "ps-options", required: false, many: true, describe: "for ps(1); -ef by default" }],
    options: [TABLE_OR_JSON, HELP],
    inOrder: true,
  },
  update: {
    describe: "change the limits of a container",
    arguments: [ID],
    options: UPDATE_OPTIONS,
    notes: "What is not given stays as it is. If one limit cannot be set, those before it are taken back.",
  },
  events: {
    describe: "print what a container uses, and when it is out of memory, as lines of JSON",
    arguments: [ID],
    options: [
      {
        name: "interval",
        type: "string",
        value: "DURATION",
        default: "5s",
        describe: "how often its use is printed: 5s, 500ms, 1m30s",
      },
      { name: "stats", type: "boolean", default: false, describe: "print its use once" },
      HELP,
    ],
  },
  list: {
    describe: "list the containers",
    arguments: [],
    options: [
      TABLE_OR_JSON,
      { name: "quiet", alias: "q", type: "boolean", default: false, describe: "print ids only" },
      HELP,
    ],
  },
  spec: {
    describe: "write a config.json to begin with",
    arguments: [],
    options: [
      BUNDLE,
      { ...CONFIG, name: "file", describe: "write this instead of the bundle's config.json" },
      { name: "rootless", type: "boolean", default: false, describe: "for an ordinary user" },
      HELP,
    ],
  },
  checkpoint: { describe: "write a running container to files, by CRIU", arguments: [ID], options: CHECKPOINT_OPTIONS },
  restore: { describe: "run a container from the files of a checkpoint", arguments: [ID], options: RESTORE_OPTIONS },
  features: { describe: "print what this runtime can do as JSON", arguments: [], options: [HELP] },
  plan: {
    describe: "print the steps of a start, who makes them, and what of config.json asks for each",
    arguments: [
      DIR,
      { name: "command", required: false, many: true, describe: "with --exec: the program and its arguments" },
    ],
    options: [
      BUNDLE,
      { name: "exec", type: "string", value: "ID", describe: "of `exec ID COMMAND` instead: --exec ID -- COMMAND" },
      TEXT_OR_JSON,
      HELP,
    ],
  },
  explain: {
    describe: "print what a bundle's seccomp profile does to system calls, and by which rule",
    arguments: [
      { name: "topic", required: true, describe: "seccomp" },
      { name: "syscall", required: false, describe: "a name or a number; absent: a table of all" },
      { name: "args", required: false, many: true, describe: "its arguments: 10, 0xa, 012, -1; those missing are 0" },
    ],
    options: [BUNDLE, TEXT_OR_JSON, HELP],
  },
  completion: {
    describe: "print the completion script of a shell",
    arguments: [{ name: "shell", required: true, describe: "bash, zsh or fish" }],
    options: [HELP],
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

export type CommandValues<Name extends CommandName> = Values<(typeof COMMANDS)[Name]["options"]>;
