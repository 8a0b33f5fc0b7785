// SPDX-License-Identifier: Apache-2.0
/** The error classes of tsrun. Libraries throw them; only `cli/` turns them into text and exit codes. */

/** One thing wrong with a configuration, and where. */
export interface Finding {
  /** JSON pointer into config.json, RFC 6901; "" is the whole document. */
  readonly pointer: string;
  /** What is wrong and what would be right. */
  readonly message: string;
  /** Where the rule stands, for example `config.md#process`. */
  readonly spec: string;
}

export type ErrorCode =
  | "ETSRUN_USAGE"
  | "ETSRUN_CONFIG"
  | "ETSRUN_SYSCALL"
  | "ETSRUN_HOST"
  | "ETSRUN_INVALID_ID"
  | "ETSRUN_EXISTS"
  | "ETSRUN_NOT_FOUND"
  | "ETSRUN_NOT_CREATED"
  | "ETSRUN_NOT_STOPPED"
  | "ETSRUN_NOT_RUNNING"
  | "ETSRUN_PAUSED"
  | "ETSRUN_NOT_PAUSED"
  | "ETSRUN_BUSY";

export class TsrunError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A command line that cannot be understood. `option` is the flag or argument at fault. */
export class UsageError extends TsrunError {
  readonly option: string;
  constructor(option: string, message: string) {
    super("ETSRUN_USAGE", message);
    this.option = option;
  }
}

/** A file of configuration that cannot be accepted; carries every finding at once. */
export class ConfigError extends TsrunError {
  readonly file: string;
  readonly findings: readonly Finding[];
  constructor(file: string, findings: readonly Finding[], options?: ErrorOptions) {
    super("ETSRUN_CONFIG", `${file}: ${findings.length} finding${findings.length === 1 ? "" : "s"}`, options);
    this.file = file;
    this.findings = findings;
  }
}

/** Where in a plan a system call failed. */
export interface FailedStep {
  /** 1-based number of the step, as `tsrun plan` prints it. */
  readonly number: number;
  readonly of: number;
  readonly stage: string;
  /** JSON pointer into config.json that asked for the step. */
  readonly from: string;
}

/** A system call that failed. `call` is the line that strace(1) would print, without the result. */
export class SyscallError extends TsrunError {
  readonly call: string;
  readonly errno: string;
  readonly step: FailedStep | undefined;
  readonly hint: string | undefined;
  /** What the kernel itself said, for filesystem contexts (fsopen(2)). */
  readonly kernelLog: string | undefined;
  constructor(call: string, errno: string, detail: SyscallDetail = {}) {
    const { text = errno, step, hint, kernelLog, cause } = detail;
    super("ETSRUN_SYSCALL", `${call} = -1 ${errno} (${text})`, cause === undefined ? undefined : { cause });
    this.call = call;
    this.errno = errno;
    this.step = step;
    this.hint = hint;
    this.kernelLog = kernelLog;
  }
}

export interface SyscallDetail {
  /** The text of the errno, as strerror(3) has it. */
  readonly text?: string;
  readonly step?: FailedStep | undefined;
  readonly hint?: string | undefined;
  readonly kernelLog?: string | undefined;
  readonly cause?: unknown;
}

/** An operation that does not fit the state of a container: unknown id, wrong status, id in use. */
export class StateError extends TsrunError {
  readonly id: string;
  readonly status: string | undefined;
  constructor(code: ErrorCode, id: string, message: string, status?: string) {
    super(code, message);
    this.id = id;
    this.status = status;
  }
}

/** The host cannot do what is asked, known before anything was tried. */
export class HostError extends TsrunError {
  constructor(message: string, options?: ErrorOptions) {
    super("ETSRUN_HOST", message, options);
  }
}
