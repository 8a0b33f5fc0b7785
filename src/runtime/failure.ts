// SPDX-License-Identifier: Apache-2.0
/** From two numbers that the image reports to a sentence: the runtime still holds the plan. */
import type { Failure } from "../emit/report.ts";
import { SyscallError } from "../errors/errors.ts";
import { hintFor } from "../errors/hints.ts";
import { type ErrnoName, errnoName, errnoText } from "../kernel/errno.ts";
import type { StepText } from "./step-text.ts";

/** `hint` says more than the tables know. */
export function failureOf(failure: Failure, { call, line, step }: StepText, hint?: string): SyscallError {
  const errno = errnoName(failure.errno) as ErrnoName;
  const kernelLog = failure.log.trim();
  return new SyscallError(line, errno, {
    text: errnoText(errno),
    step,
    hint: hint ?? hintFor(call, errno, `${line}  # ${step.from}`),
    kernelLog: kernelLog === "" ? undefined : kernelLog,
  });
}
