// SPDX-License-Identifier: Apache-2.0
/** The calls of a plan as records, in one pass. */
import { CALLS, type CallFacts } from "../kernel/calls.ts";
import { ERRNO, type ErrnoName } from "../kernel/errno.ts";
import { type Call, type Check, isCall, NEXT, type Operand, type Step } from "../plan/step.ts";
import { addRecord, addressBehind, type Draft, type Place, pointFrom } from "./draft.ts";
import { checked, highHalf, lowHalf } from "./number.ts";
import { placeOf, writeOperand } from "./operand.ts";
import { addCheck, checkedField } from "./pick.ts";
import { RECORD_SIZE, TOLERANCES, WORD } from "./record.ts";
import { slotFor, slotOf } from "./slots.ts";

/** Calls after which nothing follows. */
const LAST: readonly string[] = ["execve", "execveat", "exit", "exit_group"];

/** The address of no record: the start has failed. */
const FAILURE = 0;

/** Labels that stood already, and the words of records that wait for one that comes. */
interface Jumps {
  /** Label -> address of its call's first record. */
  readonly labels: Map<string, number>;
  readonly words: number[];
  readonly waiting: string[];
}

/** Throws an Error for a plan that breaks the rules of plan/step.ts: the compiler has checked before. */
export function writeProgram(draft: Draft, steps: readonly Step[]): void {
  const last = lastCall(steps);
  const jumps: Jumps = { labels: new Map(), words: [], waiting: [] };
  for (let n = 0; n <= last; n++) {
    const step = steps[n] as Step;
    if (isCall(step)) writeCall(draft, jumps, step, n, n === last);
  }
  for (let n = 0; n < jumps.words.length; n++) {
    const label = jumps.waiting[n] as string;
    const address = jumps.labels.get(label);
    if (address === undefined) throw new Error(`no step has the label ${label}`);
    draft.file.words[jumps.words[n] as number] = address;
  }
}

function lastCall(steps: readonly Step[]): number {
  let last = steps.length - 1;
  while (last >= 0 && !isCall(steps[last] as Step)) last--;
  const end = steps[last];
  if (end === undefined || !isCall(end) || !LAST.includes(end.call))
    throw new Error("the last call of a plan must be execve or exit");
  return last;
}

/** A call takes one record, and one more for each result inside a structure and for each check. */
function writeCall(draft: Draft, jumps: Jumps, call: Call, step: number, isLast: boolean): void {
  const { label, checks } = call;
  if (label !== undefined) {
    if (jumps.labels.has(label)) throw new Error(`the label ${label} stands twice`);
    jumps.labels.set(label, draft.base + draft.file.size);
  }
  const at = writeOperands(draft, call, step);
  if (call.context !== undefined) pointFrom(draft, at + WORD.context, slotOf(draft, call.context));
  // After the operands: a step that stores to a name it uses takes the old value.
  if (call.result !== undefined) pointFrom(draft, at + WORD.store, slotFor(draft, call.result));
  const behind = addressBehind(draft, at);
  if (checks === undefined || checks.length === 0) {
    const next = isLast ? FAILURE : behind;
    writeSuccessors(draft, jumps, call, at, next);
    if (call.tolerate !== undefined) writeTolerances(draft, jumps, call.tolerate, at, next);
    return;
  }
  if (call.branch !== undefined) throw new Error("a step cannot have both checks and a branch");
  writeSuccessors(draft, jumps, call, at, behind);
  const next = isLast ? FAILURE : behind + checks.length * RECORD_SIZE;
  if (call.tolerate !== undefined) writeTolerances(draft, jumps, call.tolerate, at, next);
  for (let n = 0; n < checks.length; n++) {
    const check = checks[n] as Check;
    const { operand, offset, size } = checkedField(call, check);
    const memory = draft.file.words[at + WORD.operands + 2 * operand] as Place;
    addCheck(draft, check, memory + offset, size, step, isLast && n + 1 === checks.length);
  }
}

/** Begins the call's record, and returns the index of its first word. */
function writeOperands(draft: Draft, call: Call, step: number): number {
  const { args } = call;
  const { args: most, least = most, [draft.arch]: number }: CallFacts = CALLS[call.call];
  if (args.length > most || args.length < least) {
    throw new Error(`${call.call} takes ${most} operands, got ${args.length}`);
  }
  // Structures come first: the records that copy results into them precede that of the call.
  const { structs } = draft;
  for (let n = 0; n < args.length; n++) {
    const operand = args[n] as Operand;
    if (operand.kind === "struct") structs[n] = placeOf(draft, operand, step);
  }
  const index = draft.steps.length;
  const at = addRecord(draft, step);
  const { words } = draft.file;
  let refs = 0;
  for (let n = 0; n < args.length; n++) {
    const operand = args[n] as Operand;
    const word = at + WORD.operands + 2 * n;
    if (operand.kind === "struct") pointFrom(draft, word, structs[n] as Place);
    else if (writeOperand(draft, operand, word, step)) refs |= 1 << n;
  }
  words[at] = (index << 16) | number;
  words[at + WORD.errno] = (refs << 16) | ERRNO.EINVAL;
  return at;
}

/** Where a success goes. A demanded result leaves a branch nothing to decide. */
function writeSuccessors(draft: Draft, jumps: Jumps, { expect, branch }: Call, at: number, next: number): void {
  const { words } = draft.file;
  const compare = expect ?? branch?.value;
  if (compare !== undefined) {
    checked(compare);
    words[at + WORD.compare] = lowHalf(compare);
    words[at + WORD.compare + 1] = highHalf(compare);
  }
  if (branch === undefined) {
    words[at + WORD.equal] = next;
    if (expect === undefined) words[at + WORD.other] = next;
  } else if (expect === undefined) {
    jump(draft, jumps, branch.equal, at + WORD.equal, next);
    jump(draft, jumps, branch.other, at + WORD.other, next);
  } else {
    const way = BigInt(branch.value) === BigInt(expect) ? branch.equal : branch.other;
    jump(draft, jumps, way, at + WORD.equal, next);
  }
}

function writeTolerances(
  draft: Draft,
  jumps: Jumps,
  tolerate: Readonly<Record<string, string>>,
  at: number,
  next: number,
): void {
  const names = Object.keys(tolerate);
  if (names.length > TOLERANCES) {
    throw new Error(`a step tolerates ${TOLERANCES} errnos at most, got ${names.length}`);
  }
  const { words } = draft.file;
  for (let n = 0; n < names.length; n++) {
    const name = names[n] as ErrnoName;
    const errno = ERRNO[name];
    const label = tolerate[name] as string;
    if (name === "EINTR") throw new Error("EINTR is always retried: no step can tolerate it");
    if (errno === undefined) throw new Error(`no errno is called ${name}`);
    if (label === NEXT && next === FAILURE) throw new Error("nothing follows the last call: it can tolerate no errno");
    jump(draft, jumps, label, at + WORD.targets + n, next);
    const word = at + WORD.errnos + (n >> 1);
    words[word] = (words[word] as number) | (errno << (16 * (n & 1)));
  }
}

/** Jumps go forwards only, so that every plan ends. */
function jump(draft: Draft, jumps: Jumps, label: string, word: number, next: number): void {
  if (label === NEXT) {
    draft.file.words[word] = next;
    return;
  }
  if (jumps.labels.has(label)) throw new Error(`the label ${label} lies behind the step that jumps to it`);
  jumps.words.push(word);
  jumps.waiting.push(label);
}
