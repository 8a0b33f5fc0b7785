// SPDX-License-Identifier: Apache-2.0
/**
 * The proof of the promise that the printed plan equals what strace sees: walks the image's steps in the order of the
 * plan along the log of `strace -f -qq -v -s 65535 -o FILE`, and takes results and ways from the log.
 */
import { FSCONFIG, MOUNT_ATTR, MOVE_MOUNT } from "../../src/kernel/mount.ts";
import { printCall } from "../../src/plan/print.ts";
import { type Call, isCall, NEXT, type Operand, type Plan } from "../../src/plan/step.ts";
import { readLog, type Seen } from "./log.ts";

/** What one process of the image does. */
interface Walk {
  readonly pid: number;
  /** Index into the steps of the plan. */
  readonly from: number;
  /** Name -> its number, as far as it is known. */
  readonly known: ReadonlyMap<string, bigint>;
  /** The first line of the log that may be its own. */
  readonly line: number;
}

interface Matched {
  readonly differences: string[];
  /** The second process of the image, if the walk came to a clone. */
  readonly child?: Walk;
}

/**
 * The differences between plan and log, empty when there is none. The log may hold other processes, too: the image's
 * is the first whose calls after an execve begin as the plan does.
 */
export function matchStrace(plan: Plan, straceText: string): string[] {
  const log = readLog(straceText);
  const first = plan.steps.findIndex(isCall);
  const start = findStart(plan.steps[first] as Call, log);
  if (start === undefined) return [`no process of the log begins with ${printStep(plan.steps[first] as Call)}`];
  const known = new Map(Object.entries(plan.inputs).map(([name, fd]) => [name, BigInt(fd)]));
  const differences: string[] = [];
  let walk: Walk | undefined = { ...start, from: first, known };
  while (walk !== undefined) {
    const matched: Matched = matchProcess(plan, walk, log);
    differences.push(...matched.differences);
    walk = matched.child;
  }
  return differences;
}

/** Where the image begins: behind an execve (or at the log's first line) with the call of the first step. */
function findStart(first: Call, log: ReadonlyMap<number, readonly Seen[]>): Pick<Walk, "pid" | "line"> | undefined {
  for (const [pid, calls] of log) {
    for (const [index, call] of calls.entries()) {
      const before = calls[index - 1];
      const begins = before === undefined || (before.name.startsWith("execve") && before.result === 0n);
      if (begins && call.name === first.call) return { pid, line: call.line };
    }
  }
  return undefined;
}

function matchProcess(plan: Plan, walk: Walk, log: ReadonlyMap<number, readonly Seen[]>): Matched {
  const calls = (log.get(walk.pid) ?? []).filter((call) => call.line >= walk.line);
  const known = new Map(walk.known);
  const differences: string[] = [];
  let child: Walk | undefined;
  let position = 0;
  let index: number | undefined = walk.from;
  while (index !== undefined) {
    const step = plan.steps[index];
    if (step === undefined) return { differences: [...differences, "the plan ends, but the image goes on"] };
    if (!isCall(step)) {
      index++;
      continue;
    }
    const seen = calls[position++];
    if (seen === undefined) {
      differences.push(`step ${index + 1}: the log of ${walk.pid} ends before ${printStep(step, known)}`);
      break;
    }
    // A signal that was handled: the call is made again.
    if (seen.errno === "EINTR" || seen.errno?.startsWith("ERESTART")) continue;
    const problem = compare(step, seen, known);
    if (problem !== undefined) differences.push(`step ${index + 1}: ${problem}`);
    if (step.call !== seen.name) break;
    if (step.call === "clone" && seen.errno === undefined) child = childOf(plan, index, walk, seen, known, log);
    const way = follow(plan, index, seen);
    if ("problem" in way) {
      differences.push(`step ${index + 1}: ${way.problem}`);
      break;
    }
    if (seen.errno === undefined && step.result !== undefined) known.set(step.result, seen.result ?? 0n);
    index = way.next;
  }
  return { differences, ...(child !== undefined && { child }) };
}

