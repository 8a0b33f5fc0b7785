// SPDX-License-Identifier: Apache-2.0
/** What must be true of a plan that joins a container: the image comes among processes that may look into it. CVE-2016-9962. */
import { PR } from "../kernel/prctl.ts";
import { atStep } from "./check-step.ts";
import { type Call, isCall, type Plan } from "./step.ts";

/** From the first setns(2) on it cannot be dumped, and has none of the host's files open but the plan's inputs. */
export function checkJoin({ steps, inputs }: Plan): readonly string[] {
  if (inputs.container === undefined) return [];
  const open = new Map<string, number>();
  const findings: string[] = [];
  let dumpable = true;
  let joined = false;
  for (const [index, step] of steps.entries()) {
    if (!isCall(step)) continue;
    if (isNotDumpable(step)) dumpable = false;
    if (OPENING.includes(step.call) && step.result !== undefined) open.set(step.result, index);
    if (step.call === "close") open.delete(nameOf(step));
    if (step.call !== "setns" || joined) continue;
    joined = true;
    if (dumpable) findings.push(atStep(index, "joins while it can be traced"));
    findings.push(...[...open.values()].map((at) => atStep(at, "what it opens is still open in the container")));
  }
  const kept = steps.some((step) => isCall(step) && step.call === "close" && nameOf(step) === "container");
  return kept ? findings : [...findings, "the container's init stays open"];
}

const OPENING: readonly string[] = ["openat", "openat2", "open_tree", "fsopen", "fsmount", "socket"];

function isNotDumpable({ call, args: [option, value] }: Call): boolean {
  if (call !== "prctl" || option?.kind !== "flags" || option.value !== PR.PR_SET_DUMPABLE) return false;
  return (value?.kind === "int" || value?.kind === "flags") && BigInt(value.value) === 0n;
}

function nameOf({ args: [descriptor] }: Call): string {
  return descriptor?.kind === "result" ? descriptor.name : "";
}
