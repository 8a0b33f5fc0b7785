// SPDX-License-Identifier: Apache-2.0
/** The library: the operations of runtime.md as methods. The command line is a thin shell on it. */
import { isFrozen } from "../cgroup/processes.ts";
import type { Resources } from "../config/config.ts";
import { HostError } from "../errors/errors.ts";
import { waitExit } from "../native/wait.ts";
import type { Plan } from "../plan/step.ts";
import { stateRoot } from "../state/root.ts";
import { deriveStatus } from "../state/status.ts";
import { listStates } from "../state/store.ts";
import type { CheckpointOptions, RestoreOptions } from "./checkpoint-options.ts";
import type { TerminalTaker } from "./console.ts";
import { create } from "./create.ts";
import { deleteContainer, killContainer } from "./end.ts";
import type { ContainerEvent } from "./events.ts";
import type { ExecWish } from "./exec.ts";
import type { ProcessOptions } from "./exec-process.ts";
import { Memory } from "./memory.ts";
import { prepare } from "./prepare.ts";
import { type ContainerRecord, readRecord } from "./record.ts";
import { start } from "./start.ts";
import { type State, stateOf } from "./state.ts";
import type { ContainerStats } from "./stats.ts";
import type { UpdateOptions } from "./update.ts";
import { type CgroupDriver, withSystemd } from "./with-systemd.ts";

export interface RuntimeOptions {
  /** The directory that keeps the state of containers: /run/tsrun, or $XDG_RUNTIME_DIR/tsrun for an ordinary user. */
  readonly root?: string;
  /** `disabled`: the container stays in the caller's cgroup. `systemd`: it is a unit of systemd's. */
  readonly cgroupManager?: CgroupDriver;
  /** Whether a container may go without a cgroup that may not be made. Absent: that of an ordinary user may. */
  readonly rootless?: boolean;
  /** Told what is done otherwise than config.json asks, and may be. */
  readonly onWarning?: (warning: string) => void;
}

export interface CreateOptions {
  /** The directory with config.json; the current one if absent. */
  readonly bundle?: string;
  /** Read in place of the bundle's config.json. */
  readonly config?: string;
  /** A file that receives the pid of the container's init, in the caller's pid namespace. */
  readonly pidFile?: string;
  /** A listening stream socket that receives a pidfd of the container's init. */
  readonly pidfdSocket?: string;
  /** Move the root mount over "/" instead of pivot_root(2), on a host whose root is an initramfs. */
  readonly noPivot?: boolean;
  /** Pass the descriptors 3 to 2+N on to the container. */
  readonly preserveFds?: number;
  /** How many sockets of socket activation the caller was given, from descriptor 3 on: they are passed on, before the preserved ones. */
  readonly listenFds?: number;
  /** A listening stream socket that receives the master of the container's terminal. */
  readonly consoleSocket?: string;
  /** Keep the caller's session keyring; otherwise the container gets one of its own, `_ses.ID`. */
  readonly noNewKeyring?: boolean;
  /** What the container has as stdin, stdout and stderr: 0, 1 and 2 unless told. */
  readonly stdio?: readonly [number, number, number];
  /** Receives the master of the container's terminal, when there is no console socket. */
  readonly onTerminal?: TerminalTaker;
  /** How it ends is for another to be told: whoever inherits this process's children once it has ended itself. */
  readonly detached?: boolean;
}

/** What a process is that joins a container: as the container's own, but for what is given. */
export interface ExecOptions extends ProcessOptions {
  /** Cgroups below the container's that it joins: `[CONTROLLER[,CONTROLLER...]:]PATH`. */
  readonly cgroup?: readonly string[];
  /** Let it join a paused container, and wait until that goes on. */
  readonly ignorePaused?: boolean;
  readonly pidFile?: string;
  readonly pidfdSocket?: string;
  readonly preserveFds?: number;
  readonly listenFds?: number;
  readonly consoleSocket?: string;
  readonly stdio?: readonly [number, number, number];
  readonly onTerminal?: TerminalTaker;
  readonly detached?: boolean;
}

export interface ExecProcess {
  /** In the caller's pid namespace; the caller is its parent. */
  readonly pid: number;
  wait(): Promise<ExitStatus>;
}

/** How the container's process ended: with an exit code, or by a signal. */
export type ExitStatus = { readonly code: number } | { readonly signal: number };

