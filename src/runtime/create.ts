// SPDX-License-Identifier: Apache-2.0
/** `create`: runtime.md#create. What it makes is written down before it is made, and undone if it fails. */
import { type MadeCgroup, makeCgroup, type SurveyedDir, surveyCgroup, undoCgroup } from "../cgroup/make.ts";
import { killAll, processesIn } from "../cgroup/processes.ts";
import { removeCgroup } from "../cgroup/remove.ts";
import { compile } from "../compile/compile.ts";
import type { Config } from "../config/config.ts";
import { SIG } from "../kernel/signal.ts";
import { close } from "../native/fd.ts";
import { processStat } from "../native/process.ts";
import { listenAt } from "../native/socket.ts";
import type { Plan } from "../plan/step.ts";
import { type Held, release } from "../state/hold.ts";
import { createState, removeState, startSocket, writeConfig, writeFirstState, writeState } from "../state/store.ts";
import { type Console, openConsole, type TerminalTaker } from "./console.ts";
import { type HandOver, handOverOrEnd } from "./hand-over.ts";
import { perform } from "./perform.ts";
import { compileOptions, limited, type Prepared, prepare, type Wish } from "./prepare.ts";
import { checkPreserved } from "./preserved-fds.ts";
import { type ContainerRecord, findRecord } from "./record.ts";
import type { StepText } from "./step-text.ts";
import { isoTime } from "./time.ts";
import type { ContainerUnit } from "./unit.ts";

export interface Creation extends Wish, HandOver {
  readonly root: string;
  readonly consoleSocket: string | undefined;
  readonly onTerminal: TerminalTaker | undefined;
}

/**
 * Returns the record of the created container, whose init is this process's child and waits for `start`.
 * A restore has its own `begin`: everything around it is the same.
 */
export async function create(creation: Creation, begin: Begin = startImage): Promise<ContainerRecord> {
  checkPreserved(creation.preserveFds);
  const prepared = await prepare(creation);
  const listener = await listenerOf(prepared);
  const console = openConsole(prepared.config, creation);
  try {
    const surveyed = surveyCgroup(prepared.place);
    const resctrl = await resctrlOf(prepared, creation.id);
    const held = await createState(creation.root, creation.id);
    return await createHeld({ creation, prepared, listener, console, surveyed, resctrl, held }, begin);
  } finally {
    console.close();
  }
}

async function resctrlOf({ config, facts }: Prepared, id: string): Promise<ContainerRecord["resctrl"]> {
  if (config.linux?.intelRdt === undefined) return undefined;
  return (await import("./intel-rdt.ts")).surveyResctrl(config, facts, id);
}

/** Who answers system calls that the filter tells of. */
async function listenerOf({ config, facts, seccomp }: Prepared): Promise<ContainerRecord["listener"]> {
  const profile = config.linux?.seccomp;
  if (profile === undefined || seccomp?.notifies !== true) return undefined;
  const { listenerRecord } = await import("./seccomp-listener.ts");
  return listenerRecord(profile, `${facts.bundle}/config.json`);
}

/** Makes the container's first process, or leaves none behind. What it returns is in state.json. */
export type Begin = (begun: Begun, record: ContainerRecord, cgroup: Cgroup) => Promise<ContainerRecord>;

export interface Begun {
  readonly creation: Creation;
  readonly prepared: Prepared;
  readonly listener: ContainerRecord["listener"];
  readonly console: Console;
  readonly surveyed: readonly SurveyedDir[];
  readonly resctrl: ContainerRecord["resctrl"];
  readonly held: Held;
}

async function createHeld(begun: Begun, begin: Begin): Promise<ContainerRecord> {
  const { creation, held, prepared, surveyed, resctrl } = begun;
  const unit = await unitFor(begun);
  let made: MadeCgroup | undefined;
  try {
    const record = firstRecord(begun);
    // Without these there is nothing yet that `delete --force` would have to know of.
    if (surveyed.length > 0 || resctrl !== undefined) writeFirstState(held, record);
    if (unit === undefined) made = makeCgroup(prepared.place, surveyed);
    const { dirs } = made ?? { dirs: surveyed };
    const cgroup = { paths: dirs.map(({ path }) => path) };
    const created = await begin(begun, { ...record, cgroups: dirs, cgroup }, { made, unit });
    release(held);
    return created;
  } catch (error) {
    await undo({ made, unit }).catch((left) => creation.warn(`not undone: ${left}`));
    if (resctrl !== undefined) (await import("./intel-rdt.ts")).removeGroups(resctrl.made);
    const record = prepared.config.hooks?.poststop === undefined ? undefined : findRecord(held.root, held.id);
    removeState(held);
    // It has a pid since before the first hook: what hooks have made, these take away.
    if (record !== undefined && record.pid > 0) await (await import("./hooks.ts")).poststop(record, creation.warn);
    throw error;
  }
}

