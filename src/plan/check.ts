// SPDX-License-Identifier: Apache-2.0
/** What must be true of every plan, whatever config.json says: a finding here is a bug of the compiler. */
import { CALLS, type CallFacts } from "../kernel/calls.ts";
import { LAYOUTS } from "../kernel/layouts.ts";
import { quote, utf8 } from "../kernel/quote.ts";
import { checkJoin } from "./check-join.ts";
import { checkPaths } from "./check-paths.ts";
import { allOperands, atStep } from "./check-step.ts";
import { type Act, type Call, isCall, type Operand, type Plan, type Step } from "./step.ts";

/** Every finding, as `step 12: ...`; empty for a sound plan. */
export function checkPlan(plan: Plan): string[] {
  return RULES.flatMap((rule) => rule(plan));
}

const RULES: readonly ((plan: Plan) => readonly string[])[] = [
  checkStages,
  checkArguments,
  checkStrings,
  checkResults,
  checkPaths,
  checkMessages,
  checkJoin,
  checkEnd,
];

const ORDER = ["bootstrap", "init", "join", "process"] as const;

/** The image performs calls, the runtime acts; the stages of the image come in order, with acts between them. */
function checkStages({ steps }: Plan): readonly string[] {
  let reached = 0;
  return steps.flatMap((step, index) => {
    if (!isCall(step))
      return step.stage === "runtime" ? [] : [atStep(index, `an act of the runtime in stage ${step.stage}`)];
    if (step.stage === "runtime") return [atStep(index, "a call of the image in stage runtime")];
    const place = ORDER.indexOf(step.stage);
    const isLate = place < reached;
    reached = Math.max(reached, place);
    return isLate ? [atStep(index, `stage ${step.stage} after stage ${ORDER[reached]}`)] : [];
  });
}

function checkArguments({ steps }: Plan): readonly string[] {
  return steps.flatMap((step, index) => {
    if (!isCall(step)) return [];
    const { args: most, least = most }: CallFacts = CALLS[step.call];
    const count = step.args.length;
    const wrong = count < least || count > most;
    const range = least === most ? `${most}` : `${least} to ${most}`;
    const fields = allOperands(step).flatMap((operand) =>
      unknownFields(operand).map((problem) => atStep(index, problem)),
    );
    return wrong ? [atStep(index, `${step.call} takes ${range} operands, got ${count}`), ...fields] : fields;
  });
}

function unknownFields(operand: Operand): readonly string[] {
  if (operand.kind !== "struct") return [];
  const known = LAYOUTS[operand.layout].fields.map((field) => field.name);
  const unknown = Object.keys(operand.fields).filter((name) => !known.includes(name));
  return unknown.map((name) => `${operand.layout} has no field ${name}`);
}

/** A NUL would end the string early: the kernel would see another path than the plan shows. */
function checkStrings({ steps }: Plan): readonly string[] {
  return steps.flatMap((step, index) =>
    textsOf(step)
      .filter((text) => text.includes("\0"))
      .map((text) => atStep(index, `a NUL inside ${quote(text)}`)),
  );
}

function textsOf(step: Step): readonly string[] {
  if (!isCall(step)) return actTexts(step);
  return allOperands(step).flatMap((operand) => {
    if (operand.kind === "string") return [operand.value];
    return operand.kind === "strings" ? operand.value : [];
  });
}

interface ActTexts {
  readonly path?: string;
  readonly file?: string;
  readonly ranges?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly string[];
}

function actTexts(act: Act): readonly string[] {
  const { path, file, ranges = [], args = [], env = [] } = act as ActTexts;
  return [...(path === undefined ? [] : [path]), ...(file === undefined ? [] : [file]), ...ranges, ...args, ...env];
}

/** How many errnos a record of the image has room for. */
const TOLERANCES = 4;

/** What a step says of its result must be something that the machine can do. */
function checkResults({ steps }: Plan): readonly string[] {
  return steps.flatMap((step, index) => {
    if (!isCall(step)) return [];
    const problems: string[] = [];
    if (step.tolerate?.EINTR !== undefined) problems.push("EINTR is always retried, it cannot be tolerated");
    const tolerated = Object.keys(step.tolerate ?? {}).length;
    if (tolerated > TOLERANCES) problems.push(`tolerates ${tolerated} errnos, ${TOLERANCES} at most`);
    if (step.branch !== undefined && step.expect !== undefined) problems.push("both a branch and a demanded result");
    if (step.branch !== undefined && step.checks !== undefined) problems.push("both a branch and checks");
    for (const { field } of step.checks ?? []) {
      if (!fillsField(step, field)) problems.push(`${step.call} fills no field ${field}`);
    }
    return problems.map((problem) => atStep(index, problem));
  });
}

function fillsField(call: Call, name: string): boolean {
  return call.args.some(
    (arg) =>
      arg.kind === "out" && arg.layout !== undefined && LAYOUTS[arg.layout].fields.some((field) => field.name === name),
  );
}

/** What the runtime waits for is sent by the image, what the image sends is waited for, and each answer is read. */
function checkMessages({ steps }: Plan): readonly string[] {
  const calls = steps.filter(isCall);
  const sent = calls.flatMap((call) => sentMessage(call) ?? []);
  const waits = steps.flatMap((step) => (!isCall(step) && step.act === "wait" ? [step.message as string] : []));
  const answers = steps.filter((step) => !isCall(step) && step.act === "answer").length;
  const reads = calls.filter(({ call, args }) => call === "recvfrom" && isReport(args[0])).length;
  return [
    ...waits.filter((message) => !sent.includes(message)).map((message) => `the image never sends ${quote(message)}`),
    ...sent.filter((message) => !waits.includes(message)).map((message) => `nobody waits for ${quote(message)}`),
    ...(answers === reads ? [] : [`the runtime answers ${answers} times, the image reads ${reads} answers`]),
  ];
}

/** The word that a call sends to the runtime, if it does: `pid` is a number, all others are their own bytes. */
function sentMessage({ call, args }: Call): string | undefined {
  const [socket, content] = args;
  if (call !== "sendto" || !isReport(socket)) return undefined;
  if (content?.kind === "address") return "pid";
  const isText = content?.kind === "bytes" || content?.kind === "string";
  return isText ? new TextDecoder().decode(toBytes(content.value)) : undefined;
}

function toBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? utf8(value) : value;
}

function isReport(operand: Operand | undefined): boolean {
  return operand?.kind === "result" && operand.name === "report";
}

/** The calls that a start can end with: the container's process; or an end, where config.json has no `process`. */
const LAST: readonly string[] = ["execve", "execveat", "exit_group"];

function checkEnd({ steps }: Plan): readonly string[] {
  const last = steps.findLastIndex(isCall);
  const step = steps[last];
  if (step === undefined || !isCall(step)) return ["the image has no steps"];
  return LAST.includes(step.call) && step.stage === "process"
    ? []
    : [atStep(last, `the image ends with ${step.call} in stage ${step.stage}`)];
}
