// SPDX-License-Identifier: Apache-2.0
/** The `process` of one more process in a container, judged as that of its config.json. config.md#process. Pure. */
import { ConfigError } from "../errors/errors.ts";
import { check } from "./check.ts";
import type { Config, Process } from "./config.ts";

/** Returns the process. ConfigError: every finding about it; `file` is what they are told of. */
export function checkProcess(config: Config, process: unknown, file: string): Process {
  const { findings } = check({ ...config, process });
  const own = findings
    .filter(({ pointer }) => pointer === PLACE || pointer.startsWith(`${PLACE}/`))
    .map((finding) => ({ ...finding, pointer: finding.pointer.slice(PLACE.length) }));
  if (own.length > 0) throw new ConfigError(file, own);
  return process as Process;
}

const PLACE = "/process";
