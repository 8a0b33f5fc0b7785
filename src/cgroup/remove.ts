// SPDX-License-Identifier: Apache-2.0
/** Removes the cgroup of a container whose processes are gone. runtime.md#delete. */
import { SyscallError } from "../errors/errors.ts";
import { errnoText } from "../kernel/errno.ts";
import { quote } from "../kernel/quote.ts";
import { children, type Path, rmdir, wait } from "./files.ts";
import type { SurveyedDir } from "./make.ts";
import { processesBelow } from "./processes.ts";

/**
 * Removes the directories and all cgroups below them, children first, but for those that were there before the
 * container. Parents stay: others may have begun to use them.
 *
 * A process leaves its cgroup some time after its death was reported, so EBUSY is retried, with growing waits, until
 * the deadline; then it is thrown as SyscallError. What is gone already is fine.
 * Limit: cgroups nested so deep that their path exceeds PATH_MAX are not removed.
 */
export async function removeCgroup(dirs: readonly SurveyedDir[], deadlineMs = 10_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  let left = dirs.filter((dir) => !removeBelow(dir.path, new Set(dir.before)));
  for (let pauseMs = 1; left.length > 0; pauseMs = Math.min(pauseMs * 2, 250)) {
    if (Date.now() >= deadline) throw stillBusy(left);
    await wait(pauseMs);
    left = left.filter((dir) => !removeBelow(dir.path, new Set(dir.before)));
  }
}

/** One try; answers whether nothing is left that has to go. */
function removeBelow(path: Path, before: ReadonlySet<string>): boolean {
  const stays = before.has(String(path));
  if (!stays && rmdir(path) === undefined) return true;
  const emptied = children(path).map((child) => removeBelow(child, before));
  return emptied.every(Boolean) && (stays || rmdir(path) === undefined);
}

function stillBusy(left: readonly SurveyedDir[]): SyscallError {
  const path = left[0]?.path ?? "";
  const pids = processesBelow(path);
  const hint = pids.length > 0 ? `still in it: ${pids.slice(0, 10).join(", ")}; kill --all ends them` : undefined;
  return new SyscallError(`rmdir(${quote(path)})`, "EBUSY", { text: errnoText("EBUSY"), hint });
}
