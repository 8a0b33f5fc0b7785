// SPDX-License-Identifier: Apache-2.0
/** What the security modules will make of the program, once it is executed. config.md#linux-process, proc_pid_attr(5). */

import type { Step } from "../plan/step.ts";
import { writeProc } from "./proc.ts";
import { at, type Scope } from "./scope.ts";

const SPEC = "config.md#linux-process";

/** Written for execve(2), in which both take effect: the image itself goes on as it is. */
export function securityModules(scope: Scope): readonly Step[] {
  const { apparmorProfile = "", selinuxLabel = "" } = scope.config.process ?? {};
  return [...apparmor(scope, apparmorProfile), ...selinux(scope, selinuxLabel)];
}

function apparmor({ facts, findings }: Scope, profile: string): readonly Step[] {
  if (profile === "") return [];
  const pointer = "/process/apparmorProfile";
  if (!facts.lsm.apparmor) findings.push({ pointer, message: "AppArmor is not enabled in this kernel", spec: SPEC });
  return writeProc(at("process", pointer), "self/attr/apparmor/exec", `exec ${profile}`);
}

function selinux({ facts, findings }: Scope, label: string): readonly Step[] {
  if (label === "") return [];
  const pointer = "/process/selinuxLabel";
  if (!facts.lsm.selinux) findings.push({ pointer, message: "SELinux is not enabled in this kernel", spec: SPEC });
  return writeProc(at("process", pointer), "self/attr/exec", label);
}