/** The step after this one, as the result decides; none when the process ends or becomes another program. */
function follow(plan: Plan, index: number, seen: Seen): { next: number | undefined } | { problem: string } {
  const step = plan.steps[index] as Call;
  if (seen.errno !== undefined) {
    const target = Object.entries(step.tolerate ?? {}).find(([errno]) => errno === seen.errno)?.[1];
    if (target === undefined) return { problem: `failed with ${seen.errno}, which ends the start` };
    return { next: indexOf(plan, index, target) };
  }
  if (["execve", "execveat", "exit", "exit_group"].includes(step.call)) return { next: undefined };
  if (seen.result === undefined) return { problem: "did not return" };
  if (step.expect !== undefined && seen.result !== BigInt(step.expect)) {
    return { problem: `returned ${seen.result}, ${step.expect} is demanded` };
  }
  if (step.branch === undefined) return { next: index + 1 };
  const { value, equal, other } = step.branch;
  return { next: indexOf(plan, index, seen.result === BigInt(value) ? equal : other) };
}

function indexOf(plan: Plan, index: number, label: string): number {
  if (label === NEXT) return index + 1;
  const found = plan.steps.findIndex((step) => isCall(step) && step.label === label);
  if (found === -1) throw new Error(`no step has the label ${label}`);
  return found;
}

/** The child begins where a result of 0 leads. In another pid namespace clone returns a number that strace never uses. */
function childOf(
  plan: Plan,
  index: number,
  walk: Walk,
  seen: Seen,
  known: ReadonlyMap<string, bigint>,
  log: ReadonlyMap<number, readonly Seen[]>,
): Walk | undefined {
  const step = plan.steps[index] as Call;
  const way = follow(plan, index, { ...seen, result: 0n });
  if ("problem" in way || way.next === undefined) return undefined;
  const told = Number(seen.result);
  const later = [...log].find(
    ([pid, [first]]) => pid !== walk.pid && first !== undefined && first.line > seen.line,
  )?.[0];
  const pid = log.has(told) ? told : (later ?? told);
  return {
    pid,
    from: way.next,
    line: 0,
    known: new Map([...known, ...(step.result ? [[step.result, 0n] as const] : [])]),
  };
}

/** What differs between the step's line and the one that strace wrote. */
function compare(step: Call, seen: Seen, known: ReadonlyMap<string, bigint>): string | undefined {
  const expected = printStep(step, known);
  const parts = toNumbers(step.call, expected)
    .split(FILLED)
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  if (new RegExp(`^${parts.join(FILLED_PATTERN)}$`, "s").test(toNumbers(seen.name, seen.text))) return undefined;
  return `differs\n  planned  ${expected.replaceAll(FILLED, "...")}\n  seen     ${seen.text}  (line ${seen.line})`;
}

/** Stands for memory that the kernel fills. */
const FILLED = "\u0001";

/** A structure, a list, a string, or an address when the call failed. */
const FILLED_PATTERN = String.raw`(?:\{.*\}|\[.*\]|"(?:[^"\\]|\\.)*"|0x[0-9a-f]+|NULL)`;

function printStep(step: Call, known: ReadonlyMap<string, bigint> = new Map()): string {
  const args = step.args.map((arg): Operand => (arg.kind === "out" ? { kind: "result", name: FILLED } : arg));
  const printed = printCall({ call: step.call, args }, (name) =>
    name === FILLED ? FILLED : (known.get(name)?.toString() ?? `$${name}`),
  );
  return step.call === "seccomp" ? printed.replace("filter=[...]", `filter=${FILLED}`) : printed;
}

/** Names that strace 6.1 knows only in part: both sides are compared as numbers. */
const PARTLY_KNOWN: Readonly<Record<string, number>> = { ...MOUNT_ATTR, ...MOVE_MOUNT, ...FSCONFIG };

const VALUE = String.raw`(?:(?:MOUNT_ATTR|MOVE_MOUNT|FSCONFIG)_\w+|0x[0-9a-f]+)`;
const SUM = new RegExp(String.raw`"(?:[^"\\]|\\.)*"|\b${VALUE}(?:\|${VALUE})*`, "g");

/** Sums of such names as one hexadecimal number, outside of strings; and without strace's remarks about unknown ones. */
function toNumbers(call: string, text: string): string {
  if (!["fsmount", "mount_setattr", "move_mount", "fsconfig"].includes(call)) return text;
  return text.replace(/ \/\* \w+_\?\?\? \*\//g, "").replace(SUM, (found) => {
    if (found.startsWith('"')) return found;
    const sum = found.split("|").reduce((bits, name) => bits | (PARTLY_KNOWN[name] ?? Number(name)), 0);
    return `0x${sum.toString(16)}`;
  });
}
