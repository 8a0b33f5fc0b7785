// SPDX-License-Identifier: Apache-2.0
/** What a test does otherwise on a machine that is slow. */

/** How many times longer than usual a test waits before it gives up: TSRUN_PATIENCE. */
export const PATIENCE = Number(process.env.TSRUN_PATIENCE ?? 1);

const EVERY = Number(process.env.TSRUN_SAMPLE ?? 1);

/** Of many cases each TSRUN_SAMPLE-th; all of them unless that is set. */
export function sample<T>(cases: readonly T[]): readonly T[] {
  return cases.filter((_, index) => index % EVERY === 0);
}
