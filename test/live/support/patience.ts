// SPDX-License-Identifier: Apache-2.0
/** How many times longer than usual a test waits before it gives up: TSRUN_PATIENCE, for machines that are slow. */
export const PATIENCE = Number(process.env.TSRUN_PATIENCE ?? 1);
