// SPDX-License-Identifier: Apache-2.0
/** Performs the steps of a plan that are the runtime's own, in their order, beside the image that performs the rest. */
import type { Image } from "../emit/image.ts";
import { decodeReport, type Failure, LOG_SIZE, REPORT_SIZE, type Report } from "../emit/report.ts";
import { HostError } from "../errors/errors.ts";
import { close, type Fd } from "../native/fd.ts";
import { sealedMemfd } from "../native/memfd.ts";
import { recvMessage, send } from "../native/message.ts";
import { kill } from "../native/process.ts";
import { socketpair } from "../native/socket.ts";
import { spawn } from "../native/spawn.ts";
import { type ExitStatus, waitExit } from "../native/wait.ts";
import { type Act, isCall, type Message, type Plan } from "../plan/step.ts";
import type { CreateHooks } from "./hooks-create.ts";
import { giveAway, writeHostFile } from "./host-files.ts";
import type { Agent } from "./seccomp-listener.ts";
import type { ContainerUnit } from "./unit.ts";

export interface Performance {
  readonly plan: Plan;
  readonly image: Image;
  /** What the container has as stdin, stdout and stderr. */
  readonly stdio: readonly [number, number, number];
  /** The inputs of the plan, but for `report`. */
  readonly inputs: Readonly<Record<string, Fd | undefined>>;
  readonly preserveFds: number;
  /** Has systemd do its part; undefined if it has none. */
  readonly unit?: ContainerUnit | undefined;
  /** What can be done while the image runs; called once, when it has begun to. */
  meanwhile?(): Promise<void>;
  /** Gives the caller what he asked for of a process that joins; the image waits. */
  handOver?(pid: number): Promise<void>;
  /** Is handed the listener of a process that joins; undefined if its filter has none. */
  readonly agent?: Agent | undefined;
  /** What is needed for hooks; undefined if there are none. */
  readonly hooks?: CreateHooks | undefined;
  /** Writes state.json while the init is there, but not the container. */
  writeCreating?(pid: number): void;
  /** Writes state.json, now that the container is there. */
  writeCreated?(pid: number): void;
}

/** The processes and descriptors of a start that is under way. */
interface Under {
  bootstrap: number;
  init: number;
  report: Fd | undefined;
  readonly heard: Set<Message>;
}

/** Returns the pid of the init, which waits for `start`. Throws what went wrong first, after ending what was begun. */
export async function perform(performance: Performance): Promise<number> {
  const under: Under = { bootstrap: 0, init: 0, report: undefined, heard: new Set() };
  try {
    for (const step of performance.plan.steps) if (!isCall(step)) await act(step, performance, under);
    if (under.init !== under.bootstrap) await waitExit(under.bootstrap);
    return under.init;
  } catch (error) {
    await end(under);
    throw error;
  } finally {
    if (under.report !== undefined) close(under.report);
  }
}

/** Our own children: their numbers cannot be anybody else's before we collect them. */
async function end({ bootstrap, init }: Under): Promise<void> {
  for (const pid of new Set([bootstrap, init])) {
    if (pid === 0) continue;
    kill(pid, 9);
    await waitExit(pid);
  }
}

/** The first state and the cgroup are there already: `create` must be able to undo them whatever happens here. */
async function act(step: Act, performance: Performance, under: Under): Promise<void> {
  switch (step.act) {
    case "state":
      if (step.status === "created") performance.writeCreated?.(under.init);
      else if (under.init !== 0) performance.writeCreating?.(under.init);
      return;
    case "mkdir":
      return;
    case "wait-exec":
      return expectExec(performance, under);
    case "spawn":
      start(performance, under);
      return performance.meanwhile?.();
    case "wait":
      await expectMessage(step.message, performance, under);
      return step.message === "joined" ? performance.handOver?.(under.init) : undefined;
    case "answer":
      return send(must(under.report), Uint8Array.of(1));
    case "write-proc":
      return writeHostFile(`/proc/${under.bootstrap}/${step.file}`, step.data, step.from);
    case "write":
      return writeHostFile(step.path, step.data, step.from);
    case "device-filter": {
      const { replaceDeviceFilter } = await import("../cgroup/device-filter.ts");
      return replaceDeviceFilter(step.path, step.program);
    }
    case "chown":
      return giveAway(step);
    case "start-unit":
    case "set-unit":
      return performance.unit?.perform(step, under.bootstrap);
    case "resctrl":
      return (await import("./intel-rdt.ts")).performResctrl(step, under.bootstrap);
    case "move-link":
      return (await import("./net-devices.ts")).performMove(step, under.init);
    case "idmap-tool":
      return runTool(step.path, [String(under.bootstrap), ...step.ranges], step.from);
    case "hook":
    case "hook-state":
      return performance.hooks?.perform(step, under.init);
    default:
      return step satisfies never;
  }
}

