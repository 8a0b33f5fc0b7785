// SPDX-License-Identifier: Apache-2.0
/** What CRIU is told of a restore: the container's surroundings on this host. */
import { openSync, readFileSync } from "node:fs";
import type { RestoredMount } from "../compile/restore.ts";
import type { Config, NamespaceKind } from "../config/config.ts";
import { HostError } from "../errors/errors.ts";
import type { Fd } from "../native/fd.ts";
import { devicePaths, type NamedMounts, NULL_DEVICE } from "./checkpoint-mounts.ts";
import type { RestoreOptions } from "./checkpoint-options.ts";
import { inheritedStdio, NULL_INPUT, needsNull } from "./checkpoint-stdio.ts";
import type { CriuOptions } from "./criu-messages.ts";
import { commonOptions, configFile, type Directories, externalKey } from "./criu-options.ts";

interface Surroundings {
  readonly options: RestoreOptions;
  readonly directories: Directories;
  /** What the container had as stdin, stdout and stderr. */
  readonly descriptors: readonly string[];
  readonly config: Config;
  /** CRIU's descriptors by their names. */
  readonly inputs: Readonly<Record<string, number>>;
  readonly binds: readonly RestoredMount[];
  /** Where CRIU finds the root filesystem. */
  readonly root: string;
  /** CRIU itself, in the container's cgroup by now. */
  readonly pid: number;
}

export function restoreOptions(around: Surroundings): CriuOptions {
  const { options, directories, config, root, pid } = around;
  return {
    ...commonOptions(options, directories),
    ...configFile(config.annotations),
    log_file: "restore.log",
    root,
    rst_sibling: true,
    evasive_devices: true,
    tcp_close: options.tcpClose,
    lsm_profile: options.lsmProfile,
    lsm_mount_context: options.lsmMountContext,
    ext_mnt: mounts(around),
    inherit_fd: descriptors(around),
    join_ns: namespaces(config),
    cg_root: cgroupRoots(pid),
  };
}

/** The names of dumpedMounts, and what of this host is meant. */
function mounts({ binds, config }: Surroundings): NamedMounts {
  return [
    ...binds.map(({ path, source }) => ({ key: path, val: source })),
    ...[...new Set([...devicePaths(config), NULL_DEVICE])].map((path) => ({ key: path, val: path })),
  ];
}

function descriptors({ descriptors: names, inputs }: Surroundings): NonNullable<CriuOptions["inherit_fd"]> {
  const joined = EXTERNAL.flatMap((kind) => {
    const fd = inputs[externalKey(kind)];
    return fd === undefined ? [] : [{ key: externalKey(kind), fd }];
  });
  return [...inheritedStdio(names, inputs), ...joined];
}

/** Those that CRIU leaves alone when it is told of them; the others it can join. */
const EXTERNAL = ["network", "pid"] as const;

const NAMES: Readonly<Partial<Record<NamespaceKind, string>>> = { ipc: "ipc", uts: "uts", mount: "mnt", user: "user" };

function joinedNamespaces({ linux }: Config) {
  return (linux?.namespaces ?? []).flatMap(({ type, path }, index) =>
    path === undefined || path === "" ? [] : [{ type, path, index }],
  );
}

/** HostError: CRIU cannot join one of that kind. */
function namespaces(config: Config): NonNullable<CriuOptions["join_ns"]> {
  const others = joinedNamespaces(config).filter(({ type }) => type !== "network" && type !== "pid");
  return others.map(({ type, path, index }) => {
    const ns = NAMES[type];
    if (ns !== undefined) return { ns, ns_file: path };
    throw new HostError(`/linux/namespaces/${index}/path: CRIU cannot restore into a ${type} namespace that is there`);
  });
}

/** What CRIU is handed beside its socket and stdio, by the names of the inputs. The caller closes them. */
export function openInherited(config: Config, names: readonly string[]): Record<string, Fd> {
  const opened: Record<string, Fd> = needsNull(names) ? { [NULL_INPUT]: openSync("/dev/null", "r+") as Fd } : {};
  for (const { type, path } of joinedNamespaces(config)) {
    if (type === "network" || type === "pid") opened[externalKey(type)] = openSync(path, "r") as Fd;
  }
  return opened;
}

/** proc_pid_cgroup(5): HIERARCHY:CONTROLLERS:PATH; what is restored goes where CRIU is, not where it came from. */
function cgroupRoots(pid: number): NonNullable<CriuOptions["cg_root"]> {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").split("\n");
  return lines.flatMap((line) => {
    const [, controllers = "", path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return path === undefined ? [] : controllers.split(",").map((ctrl) => ({ ctrl, path }));
  });
}
