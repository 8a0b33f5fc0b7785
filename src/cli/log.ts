// SPDX-License-Identifier: Apache-2.0
/**
 * Where messages go: `--log FILE` in the shape that runc's callers read (logrus), else to stderr for people.
 *
 * podman and containerd take the last line of level "error" out of a JSON log as the reason of a failure.
 */
import { closeSync, openSync } from "node:fs";
import { writeAll } from "./output.ts";

export interface LogOptions {
  readonly file?: string | undefined;
  readonly format: "text" | "json";
  readonly debug: boolean;
}

export interface Message {
  /** For the log: one sentence. */
  readonly line: string;
  /** For people, on stderr: may be several lines, each ended. */
  readonly text: string;
}

export interface Log {
  /** An error goes to the log and to stderr. */
  error(message: Message): void;
  warn(line: string): void;
  debug(line: string): void;
  close(): void;
}

type Level = "error" | "warning" | "debug";

/** Opens the log; errors are those of open(2). */
export function openLog(options: LogOptions): Log {
  const { format, debug } = options;
  const file = options.file === undefined || options.file === "" ? undefined : openSync(options.file, "a", 0o644);
  const shaped = file !== undefined || format === "json";

  function write(level: Level, line: string): void {
    writeAll(file ?? STDERR, format === "json" ? jsonLine(level, line) : textLine(level, line));
  }
  return {
    error(message) {
      if (shaped) write("error", message.line);
      if (file !== undefined || !shaped) writeAll(STDERR, message.text);
    },
    warn(line) {
      if (shaped) write("warning", line);
      else writeAll(STDERR, `tsrun: warning: ${line}\n`);
    },
    debug(line) {
      if (debug) write("debug", line);
    },
    close() {
      if (file !== undefined) closeSync(file);
    },
  };
}

const STDERR = 2;

/** `{"level":…,"msg":…,"time":…}` and a newline. */
export function jsonLine(level: Level, line: string, now = new Date()): string {
  return `${JSON.stringify({ level, msg: line, time: rfc3339(now) })}\n`;
}

/** `time="…" level=… msg="…"` and a newline; plain words need no quotes. */
export function textLine(level: Level, line: string, now = new Date()): string {
  const msg = /^[\w./@^+-]+$/.test(line) ? line : JSON.stringify(line);
  return `time="${rfc3339(now)}" level=${level} msg=${msg}\n`;
}

/** In seconds, as runc has it. */
function rfc3339(time: Date): string {
  return time.toISOString().replace(/\.[0-9]+Z$/, "Z");
}
