// SPDX-License-Identifier: Apache-2.0
/** `--regex`: commands on all containers whose id matches. */
import { UsageError } from "../errors/errors.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** The ids, in order; none is no error. UsageError: not a regular expression. */
export async function matching(runtime: Runtime, pattern: string): Promise<readonly string[]> {
  const expression = parse(pattern);
  return (await runtime.list()).map(({ id }) => id).filter((id) => expression.test(id));
}

function parse(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (error) {
    throw new UsageError("--regex", `--regex ${pattern}: ${(error as Error).message}`);
  }
}
