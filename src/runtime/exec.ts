// SPDX-License-Identifier: Apache-2.0
/** `exec`: one more process in a container that is there. It changes nothing of the container and keeps no record. */
import { joinDirs } from "../cgroup/join.ts";
import { isFrozen } from "../cgroup/processes.ts";
import { compileExec } from "../compile/exec.ts";
import type { CompileOptions } from "../compile/scope.ts";
import type { Config } from "../config/config.ts";
import { parseJson } from "../config/json.ts";
import { emitImage } from "../emit/image.ts";
import { HostError, StateError } from "../errors/errors.ts";
import type { Facts } from "../host/facts.ts";
import { probeJoin } from "../host/probe-join.ts";
import { probeForeign } from "../host/probe-namespaces.ts";
import { close, type Fd } from "../native/fd.ts";
import { pidfd_open } from "../native/process.ts";
import type { Plan } from "../plan/step.ts";
import { deriveStatus, isAlive } from "../state/status.ts";
import { readConfigOf } from "../state/store.ts";
import { openConsole } from "./console.ts";
import { execProcess, type ProcessOptions } from "./exec-process.ts";
import { type HandOver, handOver } from "./hand-over.ts";
import { perform } from "./perform.ts";
import { checkPreserved } from "./preserved-fds.ts";
import { type ContainerRecord, readRecord } from "./record.ts";
import type { SeccompFilter } from "./seccomp.ts";

export interface ExecWish extends HandOver {
  readonly root: string;
  readonly id: string;
  readonly asked: ProcessOptions;
  /** Cgroups below the container's: `[CONTROLLER[,CONTROLLER...]:]PATH`. */
  readonly cgroup: readonly string[];
  readonly ignorePaused: boolean;
  readonly preserveFds: number;
  readonly listenFds: number;
  readonly stdio: readonly [number, number, number];
  readonly consoleSocket: string | undefined;
  readonly onTerminal: ((master: number) => void) | undefined;
  readonly warn: (warning: string) => void;
}

/** Returns the pid of the process, which is this process's child and runs its program. */
export async function exec(wish: ExecWish): Promise<number> {
  checkPreserved(wish.preserveFds);
  const { config, plan, container, record, filter } = await prepareExec(wish);
  try {
    const console = openConsole(config, wish);
    try {
      const agent = filter?.notifies
        ? (await import("./seccomp-listener.ts")).reachAgent(record, "running")
        : undefined;
      try {
        const pid = await perform({
          plan,
          image: emitImage(plan),
          stdio: wish.stdio,
          inputs: { container, console: console.theirs },
          preserveFds: wish.preserveFds,
          agent,
        });
        await handOver(pid, wish, console);
        return pid;
      } finally {
        agent?.close();
      }
    } finally {
      console.close();
    }
  } finally {
    close(container);
  }
}

/** What `exec` would do; nothing of it is done. */
export async function planExec(wish: ExecWish): Promise<Plan> {
  const { plan, container } = await prepareExec(wish);
  close(container);
  return plan;
}

interface PreparedExec {
  readonly config: Config;
  readonly plan: Plan;
  /** A pidfd of the container's init. */
  readonly container: Fd;
  readonly record: ContainerRecord;
  readonly filter: SeccompFilter | undefined;
}

/** StateError ETSRUN_NOT_RUNNING: there is no container to join. ETSRUN_PAUSED: it is frozen. */
async function prepareExec(wish: ExecWish): Promise<PreparedExec> {
  const { root, id } = wish;
  const record = readRecord(root, id);
  const container = openInit(root, record);
  try {
    if (!wish.ignorePaused && isFrozen(record.cgroups)) throw paused(id);
    const own = parseJson(readConfigOf(root, id)) as Config;
    const config = joinedPart({ ...own, process: await execProcess(own, wish.asked) });
    const facts = probeJoin(config, record.bundle, record.pid, wish.stdio);
    const filter = await filterOf(wish, own, facts);
    const options = { ...compileOptions(wish, record), ...(filter && { seccomp: filter }) };
    // Until here its pid could have become another's.
    if (!isAlive(record)) throw notRunning(id, "stopped");
    const { plan, warnings } = compileExec(config, facts, options);
    for (const warning of warnings) wish.warn(warning);
    return { config, plan, container, record, filter };
  } catch (error) {
    close(container);
    throw error;
  }
}

/** The container's own: a process that joins it may do no more than one that is there. */
async function filterOf({ root, warn }: ExecWish, { linux }: Config, facts: Facts): Promise<SeccompFilter | undefined> {
  if (linux?.seccomp === undefined) return undefined;
  const { seccompFilter } = await import("./seccomp.ts");
  const filter = seccompFilter(linux.seccomp, facts.arch, { file: `${facts.bundle}/config.json`, root });
  for (const warning of filter.warnings) warn(warning);
  return filter;
}

function openInit(root: string, record: ContainerRecord): Fd {
  const status = deriveStatus(root, record);
  const pidfd = status === "stopped" || status === "creating" ? undefined : pidfd_open(record.pid);
  if (pidfd === undefined) throw notRunning(record.id, status === "creating" ? status : "stopped");
  return pidfd;
}

/** In the words of runc, which callers look for. */
function notRunning(id: string, status: "creating" | "stopped"): StateError {
  const message = `cannot exec in a stopped container: container ${JSON.stringify(id)} is ${status}`;
  return new StateError("ETSRUN_NOT_RUNNING", id, message, status);
}

function paused(id: string): StateError {
  const message = `cannot exec in a paused container: ${JSON.stringify(id)} (use --ignore-paused to override)`;
  return new StateError("ETSRUN_PAUSED", id, message, "running");
}

/** What the container was made with once is there, and none of a joining process's business. */
function joinedPart(config: Config): Config {
  const { sysctl: _sysctl, timeOffsets: _offsets, ...linux } = config.linux ?? {};
  return { ...config, mounts: config.mounts?.filter(({ type }) => type === "devpts") ?? [], linux };
}

function compileOptions(wish: ExecWish, record: ContainerRecord): CompileOptions {
  const { id, preserveFds, listenFds, cgroup } = wish;
  const namespaces = probeForeign(record.pid);
  if (namespaces === undefined) {
    throw new HostError(`container ${JSON.stringify(id)}: its namespaces are not for this user to join`);
  }
  const dirs = joinDirs(record.cgroups, cgroup, record.pid);
  return { preserveFds, listenFds, cgroup: dirs, join: { namespaces }, keyring: `_ses.${id}` };
}
