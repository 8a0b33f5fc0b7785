// SPDX-License-Identifier: Apache-2.0
/** From the text of config.json to a Config. Pure. */
import { ConfigError, type Finding } from "../errors/errors.ts";
import { check } from "./check.ts";
import type { Config } from "./config.ts";
import { parseJson } from "./json.ts";
import { findSyntaxFault } from "./syntax.ts";

/**
 * The Config that a text holds. `warn` gets what does not keep the container from starting.
 *
 * Integers that a double cannot hold are bigint. Of two properties with one name the last wins.
 * Throws ConfigError with every finding at once; `file` is the name it gives the text.
 */
export function parseConfig(text: string, file: string, warn: (warning: Finding) => void = () => {}): Config {
  const value = parseDocument(text, file);
  const { findings, warnings } = check(value);
  for (const warning of warnings) warn(warning);
  if (findings.length > 0) throw new ConfigError(file, findings);
  return value as Config;
}

/** What a text holds, unchecked. ConfigError: it is not JSON, with line and column. */
export function parseDocument(text: string, file: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    const fault = findSyntaxFault(text);
    if (!(cause instanceof SyntaxError) || fault === undefined) throw cause;
    const message = `not JSON: line ${fault.line}, column ${fault.column}: ${fault.message}`;
    throw new ConfigError(file, [{ pointer: "", message, spec: "config.md#configuration" }], { cause });
  }
}
