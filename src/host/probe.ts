// SPDX-License-Identifier: Apache-2.0
/** Reads from the host what the compiler has to know. On the way of every start: each file is read once, and only if needed. */
import { fstatSync, readFileSync, realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { ConfigError, HostError } from "../errors/errors.ts";
import { RLIMIT } from "../kernel/rlimit.ts";
import { getrlimit } from "../native/rlimit.ts";
import type { Facts } from "./facts.ts";
import { probeCgroup } from "./probe-cgroup.ts";
import { probeIdmapTools } from "./probe-idmap.ts";
import { probeKernel, probeSelf } from "./probe-kernel.ts";
import { probeLsm } from "./probe-lsm.ts";
import { probeNamespaces } from "./probe-namespaces.ts";
import { probeNetDevices } from "./probe-net.ts";
import { probeResctrl } from "./probe-resctrl.ts";
import { probeRootfs } from "./probe-rootfs.ts";
import { probeSources } from "./probe-sources.ts";

/**
 * The facts for a start of `config` from the directory `bundle`.
 *
 * HostError: the kernel is too old, or there is no such bundle. ConfigError: there is no root filesystem.
 */
export function probe(config: Config, bundle: string, stdio: readonly number[] = [0, 1, 2]): Facts {
  const kernel = probeKernel();
  const realBundle = findBundle(bundle);
  const rootfs = findRootfs(config, realBundle);
  return {
    ...kernel,
    ...probeSelf(),
    cgroup: probeCgroup(),
    bundle: realBundle,
    rootfs,
    ...probeRootfs(config, rootfs, realBundle),
    sources: probeSources(config, realBundle),
    namespaces: probeNamespaces(config),
    netDevices: probeNetDevices(config),
    resctrl: probeResctrl(config),
    idmap: probeIdmapTools(config),
    stdio: stdio.map(probeStdio),
    lsm: probeLsm(config),
    kcore: probeKcore(),
    rlimits: probeLimits(config),
    callerFiles: probeCallerFiles(config),
  };
}

let kcore: boolean | undefined;

function probeKcore(): boolean {
  kcore ??= statSync("/proc/kcore", { throwIfNoEntry: false }) !== undefined;
  return kcore;
}

function findBundle(bundle: string): string {
  try {
    return realpathSync.native(bundle);
  } catch (cause) {
    throw new HostError(`the bundle ${JSON.stringify(resolve(bundle))} cannot be found`, { cause });
  }
}

function findRootfs(config: Config, bundle: string): string {
  const path = resolve(bundle, config.root?.path ?? "");
  const stat = statSync(path, { throwIfNoEntry: false });
  if (config.root !== undefined && stat?.isDirectory()) return realpathSync.native(path);
  const message = config.root === undefined ? "is needed" : `${JSON.stringify(path)} is not a directory`;
  const pointer = config.root === undefined ? "/root" : "/root/path";
  throw new ConfigError("config.json", [{ pointer, message, spec: "config.md#root" }]);
}

// makedev(1, 3)
const NULL_DEVICE = 0x103;

export function probeStdio(fd: number): { uid: number; null: boolean } {
  try {
    const stat = fstatSync(fd);
    return { uid: stat.uid, null: stat.isCharacterDevice() && stat.rdev === NULL_DEVICE };
  } catch {
    // A closed one is nobody's: as if it were /dev/null.
    return { uid: 0, null: true };
  }
}

export function probeLimits(config: Config): Facts["rlimits"] {
  const types = (config.process?.rlimits ?? []).map(({ type }) => type);
  const known = types.filter((type): type is keyof typeof RLIMIT => type in RLIMIT);
  return Object.fromEntries(known.map((type) => [type, getrlimit(type)]));
}

/** Who started the runtime has told it the same limit as the container should have; the soft one was raised since. */
export function probeCallerFiles(config: Config): Facts["callerFiles"] {
  if (config.process?.rlimits?.some(({ type }) => type === "RLIMIT_NOFILE")) return null;
  const own = getrlimit("RLIMIT_NOFILE");
  const soft = softFiles(`/proc/${process.ppid}/limits`);
  return soft === null || soft >= own.soft ? null : { soft, hard: own.hard };
}

/** Null where the file is not for us to read, or says unlimited. proc_pid_limits(5). */
function softFiles(file: string): bigint | null {
  try {
    const [, soft] = /^Max open files +(\d+) /m.exec(readFileSync(file, "utf8")) ?? [];
    return soft === undefined ? null : BigInt(soft);
  } catch {
    return null;
  }
}
