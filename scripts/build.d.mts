// SPDX-License-Identifier: Apache-2.0
/** What tests use of the build. */
export function bundle(entry: string, outfile: string, options?: { executable?: boolean }): Promise<void>;
export function copyAddons(dist: string): void;