function must(fd: Fd | undefined): Fd {
  if (fd === undefined) throw new Error("the plan talks to the image before it spawns it");
  return fd;
}

function start({ plan, image, stdio, inputs, preserveFds }: Performance, under: Under): void {
  const memfd = sealedMemfd("tsrun", image.bytes);
  const [ours, theirs] = socketpair();
  under.report = ours;
  try {
    const fds: [number, number][] = stdio.map((from, to) => [from, to]);
    for (let fd = 3; fd < 3 + preserveFds; fd++) fds.push([fd, fd]);
    for (const [name, to] of Object.entries(plan.inputs)) {
      const from = name === "report" ? theirs : inputs[name];
      if (from === undefined) throw new Error(`the plan wants a descriptor that nobody gives: ${name}`);
      fds.push([from, to]);
    }
    under.bootstrap = spawn({ file: memfd, argv: ["tsrun", "init"], env: [], fds });
    under.init = plan.steps.some((step) => !isCall(step) && step.act === "wait" && step.message === "pid")
      ? 0
      : under.bootstrap;
  } finally {
    close(theirs);
    close(memfd);
  }
}

/** The bootstrap and its child speak at once: what comes before its turn is kept. */
async function expectMessage(message: Message, performance: Performance, under: Under): Promise<void> {
  while (!under.heard.delete(message)) under.heard.add(await hear(performance, under));
}

async function hear(performance: Performance, under: Under): Promise<Message> {
  const report = await listen(performance, under);
  if (report === undefined) throw await diedSilently(under);
  if (report.kind === "word") return report.word;
  // A second one could be that of a process which is none of ours to end.
  if (under.init !== 0) throw new Error("the image has told of its init already");
  under.init = report.pid;
  return "pid";
}

/** Undefined: the other end is closed. Throws what a failure is told as. */
async function listen(
  { plan, image, hooks }: Performance,
  under: Under,
  early?: Uint8Array,
): Promise<Exclude<Report, Failure> | undefined> {
  const bytes = early ?? (await recvMessage(must(under.report), REPORT_SIZE + LOG_SIZE));
  if (bytes === undefined || bytes.length === 0) return undefined;
  const report = decodeReport(bytes);
  if (report.kind !== "failure") return report;
  const { failureOf } = await import("./failure.ts");
  const { stepText } = await import("./step-text.ts");
  const { missingProgramOf } = await import("./missing-program.ts");
  const text = stepText(plan, image.steps[report.step] ?? 0);
  throw hooks?.failure(report, text) ?? failureOf(report, text, missingProgramOf(under.init, text.line, report.errno));
}

/** The program runs when the image is gone, and its end of the socket with it. */
async function expectExec(performance: Performance, under: Under): Promise<void> {
  const early = await performance.agent?.deliver(must(under.report), under.init);
  const report = await listen(performance, under, early);
  if (report !== undefined) throw new Error(`the image said ${report.kind}, expected nothing`);
}

/** End-of-file without a word: something ended the image from outside. */
async function diedSilently(under: Under): Promise<HostError> {
  const status = await waitExit(under.init === 0 ? under.bootstrap : under.init);
  return new HostError(`the container's init ended before it was ready: ${told(status)}`);
}

function told(status: ExitStatus | undefined): string {
  if (status === undefined) return "nobody knows how";
  if ("exited" in status) return `exit code ${status.exited}`;
  return status.signaled === 9
    ? "killed (SIGKILL): by somebody, or for want of memory"
    : `killed by signal ${status.signaled}`;
}

/** newuidmap(1) and newgidmap(1) say on stderr what they refuse. */
async function runTool(path: string, args: readonly string[], from: string): Promise<void> {
  // Loaded only here: it brings half of Node's streams along.
  const { execFile } = await import("node:child_process");
  return new Promise((resolve, reject) => {
    execFile(path, args, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else
        reject(
          new HostError(`${from}: ${path} ${args.join(" ")}: ${stderr.trim() || error.message}`, { cause: error }),
        );
    });
  });
}
