// SPDX-License-Identifier: Apache-2.0
/** The options that create, run and exec share, as the runtime takes them. */
import type { CreateOptions } from "../runtime/runtime.ts";
import type { PROCESS_OPTIONS, Values } from "./options.ts";
import type { CommandValues } from "./table.ts";

export function createOptions(values: CommandValues<"create">): CreateOptions {
  const { bundle, config } = values;
  return {
    ...(bundle === undefined ? {} : { bundle }),
    ...(config === undefined ? {} : { config }),
    ...processOptions(values),
    noPivot: values["no-pivot"],
    noNewKeyring: values["no-new-keyring"],
  };
}

/** Those of every command that makes a process. */
export function processOptions(values: Values<typeof PROCESS_OPTIONS>) {
  const { "pid-file": pidFile, "pidfd-socket": pidfdSocket, "console-socket": consoleSocket } = values;
  return {
    ...(pidFile === undefined ? {} : { pidFile }),
    ...(pidfdSocket === undefined ? {} : { pidfdSocket }),
    ...(consoleSocket === undefined ? {} : { consoleSocket }),
    preserveFds: values["preserve-fds"],
    listenFds: listenFds(process.env),
  };
}

/** The sockets that were meant for this process, if any. sd_listen_fds(3). */
export function listenFds(env: Readonly<Record<string, string | undefined>>): number {
  const { LISTEN_PID: pid, LISTEN_FDS: count = "" } = env;
  return pid === String(process.pid) && /^\d+$/.test(count) ? Number(count) : 0;
}
