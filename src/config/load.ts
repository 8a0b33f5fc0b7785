// SPDX-License-Identifier: Apache-2.0
/** Reads config.json from a bundle. bundle.md. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
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
    return { text: readText(file), file };
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : (cause as Error).message;
    const message = `cannot be read: ${reason}`;
    throw new ConfigError(file, [{ pointer: "", message, spec: "bundle.md#filesystem-bundle" }], { cause });
  }
}

/** Far more than any real one has. */
const MAX_BYTES = 64 << 20;
/** What the shell calls a pipe that its user has made: `--config <(command)`. */
const DESCRIPTOR = /^\/(?:dev|proc)\//;

/** Of a pipe or a device nobody knows when it ends: a bundle has none in that place. */
function readText(file: string): string {
  if (DESCRIPTOR.test(file)) return readFileSync(file, "utf8");
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (stat.isFile() && stat.size > MAX_BYTES) throw new RangeError(`it has ${stat.size} bytes`);
    if (!stat.isFile() && !stat.isDirectory()) throw new TypeError("it is not a file");
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}
