// SPDX-License-Identifier: Apache-2.0
/** `checkpoint`: CRIU writes what a container's processes are to files, and ends them. */
import { closeSync, statSync, writeSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { driverOf } from "../cgroup/drivers.ts";
import type { Config } from "../config/config.ts";
import { parseJson } from "../config/json.ts";
import { HostError, StateError, UsageError } from "../errors/errors.ts";
import { withHeld } from "../state/hold.ts";
import { deriveStatus } from "../state/status.ts";
import { readConfigOf } from "../state/store.ts";
import { dumpedMounts } from "./checkpoint-mounts.ts";
import type { CheckpointOptions } from "./checkpoint-options.ts";
import { writeDescriptors } from "./checkpoint-stdio.ts";
import { askCriu, type Criu, demandFeature, findCriu, type OnNotice } from "./criu.ts";
import { criuError } from "./criu-log.ts";
import { CRIU_TYPE, type CriuOptions } from "./criu-messages.ts";
import {
  checkCommon,
  commonOptions,
  configFile,
  type Directories,
  externalKey,
  withDirectories,
} from "./criu-options.ts";
import { deleteContainer } from "./end.ts";
import { type ContainerRecord, readRecord } from "./record.ts";

export interface Checkpoint {
  readonly root: string;
  readonly id: string;
  readonly options: CheckpointOptions;
  readonly warn: (warning: string) => void;
}

/**
 * The container is deleted afterwards, unless it is to go on.
 *
 * StateError ETSRUN_NOT_RUNNING. HostError: there is no CRIU, or it fails; its log tells why, and the container goes on.
 */
export async function checkpointContainer({ root, id, options, warn }: Checkpoint): Promise<void> {
  checkOptions(options);
  await withHeld(root, id, () => dump(readRunning(root, id), root, options));
  if (options.preDump === true || options.leaveRunning === true) return;
  await deleteContainer(root, id, { force: true, warn });
}

/** UsageError: options that do not go together, or a parent that is not there. */
function checkOptions({ imagePath = "checkpoint", parentPath, statusFd, lazyPages }: CheckpointOptions): void {
  if (statusFd !== undefined && lazyPages !== true) {
    throw new UsageError("--status-fd", "--status-fd tells when pages can be asked for: it needs --lazy-pages");
  }
  if (parentPath === undefined) return;
  if (isAbsolute(parentPath)) throw new UsageError("--parent-path", "--parent-path must be relative to --image-path");
  const parent = join(imagePath, parentPath);
  if (statSync(parent, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new UsageError("--parent-path", `--parent-path: ${JSON.stringify(parent)} is not a directory`);
}

function readRunning(root: string, id: string): ContainerRecord {
  const record = readRecord(root, id);
  const status = deriveStatus(root, record);
  if (status === "running") return record;
  const message = `container ${JSON.stringify(id)} cannot be checkpointed: it is ${status}`;
  throw new StateError("ETSRUN_NOT_RUNNING", id, message, status);
}

async function dump(record: ContainerRecord, root: string, options: CheckpointOptions): Promise<void> {
  const config = parseJson(readConfigOf(root, record.id)) as Config;
  refuse(record, config);
  const criu = await findCriu();
  await checkCommon(criu, options);
  if (options.preDump === true) await demandFeature(criu, "mem_track", "--pre-dump");
  const how = { logName: "dump.log", make: true };
  await withDirectories(options, how, (directories) => dumpTo({ criu, record, config, options, directories }));
}

/** What would come back otherwise than it was. */
function refuse({ id, listener }: ContainerRecord, { mounts = [] }: Config): void {
  const container = `container ${JSON.stringify(id)} cannot be checkpointed`;
  if (process.geteuid?.() !== 0) throw new HostError(`${container}: CRIU needs root`);
  if (listener !== undefined) {
    throw new HostError(`${container}: CRIU does not keep the listener of /linux/seccomp (SCMP_ACT_NOTIFY)`);
  }
  const mapped = mounts.findIndex(({ uidMappings, options = [] }) => uidMappings ?? options.includes("idmap"));
  if (mapped >= 0) throw new HostError(`${container}: CRIU does not keep id-mapped mounts (/mounts/${mapped})`);
}

interface Dump {
  readonly criu: Criu;
  readonly record: ContainerRecord;
  readonly config: Config;
  readonly options: CheckpointOptions;
  readonly directories: Directories;
}

async function dumpTo(dump: Dump): Promise<void> {
  const { criu, record, config, options, directories } = dump;
  const preDump = options.preDump === true;
  // A dump of memory has no files.
  const files = preDump ? [] : writeDescriptors(directories, record.pid);
  const opts: CriuOptions = {
    ...commonOptions(options, directories),
    ...configFile(config.annotations),
    ...dumpOptions(options),
    pid: record.pid,
    root: record.rootfs,
    log_file: "dump.log",
    external: [...externalNamespaces(record.pid, config), ...files],
    ...freezer(record),
    ...(preDump ? {} : { ext_mnt: dumpedMounts(record.pid, config) }),
  };
  const type = preDump ? CRIU_TYPE.PRE_DUMP : CRIU_TYPE.DUMP;
  const response = await askCriu(criu.path, { type, opts }, statusNotice(options));
  if (response.success === true && response.type === type) return;
  throw criuError({ what: `checkpoint container ${JSON.stringify(record.id)}`, log: directories.log, response });
}

function dumpOptions(options: CheckpointOptions): CriuOptions {
  const { parentPath, pageServer } = options;
  return {
    leave_running: options.leaveRunning,
    tcp_skip_in_flight: options.tcpSkipInFlight,
    link_remap: options.linkRemap,
    ps: pageServer,
    ...(parentPath === undefined ? {} : { parent_img: parentPath, track_mem: true }),
  };
}

/** Processes are stopped by the freezer where there is one: none can fork meanwhile. */
function freezer({ cgroups }: ContainerRecord): Pick<CriuOptions, "freeze_cgroup"> {
  const dir = cgroups.find((one) => driverOf(one).freezes(one));
  return dir === undefined ? {} : { freeze_cgroup: dir.path };
}

/** Namespaces that the container has joined stay as they are, and must be there when it is restored. */
function externalNamespaces(pid: number, { linux }: Config): readonly string[] {
  const joined = (linux?.namespaces ?? []).filter(({ path }) => path !== undefined && path !== "");
  return joined.flatMap(({ type }) => {
    if (type !== "network" && type !== "pid") return [];
    const name = type === "network" ? "net" : "pid";
    return [`${name}[${statSync(`/proc/${pid}/ns/${name}`).ino}]:${externalKey(type)}`];
  });
}

/** The NUL that whoever serves the pages waits for. */
function statusNotice({ statusFd }: CheckpointOptions): OnNotice {
  return async ({ script }) => {
    if (script !== "status-ready" || statusFd === undefined) return;
    writeSync(statusFd, Uint8Array.of(0));
    closeSync(statusFd);
  };
}
