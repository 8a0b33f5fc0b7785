// SPDX-License-Identifier: Apache-2.0
/** The options of `exec`. */
import { HELP, type OptionSpec, PROCESS_OPTIONS } from "./options.ts";

export const EXEC_OPTIONS = [
  ...PROCESS_OPTIONS,
  { name: "process", alias: "p", type: "string", value: "FILE", describe: "a process object of config.json, as JSON" },
  { name: "tty", alias: "t", type: "boolean", default: false, describe: "give the process a terminal of its own" },
  { name: "detach", alias: "d", type: "boolean", default: false, describe: "return as soon as the process runs" },
  { name: "cwd", type: "string", value: "DIR", describe: "its working directory, in the container" },
  { name: "env", alias: "e", type: "strings", value: "NAME=VALUE", describe: "add to its environment; repeatable" },
  { name: "user", alias: "u", type: "string", value: "UID[:GID]", describe: "its user and group, as numbers" },
  { name: "additional-gids", alias: "g", type: "strings", value: "GID", describe: "one more group; repeatable" },
  { name: "cap", alias: "c", type: "strings", value: "CAPABILITY", describe: "one more capability; repeatable" },
  { name: "no-new-privs", type: "boolean", default: false, describe: "it can gain no privileges by execve(2)" },
  { name: "apparmor", type: "string", value: "PROFILE", describe: "its AppArmor profile" },
  { name: "process-label", type: "string", value: "LABEL", describe: "its SELinux label" },
  {
    name: "cgroup",
    type: "strings",
    value: "[CONTROLLERS:]PATH",
    describe: "a cgroup below the container's that it joins; repeatable",
  },
  {
    name: "ignore-paused",
    type: "boolean",
    default: false,
    describe: "join a paused container, and run when that goes on",
  },
  HELP,
] as const satisfies readonly OptionSpec[];
