// SPDX-License-Identifier: Apache-2.0
/** What to change where an errno misleads: tables keyed by call and errno, and where need be by the call's operands. */
import type { Hint } from "./hint.ts";
import { CGROUP_HINTS } from "./hints-cgroup.ts";
import { FILE_HINTS } from "./hints-file.ts";
import { NAMESPACE_HINTS } from "./hints-namespace.ts";
import { PROCESS_HINTS } from "./hints-process.ts";

// The first that fits is told: the narrower ones come first.
const HINTS: readonly Hint[] = [...CGROUP_HINTS, ...NAMESPACE_HINTS, ...PROCESS_HINTS, ...FILE_HINTS];

/**
 * What to change after `call` failed with `errno`; undefined where the errno says it all.
 * `line` is the call as strace(1) prints it, and may end in `# ` and the JSON pointer that asked for it, as the plan
 * prints it: some calls show by that alone what they are for.
 */
export function hintFor(call: string, errno: string, line: string): string | undefined {
  return HINTS.find((hint) => fits(hint, call, errno, line))?.hint;
}

function fits(hint: Hint, call: string, errno: string, line: string): boolean {
  return has(hint.call, call) && has(hint.errno, errno) && (hint.line?.test(line) ?? true);
}

function has(names: string, name: string): boolean {
  return names.split(" ").includes(name);
}
