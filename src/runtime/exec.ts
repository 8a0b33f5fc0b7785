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
import { openDirectory } from "../native/in-root.ts";
import { pidfd_open } from "../native/process.ts";
import type { Plan } from "../plan/step.ts";
import { deriveStatus, isAlive } from "../state/status.ts";
import { readConfigOf } from "../state/store.ts";
import { openConsole, type TerminalTaker } from "./console.ts";
import { execProcess, type ProcessOptions } from "./exec-process.ts";
import { type HandOver, handOver, takeBack } from "./hand-over.ts";
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
  readonly onTerminal: TerminalTaker | undefined;
  readonly warn: (warning: string) => void;
}

/** Returns the pid of the process, which is this process's child and runs its program. */
export async function exec(wish: ExecWish): Promise<number> {
  checkPreserved(wish.preserveFds);
  const { config, plan, record, filter, inputs } = await prepareExec(wish);
  try {
    const console = openConsole(config, wish);
    try {
      const agent = filter?.notifies
        ? (await import("./seccomp-listener.ts")).reachAgent(record, "running")
        : undefined;
      let handed = false;
      try {
        return await perform({
          plan,
          image: emitImage(plan),
          stdio: wish.stdio,
          inputs: { ...inputs, console: console.theirs },
          preserveFds: wish.preserveFds,
          agent,
          handOver: (pid) => {
            handed = true;
            return handOver(pid, wish, console);
          },
        });
      } catch (error) {
        if (handed) takeBack(wish);
        throw error;
      } finally {
        agent?.close();
      }
    } finally {
      console.close();
    }
  } finally {
    closeAll(inputs);
  }
}

/** What `exec` would do; nothing of it is done. */
export async function planExec(wish: ExecWish): Promise<Plan> {
  const { plan, inputs } = await prepareExec(wish);
  closeAll(inputs);
  return plan;
}

/** Descriptors that the image starts with. */
interface Inputs {
  /** A pidfd of the container's init. */
  readonly container: Fd;
  /** The container's root directory, if nothing else tells it from ours. */
  root?: Fd;
}

function closeAll({ container, root }: Inputs): void {
  close(container);
  if (root !== undefined) close(root);
}

interface PreparedExec {
  readonly config: Config;
  readonly plan: Plan;
  readonly inputs: Inputs;
  readonly record: ContainerRecord;
  readonly filter: SeccompFilter | undefined;
}

/** StateError ETSRUN_NOT_RUNNING: there is no container to join. ETSRUN_PAUSED: it is frozen. */
async function prepareExec(wish: ExecWish): Promise<PreparedExec> {
  const { root, id } = wish;
  const record = readRecord(root, id);
  const inputs: Inputs = { container: openInit(root, record) };
  try {
    if (!wish.ignorePaused && isFrozen(record.cgroups)) throw paused(id);
    const own = parseJson(readConfigOf(root, id)) as Config;
    const config = { ...own, process: await execProcess(own, wish.asked) };
    const joining = compileOptions(wish, record);
    const facts = probeJoin(config, record.bundle, record.pid, wish.stdio);
    const filter = await filterOf(wish, own, facts);
    const relayed = config.process.terminal === true && wish.consoleSocket === undefined;
    const handedOver = relayed || wish.pidFile !== undefined || wish.pidfdSocket !== undefined;
    const options = { ...joining, handedOver, ...(filter && { seccomp: filter }) };
    if (options.join.root) inputs.root = openDirectory(`/proc/${record.pid}/root`);
    // Until here its pid could have become another's.
    if (!isAlive(record)) throw notRunning(id, "stopped");
    const { plan, warnings } = compileExec(config, facts, options);
    for (const warning of warnings) wish.warn(warning);
    return { config, plan, inputs, record, filter };
  } catch (error) {
    closeAll(inputs);
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

function compileOptions(wish: ExecWish, record: ContainerRecord) {
  const { id, preserveFds, listenFds, cgroup } = wish;
  const namespaces = probeForeign(record.pid);
  if (namespaces === undefined) {
    const why = deriveStatus(wish.root, record) === "created" ? "yet: start it first" : "";
    const message = `container ${JSON.stringify(id)}: its namespaces are not for this user to join ${why}`;
    throw new HostError(message.trimEnd());
  }
  const dirs = joinDirs(record.cgroups, cgroup, record.pid);
  const join = { namespaces, root: !namespaces.some(({ kind }) => kind === "mount") };
  const keyring = record.callersKeyring === true ? {} : { keyring: `_ses.${id}` };
  return { preserveFds, listenFds, cgroup: dirs, join, ...keyring } satisfies CompileOptions;
}
