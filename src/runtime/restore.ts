// SPDX-License-Identifier: Apache-2.0
/** `restore`: CRIU makes the processes of a checkpoint anew, as a container of a bundle. */
import { mkdirSync, realpathSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { programOf } from "../compile/hooks.ts";
import { compileRestore } from "../compile/restore.ts";
import type { Config } from "../config/config.ts";
import { emitImage } from "../emit/image.ts";
import { HostError } from "../errors/errors.ts";
import { utf8 } from "../kernel/quote.ts";
import { SIG } from "../kernel/signal.ts";
import { close, type Fd } from "../native/fd.ts";
import { sendFds } from "../native/message.ts";
import { kill, processStat } from "../native/process.ts";
import { socketpair } from "../native/socket.ts";
import { waitExit } from "../native/wait.ts";
import { writeConfig, writeState } from "../state/store.ts";
import type { RestoreOptions } from "./checkpoint-options.ts";
import { readDescriptors } from "./checkpoint-stdio.ts";
import { type Begun, type Cgroup, type Creation, create } from "./create.ts";
import { type Criu, converse, demand, environment, findCriu, type Notice } from "./criu.ts";
import { criuError } from "./criu-log.ts";
import { CRIU_TYPE, type CriuOptions } from "./criu-messages.ts";
import { checkCommon, type Directories, withDirectories, withDirectoriesOf } from "./criu-options.ts";
import { handOverOrEnd } from "./hand-over.ts";
import { runHook } from "./hooks.ts";
import { stateText } from "./hooks-text.ts";
import { writeHostFile } from "./host-files.ts";
import { perform } from "./perform.ts";
import type { ContainerRecord } from "./record.ts";
import { openInherited, restoreOptions } from "./restore-options.ts";

/** Returns the record of the container, which runs, and whose init is this process's child. */
export async function restore(creation: Creation, options: RestoreOptions): Promise<ContainerRecord> {
  if (process.geteuid?.() !== 0) throw new HostError("a container cannot be restored: CRIU needs root");
  const criu = await findCriu();
  await checkCommon(criu, options);
  if (options.lsmProfile !== undefined) demand(criu, 31_600, "--lsm-profile");
  if (options.lsmMountContext !== undefined) demand(criu, 31_600, "--lsm-mount-context");
  return withDirectories(options, { logName: "restore.log", make: false }, (directories) => {
    const descriptors = readDescriptors(directories);
    return create(creation, (begun, record, cgroup) =>
      begin({ criu, options, directories, descriptors, begun, record, cgroup }),
    );
  });
}

interface Restore {
  readonly criu: Criu;
  readonly options: RestoreOptions;
  readonly directories: Directories;
  /** What the container had as stdin, stdout and stderr. */
  readonly descriptors: readonly string[];
  readonly begun: Begun;
  readonly record: ContainerRecord;
  readonly cgroup: Cgroup;
}

async function begin(restore: Restore): Promise<ContainerRecord> {
  const { begun, cgroup, descriptors } = restore;
  const { creation, prepared, console, held } = begun;
  if (prepared.facts.userns) throw new HostError("a container cannot be restored in a user namespace: CRIU needs root");
  const root = join(realpathSync(held.path), "criu-root");
  const inherited = openInherited(prepared.config, descriptors);
  let socket: Fd | undefined;
  try {
    mkdirSync(root, 0o700);
    const program = { file: restore.criu.path, env: environment(), root, inherited: Object.keys(inherited) };
    const { plan, binds } = compileRestore(prepared, program);
    const [ours, theirs] = socketpair();
    socket = ours;
    const inputs = { criu: theirs, ...inherited };
    const { stdio } = creation;
    const performance = { plan, image: emitImage(plan), stdio, inputs, preserveFds: 0, unit: cgroup.unit };
    const criu = await perform(performance).finally(() => close(theirs));
    writeConfig(held, prepared.text);
    const restored = await withDirectoriesOf(criu, restore.directories, (directories) => {
      const around = { ...restore, directories, config: prepared.config, inputs: plan.inputs, binds, root, pid: criu };
      return restoreBy(restore, { criu, socket: ours, opts: restoreOptions(around) });
    });
    await handOverOrEnd(restored.pid, creation, console);
    return restored;
  } finally {
    if (socket !== undefined) close(socket);
    for (const fd of Object.values(inherited)) close(fd);
    // What lies on it lies only in CRIU's mount namespace.
    rmdirSync(root);
  }
}

interface Asked {
  /** The pid of the process that has become CRIU. */
  readonly criu: number;
  readonly socket: Fd;
  readonly opts: CriuOptions;
}

/** The processes go on when CRIU answers; whatever fails before ends them. */
async function restoreBy(restore: Restore, { criu, socket, opts }: Asked): Promise<ContainerRecord> {
  const { begun, record, directories } = restore;
  let restored: ContainerRecord = record;
  try {
    const response = await converse(socket, { type: CRIU_TYPE.RESTORE, opts }, async (notice) => {
      if (notice.script === "post-restore") restored = writeRestored(restore, notice.pid);
      else await answer(restore, notice);
    });
    if (response.success !== true || restored.pid === 0) {
      throw criuError({ what: `restore container ${JSON.stringify(record.id)}`, log: directories.log, response });
    }
    for (const { path, data, from } of begun.prepared.options.cgroup?.flatMap(({ late = [] }) => late) ?? []) {
      await writeHostFile(path, data, from);
    }
    await waitExit(criu);
    return restored;
  } catch (error) {
    // CRIU ends them itself, unless it has answered already.
    for (const pid of [criu, restored.pid].filter((each) => each > 0)) {
      kill(pid, SIG.SIGKILL);
      await waitExit(pid);
    }
    throw error;
  }
}

/** Before any of its processes goes on. */
function writeRestored({ begun: { held }, record }: Restore, pid: number): ContainerRecord {
  const restored: ContainerRecord = {
    ...record,
    status: "created",
    pid,
    startTime: processStat(pid)?.startTime ?? 0,
  };
  writeState(held, restored);
  return restored;
}

/** What CRIU leaves to others. */
async function answer({ begun, record }: Restore, { script, pid, fd }: Notice): Promise<void> {
  if (script === "setup-namespaces") await runtimeHooks(begun.prepared.config, record, pid);
  if (script !== "orphan-pts-master" || fd === undefined) return;
  const { theirs } = begun.console;
  if (theirs === undefined) {
    throw new HostError("the checkpoint has a terminal of its own: /process/terminal of config.json must be true");
  }
  sendFds(theirs, utf8("/dev/ptmx"), [fd]);
}

/** Those that belong to the container's environment; what they do is in no image. The others have had their turn. */
async function runtimeHooks({ hooks = {} }: Config, record: ContainerRecord, pid: number): Promise<void> {
  const state = stateText(record, "creating", pid);
  for (const kind of ["prestart", "createRuntime"] as const) {
    for (const [index, hook] of (hooks[kind] ?? []).entries()) {
      await runHook({ name: `${kind}/${index}`, state, bundle: record.bundle }, programOf(hook));
    }
  }
}
