// SPDX-License-Identifier: Apache-2.0
/** Writes to procfs, through the host's own procfs that was opened before anything else: CVE-2019-16884, CVE-2025-52881. */

import { sysctlPath } from "../config/sysctl.ts";
import { MAGIC } from "../kernel/magic.ts";
import { AT, O, RESOLVE } from "../kernel/open.ts";
import { utf8 } from "../kernel/quote.ts";
import { bytes, flags, int, out, ref, string, struct } from "../plan/operands.ts";
import type { Call, Step } from "../plan/step.ts";
import { isMapped } from "./idmap.ts";
import { mountJobs } from "./mount-job.ts";
import { at, close, type Make, namespaceOf, type Scope } from "./scope.ts";

/** `$proc`: the host's /proc as an O_PATH descriptor, checked to be a procfs. Only if the plan writes to it. */
export function openProc(scope: Scope): readonly Step[] {
  if (!needsProc(scope)) return [];
  const make = at("bootstrap", "");
  const how = struct("open_how", {
    flags: flags(O, O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC),
    resolve: flags(RESOLVE, RESOLVE.RESOLVE_NO_SYMLINKS),
  });
  return [
    make("openat2", [flags(AT, AT.AT_FDCWD), string("/proc"), how, int(24)], { result: "proc" }),
    make("fstatfs", [ref("proc"), out("statfs")], {
      checks: [{ field: "f_type", value: BigInt(MAGIC.PROC_SUPER_MAGIC), errno: "EINVAL" }],
    }),
  ];
}

/** For a plan that goes on among processes which may look into its own. */
export function closeProc(scope: Scope): readonly Step[] {
  return needsProc(scope) ? [close(at("bootstrap", ""), "proc")] : [];
}

function needsProc(scope: Scope): boolean {
  const { process, linux } = scope.config;
  const offsets = Object.keys(linux?.timeOffsets ?? {}).length > 0 && namespaceOf(scope, "time") === "new";
  if (process?.apparmorProfile || process?.selinuxLabel || mountJobs(scope).some(isMapped)) return true;
  return process?.oomScoreAdj !== undefined || Object.keys(linux?.sysctl ?? {}).length > 0 || offsets;
}

/** Opens, writes and closes a file below `$proc`; no symlink but `self`, and no mount, leads elsewhere. */
export function writeProc(make: Make, path: string, text: string): Call[] {
  const how = struct("open_how", {
    flags: flags(O, O.O_WRONLY | O.O_CLOEXEC),
    resolve: flags(RESOLVE, RESOLVE.RESOLVE_BENEATH | RESOLVE.RESOLVE_NO_MAGICLINKS | RESOLVE.RESOLVE_NO_XDEV),
  });
  return [
    make("openat2", [ref("proc"), string(path), how, int(24)], { result: "file" }),
    make("write", [ref("file"), bytes(text), int(utf8(text).length)]),
    close(make, "file"),
  ];
}

/** config.md#linux-process: set it if it is given, leave it alone if not. */
export function oomScoreAdj(scope: Scope): readonly Step[] {
  const score = scope.config.process?.oomScoreAdj;
  if (score === undefined) return [];
  return writeProc(at("bootstrap", "/process/oomScoreAdj"), "self/oom_score_adj", String(score));
}

/** Kernel parameters of the container's namespaces. config-linux.md#sysctl, proc_sys(5). */
export function sysctl(scope: Scope): readonly Step[] {
  return Object.entries(scope.config.linux?.sysctl ?? {}).flatMap(([name, value]) => {
    const make = at("init", `/linux/sysctl/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`);
    return writeProc(make, `sys/${sysctlPath(name)}`, value);
  });
}