/** The cgroup of the container: made by us before the image runs, or by systemd when it does. */
export interface Cgroup {
  readonly made: MadeCgroup | undefined;
  readonly unit: ContainerUnit | undefined;
}

async function unitFor({ creation: { systemd }, prepared, surveyed }: Begun): Promise<ContainerUnit | undefined> {
  if (systemd === undefined || prepared.unit === undefined) return undefined;
  const { ContainerUnit } = await import("./unit.ts");
  return new ContainerUnit(systemd, prepared.unit, surveyed);
}

/** An init that we do not know of yet is in the cgroup already, and a dead one leaves it only after a while. */
async function undo({ made, unit }: Cgroup): Promise<void> {
  const { dirs, created } = made ?? unit?.made ?? { dirs: [], created: [] };
  if (processesIn(dirs).length > 0) await killAll(dirs, SIG.SIGKILL);
  if (unit?.made !== undefined) await unit.end();
  await removeCgroup(dirs);
  undoCgroup(created);
}

function firstRecord({ creation, prepared, listener, surveyed, resctrl }: Begun): ContainerRecord {
  const { config, facts } = prepared;
  const pid = config.linux?.namespaces?.find(({ type }) => type === "pid");
  return {
    ociVersion: config.ociVersion,
    id: creation.id,
    status: "creating",
    pid: 0,
    startTime: 0,
    bundle: facts.bundle,
    rootfs: facts.rootfs,
    created: isoTime(Date.now()),
    owner: facts.uid,
    ...(config.annotations === undefined ? {} : { annotations: config.annotations }),
    cgroup: { paths: surveyed.map(({ path }) => path) },
    cgroups: surveyed,
    ...(creation.systemd && prepared.unit ? { systemd: creation.systemd.record(prepared.unit) } : {}),
    ...laterHooks(config),
    ...(listener && { listener }),
    ...(resctrl && { resctrl }),
    ...(creation.noNewKeyring && { callersKeyring: true }),
    steps: {},
    startable: config.process?.args !== undefined,
    ownPids: pid !== undefined && (pid.path === undefined || pid.path === ""),
  };
}

/** For commands that will not look into config.json again. */
function laterHooks({ hooks = {} }: Config): Pick<ContainerRecord, "hooks" | "startHooks"> {
  const { poststart, poststop, startContainer = [] } = hooks;
  return {
    ...(poststart || poststop ? { hooks: { ...(poststart && { poststart }), ...(poststop && { poststop }) } } : {}),
    ...(startContainer.length > 0 ? { startHooks: true } : {}),
  };
}

async function startImage(begun: Begun, record: ContainerRecord, { made, unit }: Cgroup): Promise<ContainerRecord> {
  const { creation, console, held } = begun;
  const plan = made === undefined ? begun.prepared.compiled.plan : planFor(begun, made);
  const image = creation.memory.emit(plan);
  const listener = listenAt(startSocket(creation.root, creation.id));
  let created = record;
  let steps: Record<number, StepText> = {};
  const meanwhile = async () => {
    writeConfig(held, begun.prepared.text);
    const { textsAfterStart } = await import("./step-text.ts");
    steps = textsAfterStart(plan, image.steps);
  };
  const running = (pid: number) => ({ ...record, pid, startTime: processStat(pid)?.startTime ?? 0 });
  const writeCreated = (pid: number) => {
    created = { ...running(pid), status: "created", steps };
    writeState(held, created);
  };
  const { config } = begun.prepared;
  const hooks = hasCreateHooks(config) ? (await import("./hooks-create.ts")).createHooks(plan, record) : undefined;
  try {
    const { stdio, preserveFds } = creation;
    const pid = await perform({
      plan,
      image,
      stdio,
      inputs: { start: listener, console: console.theirs, ...hooks?.files },
      preserveFds,
      hooks,
      unit,
      meanwhile,
      writeCreating: (pid) => writeState(held, running(pid)),
      writeCreated,
    });
    await handOverOrEnd(pid, creation, console);
    return created;
  } finally {
    close(listener);
    hooks?.close();
  }
}

/** An ordinary user may get fewer cgroups than wished for: then the plan joins fewer. */
function planFor({ creation, prepared }: Begun, made: MadeCgroup): Plan {
  if (made.warning !== undefined && made.warning !== prepared.place.warning) creation.warn(made.warning);
  if (made.dirs.length === prepared.place.dirs.length) return prepared.compiled.plan;
  const { config, facts } = prepared;
  // What there is to warn of was told before.
  const dirs = limited(made.dirs, config, facts, () => {});
  return compile(config, facts, compileOptions(creation, dirs, prepared.seccomp)).plan;
}

/** Whether this command has anything to do with hooks. */
function hasCreateHooks({ hooks = {} }: Config): boolean {
  const { prestart, createRuntime, createContainer, startContainer } = hooks;
  return [prestart, createRuntime, createContainer, startContainer].some((list = []) => list.length > 0);
}
