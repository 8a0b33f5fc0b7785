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
  };
}
