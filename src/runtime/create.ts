// SPDX-License-Identifier: Apache-2.0
/** `create`: runtime.md#create. What it makes is written down before it is made, and undone if it fails. */
import { type MadeCgroup, makeCgroup, type SurveyedDir, surveyCgroup, undoCgroup } from "../cgroup/make.ts";
import { killAll, processesIn } from "../cgroup/processes.ts";
import { removeCgroup } from "../cgroup/remove.ts";
import { compile } from "../compile/compile.ts";
import { SIG } from "../kernel/signal.ts";
import { close } from "../native/fd.ts";
import { processStat } from "../native/process.ts";
import { listenAt } from "../native/socket.ts";
import type { Plan } from "../plan/step.ts";
import { type Held, release } from "../state/hold.ts";
import { createState, removeState, startSocket, writeConfig, writeFirstState, writeState } from "../state/store.ts";
import { type Console, openConsole } from "./console.ts";
import type { StepText } from "./failure.ts";
import { type HandOver, handOver } from "./hand-over.ts";
import { perform } from "./perform.ts";
import { compileOptions, limited, type Prepared, prepare, type Wish } from "./prepare.ts";
import { checkPreserved } from "./preserved-fds.ts";
import type { ContainerRecord } from "./record.ts";
import { isoTime } from "./time.ts";

export interface Creation extends Wish, HandOver {
  readonly root: string;
  readonly consoleSocket: string | undefined;
  readonly onTerminal: ((master: number) => void) | undefined;
}

/** Returns the record of the created container, whose init is this process's child and waits for `start`. */
export async function create(creation: Creation): Promise<ContainerRecord> {
  checkPreserved(creation.preserveFds);
  const prepared = await prepare(creation);
  const console = openConsole(prepared.config, creation);
  try {
    const surveyed = surveyCgroup(prepared.place);
    const held = await createState(creation.root, creation.id);
    return await createHeld({ creation, prepared, console, surveyed, held });
  } finally {
    console.close();
  }
}

interface Begun {
  readonly creation: Creation;
  readonly prepared: Prepared;
  readonly console: Console;
  readonly surveyed: readonly SurveyedDir[];
  readonly held: Held;
}

async function createHeld(begun: Begun): Promise<ContainerRecord> {
  const { held, prepared, surveyed } = begun;
  let made: MadeCgroup | undefined;
  try {
    const record = firstRecord(begun);
    // Without a cgroup there is nothing yet that `delete --force` would have to know of.
    if (surveyed.length > 0) writeFirstState(held, record);
    made = makeCgroup(prepared.place, surveyed);
    const created = await startImage(begun, made, {
      ...record,
      cgroups: made.dirs,
      cgroup: { paths: made.dirs.map(({ path }) => path) },
    });
    release(held);
    return created;
  } catch (error) {
    if (made !== undefined) await undo(made).catch((left) => begun.creation.warn(`not undone: ${left}`));
    removeState(held);
    throw error;
  }
}

/** An init that we do not know of yet is in the cgroup already, and a dead one leaves it only after a while. */
async function undo({ dirs, created }: MadeCgroup): Promise<void> {
  if (processesIn(dirs).length > 0) await killAll(dirs, SIG.SIGKILL);
  await removeCgroup(dirs);
  undoCgroup(created);
}

function firstRecord({ creation, prepared, surveyed }: Begun): ContainerRecord {
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
    steps: {},
    startable: config.process?.args !== undefined,
    ownPids: pid !== undefined && (pid.path === undefined || pid.path === ""),
  };
}

async function startImage(begun: Begun, made: MadeCgroup, record: ContainerRecord): Promise<ContainerRecord> {
  const { creation, console, held } = begun;
  const plan = planFor(begun, made);
  const image = creation.memory.emit(plan);
  const listener = listenAt(startSocket(creation.root, creation.id));
  let created = record;
  let steps: Record<number, StepText> = {};
  const meanwhile = async () => {
    writeConfig(held, begun.prepared.text);
    const { textsAfterStart } = await import("./failure.ts");
    steps = textsAfterStart(plan, image.steps);
  };
  const writeCreated = (pid: number) => {
    const startTime = processStat(pid)?.startTime ?? 0;
    created = { ...record, status: "created", pid, startTime, steps };
    writeState(held, created);
  };
  try {
    const { stdio, preserveFds } = creation;
    const pid = await perform({
      plan,
      image,
      stdio,
      inputs: { start: listener, console: console.theirs },
      preserveFds,
      meanwhile,
      writeCreated,
    });
    await handOver(pid, creation, console);
    return created;
  } finally {
    close(listener);
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
