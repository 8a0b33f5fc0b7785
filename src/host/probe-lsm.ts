// SPDX-License-Identifier: Apache-2.0
/** The security modules that a config asks for. Kernel documentation: admin-guide/LSM. */
import { existsSync, readFileSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { Facts } from "./facts.ts";

/** Looked at only if the config names a profile or a label. */
export function probeLsm({ process, linux }: Config, sysfs = "/sys"): Facts["lsm"] {
  return {
    apparmor: Boolean(process?.apparmorProfile) && isEnabled(`${sysfs}/module/apparmor/parameters/enabled`),
    selinux: Boolean(process?.selinuxLabel || linux?.mountLabel) && existsSync(`${sysfs}/fs/selinux/enforce`),
  };
}

/** A parameter of a module says Y or N. */
function isEnabled(file: string): boolean {
  try {
    return readFileSync(file, "utf8").startsWith("Y");
  } catch {
    return false;
  }
}
