// SPDX-License-Identifier: Apache-2.0
/** Reads config.json from a bundle. bundle.md. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, type Finding } from "../errors/errors.ts";
import type { Config } from "./config.ts";
import { parseConfig } from "./parse.ts";

/**
 * The checked config.json of a bundle: read once, parsed once, schema and rules in one pass.
 *
 * `warn` gets what does not keep the container from starting.
 * Throws ConfigError: not readable, not JSON (with line and column), or every finding at once.
 */
export function loadConfig(bundle: string, warn?: (warning: Finding) => void): Config {
  const { text, file } = readConfig(join(bundle, "config.json"));
  return parseConfig(text, file, warn);
}

/** The text of a config.json, and the path it was read from. ConfigError: it cannot be read. */
export function readConfig(file: string): { readonly text: string; readonly file: string } {
  try {
    return { text: readFileSync(file, "utf8"), file };
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    const message = `cannot be read: ${reason}`;
    throw new ConfigError(file, [{ pointer: "", message, spec: "bundle.md#filesystem-bundle" }], { cause });
  }
}
