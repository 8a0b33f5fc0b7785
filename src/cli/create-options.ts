// SPDX-License-Identifier: Apache-2.0
/** The options that create and run share, as the runtime takes them. */
import type { CreateOptions } from "../runtime/runtime.ts";
import type { CommandValues } from "./table.ts";

export function createOptions(values: CommandValues<"create">): CreateOptions {
  const { bundle, "pid-file": pidFile, "console-socket": consoleSocket } = values;
  return {
    ...(bundle === undefined ? {} : { bundle }),
    ...(pidFile === undefined ? {} : { pidFile }),
    ...(consoleSocket === undefined ? {} : { consoleSocket }),
    noPivot: values["no-pivot"],
    noNewKeyring: values["no-new-keyring"],
    preserveFds: values["preserve-fds"],
    listenFds: listenFds(process.env),
  };
}

/** The sockets that were meant for this process, if any. sd_listen_fds(3). */
export function listenFds(env: Readonly<Record<string, string | undefined>>): number {
  const { LISTEN_PID: pid, LISTEN_FDS: count = "" } = env;
  return pid === String(process.pid) && /^\d+$/.test(count) ? Number(count) : 0;
}
