// SPDX-License-Identifier: Apache-2.0
/** The facts for one more process of a running container: its mounts and namespaces are there, and not looked at. */
import type { Config } from "../config/config.ts";
import type { Facts } from "./facts.ts";
import { probeCallerFiles, probeLimits, probeStdio } from "./probe.ts";
import { findHomeInside } from "./probe-home.ts";
import { probeKernel, probeSelf } from "./probe-kernel.ts";
import { probeLsm } from "./probe-lsm.ts";

/** `config` has the process that joins; `pid` is that of the container's init. */
export function probeJoin(config: Config, bundle: string, pid: number, stdio: readonly number[]): Facts {
  return {
    ...NOTHING,
    ...probeKernel(),
    ...probeSelf(),
    bundle,
    stdio: stdio.map(probeStdio),
    lsm: probeLsm(config),
    rlimits: probeLimits(config),
    callerFiles: probeCallerFiles(config),
    home: findHomeInside(config, `/proc/${pid}/root`),
  };
}

const NOTHING = {
  cgroup: { layout: "none", hierarchies: [] },
  rootfs: "/",
  links: {},
  modes: {},
  sources: {},
  namespaces: {},
  copyUp: {},
  netDevices: {},
  resctrl: null,
  idmap: { newuidmap: null, newgidmap: null },
  kcore: false,
} as const;
