// SPDX-License-Identifier: Apache-2.0
/** What checkpoint and restore tell CRIU alike: where its files are, and how it is to work. */
import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { CLONE } from "../kernel/clone.ts";
import { close, type Fd } from "../native/fd.ts";
import { openDirectory } from "../native/in-root.ts";
import type { CriuWish } from "./checkpoint-options.ts";
import { type Criu, demand, demandFeature } from "./criu.ts";
import { CGROUP_MODE, type CriuOptions, NETWORK_LOCK } from "./criu-messages.ts";

export interface Directories {
  /** Without symlinks. */
  readonly imagePath: string;
  readonly workPath: string;
  readonly images: Fd;
  readonly work: Fd;
  /** CRIU's log. */
  readonly log: string;
}

const MODE = 0o700;

/** Opens both while something is done with them. Those that are missing are made, but for images that are to be read. */
export async function withDirectories<T>(
  { imagePath = "checkpoint", workPath = imagePath }: CriuWish,
  { logName, make }: { readonly logName: string; readonly make: boolean },
  use: (directories: Directories) => Promise<T>,
): Promise<T> {
  for (const path of make ? [imagePath, workPath] : workPath === imagePath ? [] : [workPath]) {
    mkdirSync(path, { recursive: true, mode: MODE });
  }
  const paths = { imagePath: realpathSync(imagePath), workPath: realpathSync(workPath) };
  const opened = openBoth("", paths);
  try {
    return await use({ ...paths, ...opened, log: join(paths.workPath, logName) });
  } finally {
    closeBoth(opened);
  }
}

/**
 * The same directories as a process sees them that has a mount namespace of its own: CRIU works in one of them, and mounts
 * things there, which can be done only with mounts of its namespace.
 */
export async function withDirectoriesOf<T>(
  pid: number,
  directories: Directories,
  use: (directories: Directories) => Promise<T>,
): Promise<T> {
  const opened = openBoth(`/proc/${pid}/root`, directories);
  try {
    return await use({ ...directories, ...opened });
  } finally {
    closeBoth(opened);
  }
}

type Paths = Pick<Directories, "imagePath" | "workPath">;
type Both = Pick<Directories, "images" | "work">;

function openBoth(root: string, { imagePath, workPath }: Paths): Both {
  const images = openDirectory(root + imagePath);
  try {
    return { images, work: openDirectory(root + workPath) };
  } catch (error) {
    close(images);
    throw error;
  }
}

function closeBoth({ images, work }: Both): void {
  close(images);
  close(work);
}

/** CRIU opens the directories through /proc of whom it was asked by, so they stay open until it has answered. */
export function commonOptions(wish: CriuWish, { images, work }: Directories): CriuOptions {
  const { manageCgroupsMode: mode, networkLock: lock } = wish;
  return {
    images_dir_fd: images,
    work_dir_fd: work,
    log_level: LOG_LEVEL,
    notify_scripts: true,
    ext_unix_sk: wish.extUnixSk,
    tcp_established: wish.tcpEstablished,
    shell_job: wish.shellJob,
    file_locks: wish.fileLocks,
    auto_dedup: wish.autoDedup,
    lazy_pages: wish.lazyPages,
    manage_cgroups: true,
    manage_cgroups_mode: CGROUP_MODE[mode ?? "default"],
    orphan_pts_master: true,
    ...(wish.emptyNetwork === true ? { empty_ns: CLONE.CLONE_NEWNET } : {}),
    ...(lock === undefined ? {} : { network_lock: NETWORK_LOCK[lock] }),
  };
}

/** Everything that it has to say. */
const LOG_LEVEL = 4;

/** HostError: this CRIU or this kernel cannot do what is asked for. */
export async function checkCommon(criu: Criu, { lazyPages, networkLock }: CriuWish): Promise<void> {
  if (networkLock !== undefined) demand(criu, 31_700, "--network-lock");
  if (lazyPages === true) await demandFeature(criu, "lazy_pages", "--lazy-pages");
}

const ANNOTATION = "org.criu.config";
const CONFIG_FILES = ["/etc/criu/tsrun.conf", "/etc/criu/runc.conf"];

/** A file of settings that overrule the rest: the one that an annotation names, none if it is empty, or the host's. */
export function configFile(annotations: Readonly<Record<string, string>> = {}): Pick<CriuOptions, "config_file"> {
  const file = annotations[ANNOTATION] ?? CONFIG_FILES.find((path) => existsSync(path)) ?? "";
  return file === "" ? {} : { config_file: file };
}

/** The name of a namespace that is not the container's own, in the images: as runc has it. */
export function externalKey(kind: "network" | "pid"): string {
  return kind === "network" ? "extRootNetNS" : "extRootPidNS";
}
