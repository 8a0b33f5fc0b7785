// SPDX-License-Identifier: Apache-2.0
/** Errors and warnings as text, and their exit codes: the one place that knows how a failure reads. */
import { ConfigError, type Finding, SyscallError, TsrunError, UsageError } from "../errors/errors.ts";
import { hintFor } from "../errors/hints.ts";
import type { Message } from "./log.ts";
import type { CommandName } from "./table.ts";

/** What the command line says about the place of the failure. */
export interface Scene {
  readonly command?: CommandName | undefined;
  /** The bundle as the caller named it. */
  readonly bundle?: string | undefined;
}

/** A failure as people read it on stderr, and in one line as a log has it. */
export function presentError(error: unknown, scene: Scene = {}): Message {
  const [head, ...details] = linesOf(error, scene);
  const text = [`tsrun: ${head}`, ...details.map((line) => `  ${line}`), ""].join("\n");
  const line = [head, ...details.map((detail) => detail.trim().replace(/ {2,}/g, " "))].join("; ");
  return { line: inGoWords(line), text };
}

/** docker ends with 127 or 126 by "no such file or directory" or "permission denied", as Go writes them. */
function inGoWords(line: string): string {
  return line.replace(/ = -1 E[A-Z0-9]+ \([A-Z]/g, (told) => told.slice(0, -1) + told.slice(-1).toLowerCase());
}

/** Findings as lines, their columns aligned: where, what, which section of the spec. */
export function presentFindings(findings: readonly Finding[]): string[] {
  const rows = findings.map(({ pointer, message, spec }) => [pointer === "" ? "(document)" : pointer, message, spec]);
  const [first, second] = [widest(rows, 0), widest(rows, 1)];
  return rows.map(([pointer = "", message = "", spec = ""]) =>
    `${pointer.padEnd(first)}   ${message.padEnd(second)}   ${spec}`.trimEnd(),
  );
}

// A message that is longer than this leaves its neighbours' column where it is.
const WIDEST = 72;

function widest(rows: readonly (readonly string[])[], column: number): number {
  const lengths = rows.map((row) => row[column]?.length ?? 0).filter((length) => length <= WIDEST);
  return Math.max(0, ...lengths);
}

function linesOf(error: unknown, scene: Scene): string[] {
  if (error instanceof ConfigError) return [error.message, ...presentFindings(error.findings)];
  if (error instanceof SyscallError) return syscallLines(error, scene);
  if (error instanceof UsageError) return [error.message, `see: tsrun ${helpCommand(scene)}`];
  if (error instanceof TsrunError) return [error.message, ...causesOf(error)];
  if (isSystemError(error)) return [error.message];
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return ["this is a bug of tsrun, please report it", ...stack.split("\n")];
}

function syscallLines(error: SyscallError, scene: Scene): string[] {
  const lines = [error.message];
  if (error.step !== undefined) {
    const { number, of, stage, from } = error.step;
    const origin = from === "" ? "" : ` · from ${configOf(scene)} ${from}`;
    lines.push(`step ${number} of ${of}, in ${stage}${origin}`);
  }
  for (const said of kernelLines(error.kernelLog)) lines.push(`kernel: ${said}`);
  const line = error.step === undefined ? error.call : `${error.call}  # ${error.step.from}`;
  const hint = error.hint ?? hintFor(callName(error.call), error.errno, line);
  if (hint !== undefined) lines.push(`hint: ${hint}`);
  return [...lines, ...causesOf(error)];
}

/** A filesystem context's log has its level, e, w or i, before each message. fsopen(2). */
function kernelLines(log = ""): string[] {
  const lines = log.split("\n").map((line) => line.replace(/^[ewi] /, "").trim());
  return lines.filter((line) => line !== "");
}

/** The chain of causes; a bug among them keeps its stack. */
function causesOf(error: Error): string[] {
  const { cause } = error;
  if (cause === undefined) return [];
  if (cause instanceof AggregateError) return cause.errors.flatMap((each) => causeLines(each));
  return causeLines(cause);
}

function causeLines(cause: unknown): string[] {
  const [head, ...details] = linesOf(cause, {});
  return [`because: ${head}`, ...details];
}

function callName(line: string): string {
  return /^\w+/.exec(line)?.[0] ?? "";
}

function configOf({ bundle }: Scene): string {
  return bundle === undefined || bundle === "" ? "config.json" : `${bundle.replace(/\/+$/, "")}/config.json`;
}

function helpCommand({ command }: Scene): string {
  return command === undefined ? "--help" : `${command} --help`;
}

/** An error of Node's own calls: errno and path are in its message. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "code" in error;
}
