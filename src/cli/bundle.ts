// SPDX-License-Identifier: Apache-2.0
/** The bundle of a command that takes it as an option or as its argument. */
import { UsageError } from "../errors/errors.ts";

/** The current directory if neither is given. UsageError: both are. */
export function bundleOf(option: string | undefined, argument: string | undefined): string {
  if (option !== undefined && argument !== undefined) {
    throw new UsageError("--bundle", "the bundle is given twice: by --bundle and as an argument");
  }
  return option ?? argument ?? ".";
}
