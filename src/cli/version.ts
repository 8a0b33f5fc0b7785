// SPDX-License-Identifier: Apache-2.0
/** What `--version` tells, in the lines that callers of runc take apart. */

/** The newest version of the runtime specification that tsrun knows. */
export const SPEC_VERSION = "1.3.0";

// Put in by the build; absent where the sources run as they are.
declare const TSRUN_VERSION: string | undefined;
declare const TSRUN_COMMIT: string | undefined;

export const VERSION = typeof TSRUN_VERSION === "string" ? TSRUN_VERSION : "0.0.0-source";

export function versionText(): string {
  const commit = typeof TSRUN_COMMIT === "string" && TSRUN_COMMIT !== "" ? TSRUN_COMMIT : undefined;
  const { bun } = process.versions;
  return [
    `tsrun version ${VERSION}`,
    ...(commit === undefined ? [] : [`commit: ${commit}`]),
    `spec: ${SPEC_VERSION}`,
    bun === undefined ? `node: ${process.versions.node}` : `bun: ${bun}`,
    "",
  ].join("\n");
}
