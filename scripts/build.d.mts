// SPDX-License-Identifier: Apache-2.0
/** What tests use of the build. */
export function bundle(entry: string, outfile: string): Promise<void>;
export function command(dist: string): Promise<void>;
export function copyAddons(dist: string): void;
export function launcher(dist: string, name: string): void;
