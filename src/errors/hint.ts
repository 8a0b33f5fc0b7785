// SPDX-License-Identifier: Apache-2.0
/** What an entry of the tables of hints is. */

export interface Hint {
  /** Names of calls, separated by spaces. */
  readonly call: string;
  /** Names of errnos, separated by spaces. */
  readonly errno: string;
  /** What the call's line must look like. */
  readonly line?: RegExp;
  readonly hint: string;
}