/**
 * Creates, starts, and ends containers.
 *
 * Every method throws the classes of `errors/errors.ts`: ConfigError with every finding, SyscallError with the step of
 * the plan, StateError for an unknown id or a wrong status, UsageError, HostError. None blocks the event loop.
 */
export class Runtime {
  readonly #options: RuntimeOptions;
  readonly #root: string;
  readonly #memory = new Memory();
  /** Ends of the containers that this process is the parent of; kept until asked for. */
  readonly #ends = new Map<string, Promise<ExitStatus | undefined>>();

  readonly #warn = (warning: string): void => this.#options.onWarning?.(warning);

  constructor(options: RuntimeOptions = {}) {
    this.#options = options;
    this.#root = stateRoot({ root: options.root, uid: process.geteuid?.() ?? 0, env: process.env });
  }

  /** runtime.md#create: the container is there, its program does not run yet. */
  async create(id: string, options: CreateOptions = {}): Promise<State> {
    const { pidFile, pidfdSocket, consoleSocket, onTerminal } = options;
    const more = { root: this.#root, pidFile, pidfdSocket, consoleSocket, onTerminal };
    const record = await withSystemd(this.#options.cgroupManager, (systemd) =>
      create({ ...this.#wish(id, options), ...more, systemd }),
    );
    if (options.detached !== true) this.#ends.set(id, waitExit(record.pid).then(exitStatus));
    return stateOf(record, "created");
  }

  /** runtime.md#start: resolves when the program runs. SyscallError: it could not be executed. */
  start(id: string): Promise<void> {
    return start(this.#root, id, this.#warn);
  }

  /** Resolves when the container's process has ended. HostError: another process created it; only a parent is told. */
  async wait(id: string): Promise<ExitStatus> {
    const end = this.#ends.get(id);
    if (end === undefined) readRecord(this.#root, id);
    const status = await end;
    if (status !== undefined) return status;
    throw new HostError(
      `the exit status of container ${JSON.stringify(id)} is told only to the process that created it`,
    );
  }

  /** runtime.md#kill. `all`: every process of the container's cgroup. */
  kill(id: string, signal: number, options: { readonly all?: boolean } = {}): Promise<void> {
    return killContainer(this.#root, id, signal, options.all ?? false);
  }

  /** runtime.md#delete. `force`: a running container is killed, a missing one is fine. */
  async delete(id: string, options: { readonly force?: boolean } = {}): Promise<void> {
    await deleteContainer(this.#root, id, { force: options.force ?? false, warn: this.#warn });
    this.#ends.delete(id);
  }

  /** create, start, wait, delete. `keep`: the stopped container stays. A start that fails leaves nothing, either. */
  async run(id: string, options: CreateOptions & { readonly keep?: boolean } = {}): Promise<ExitStatus> {
    await this.create(id, options);
    try {
      await this.start(id);
      return await this.wait(id);
    } finally {
      if (options.keep !== true) await this.delete(id, { force: true });
    }
  }

  /** One more process in a container that is created or running. */
  async exec(id: string, options: ExecOptions = {}): Promise<ExecProcess> {
    const { exec } = await import("./exec.ts");
    const pid = await exec(this.#execWish(id, options));
    const collect = () => waitExit(pid).then(exitStatus);
    const end = options.detached === true ? undefined : collect();
    return { pid, wait: async () => must(await (end ?? collect())) };
  }

  /** Every process of the container stops, until `resume`. */
  async pause(id: string): Promise<void> {
    const { pauseContainer } = await import("./pause.ts");
    await pauseContainer(this.#root, id);
  }

  async resume(id: string): Promise<void> {
    const { resumeContainer } = await import("./pause.ts");
    await resumeContainer(this.#root, id);
  }

  /** What the container's processes are goes to files, by CRIU; then it is deleted, unless it is to go on. */
  async checkpoint(id: string, options: CheckpointOptions = {}): Promise<void> {
    const { checkpointContainer } = await import("./checkpoint.ts");
    await checkpointContainer({ root: this.#root, id, options, warn: this.#warn });
  }

  /** A container that runs, from the files of a checkpoint; this process is the parent of its init. */
  async restore(id: string, options: RestoreOptions = {}): Promise<State> {
    const { restore } = await import("./restore.ts");
    const { pidFile, consoleSocket, onTerminal } = options;
    const more = { root: this.#root, pidFile, pidfdSocket: undefined, consoleSocket, onTerminal };
    const record = await withSystemd(this.#options.cgroupManager, (systemd) =>
      restore({ ...this.#wish(id, options), ...more, systemd }, options),
    );
    if (options.detached !== true) this.#ends.set(id, waitExit(record.pid).then(exitStatus));
    return stateOf(record, "running");
  }

  /** Other limits and rules for a container that is created or running; those that are not given stay. */
  async update(id: string, resources: Resources, options: UpdateOptions = {}): Promise<void> {
    const { updateContainer } = await import("./update.ts");
    await updateContainer({ ...options, root: this.#root, id, resources, warn: this.#warn });
  }

  /** What the container uses. */
  async stats(id: string): Promise<ContainerStats> {
    return (await import("./stats.ts")).containerStats(this.#root, id, this.#warn);
  }

  /** Tells what the container uses, and when it is out of memory. Resolves when it has ended. */
  async events(id: string, tell: (event: ContainerEvent) => void, { intervalMs = 5_000 } = {}): Promise<void> {
    await (await import("./events.ts")).tellEvents(this.#root, id, { intervalMs, tell, warn: this.#warn });
  }

  /** The pids of the container's processes, in the caller's pid namespace. */
  async processes(id: string): Promise<readonly number[]> {
    const { processesOf } = await import("./processes.ts");
    return processesOf(this.#root, id);
  }

  /** What `exec` would do, as data. */
  async planExec(id: string, options: ExecOptions = {}): Promise<Plan> {
    const { planExec } = await import("./exec.ts");
    return planExec(this.#execWish(id, options));
  }

  /** runtime.md#query-state. */
  async state(id: string): Promise<State> {
    return this.#stateOf(readRecord(this.#root, id));
  }

  /** Every container of this root; what a killed create has left is a container without a state, told by a warning. */
  async list(): Promise<State[]> {
    return listStates(this.#root).flatMap(({ id, state, broken }) => {
      if (state !== undefined) return [this.#stateOf(state as ContainerRecord)];
      this.#options.onWarning?.(`container ${JSON.stringify(id)}: ${broken}; delete --force removes it`);
      return [];
    });
  }

  /** What `create` would do with a bundle on this host, as data. */
  async plan(options: CreateOptions & { readonly id?: string } = {}): Promise<Plan> {
    const wish = this.#wish(options.id ?? "container", options);
    const { compiled } = await withSystemd(this.#options.cgroupManager, (systemd) => prepare({ ...wish, systemd }));
    return compiled.plan;
  }

  /** The same as the executable that does it. */
  async compile(options: CreateOptions & { readonly id?: string } = {}): Promise<Uint8Array> {
    return this.#memory.emit(await this.plan(options)).bytes.slice();
  }

  #wish(id: string, options: CreateOptions) {
    return {
      id,
      bundle: options.bundle ?? ".",
      config: options.config,
      rootless: this.#options.rootless,
      noPivot: options.noPivot ?? false,
      preserveFds: (options.listenFds ?? 0) + (options.preserveFds ?? 0),
      listenFds: options.listenFds ?? 0,
      noNewKeyring: options.noNewKeyring ?? false,
      stdio: options.stdio ?? ([0, 1, 2] as const),
      cgroupManager: this.#options.cgroupManager === "disabled" ? ("disabled" as const) : ("cgroupfs" as const),
      memory: this.#memory,
      warn: this.#warn,
    };
  }

  #execWish(id: string, options: ExecOptions): ExecWish {
    const { cgroup = [], ignorePaused = false, stdio = [0, 1, 2], pidFile, pidfdSocket, ...rest } = options;
    const { consoleSocket, onTerminal, preserveFds = 0, listenFds = 0, ...asked } = rest;
    const given = { pidFile, pidfdSocket, consoleSocket, onTerminal, stdio, cgroup, ignorePaused };
    const fds = { listenFds, preserveFds: listenFds + preserveFds };
    return { root: this.#root, id, asked, ...given, ...fds, warn: this.#warn };
  }

  #stateOf(record: ContainerRecord): State {
    const status = deriveStatus(this.#root, record);
    const runs = status === "running" || status === "created";
    return stateOf(record, runs && isFrozen(record.cgroups) ? "paused" : status);
  }
}

function must(status: ExitStatus | undefined): ExitStatus {
  if (status === undefined) throw new HostError("somebody else has collected the process");
  return status;
}

function exitStatus(status: Awaited<ReturnType<typeof waitExit>>): ExitStatus | undefined {
  if (status === undefined) return undefined;
  return "exited" in status ? { code: status.exited } : { signal: status.signaled };
}
