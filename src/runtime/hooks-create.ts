// SPDX-License-Identifier: Apache-2.0
/** The hooks of a create: those that the runtime runs, and the files of those that the image runs. */
import { HOOK_INPUTS, HOOK_OUTPUT } from "../compile/hooks.ts";
import type { Config } from "../config/config.ts";
import type { Failure } from "../emit/report.ts";
import type { HostError } from "../errors/errors.ts";
import { close, type Fd } from "../native/fd.ts";
import { fillSealed, memfile, memlog } from "../native/memfd.ts";
import type { Act, Plan } from "../plan/step.ts";
import { runHook } from "./hooks.ts";
import { imageHookError, innerPid, stateText } from "./hooks-text.ts";
import type { ContainerRecord } from "./record.ts";
import type { StepText } from "./step-text.ts";

export interface CreateHooks {
  /** Inputs of the plan by name. */
  readonly files: Readonly<Record<string, Fd>>;
  perform(act: Extract<Act, { act: "hook" | "hook-state" }>, pid: number): Promise<void>;
  /** Undefined: it was no hook that failed. */
  failure(report: Failure, text: StepText): HostError | undefined;
  close(): void;
}

/** Whether `create` has anything to do with hooks. */
export function hasCreateHooks({ hooks = {} }: Config): boolean {
  const { prestart, createRuntime, createContainer, startContainer } = hooks;
  return [prestart, createRuntime, createContainer, startContainer].some((list) => list !== undefined);
}

export function createHooks(plan: Plan, record: ContainerRecord): CreateHooks {
  const files: Record<string, Fd> = {};
  for (const name of HOOK_INPUTS) {
    if (name in plan.inputs) files[name] = name === HOOK_OUTPUT ? memlog(name) : memfile(name);
  }
  return {
    files,
    async perform(act, pid) {
      if (act.act === "hook-state") {
        const text = stateText(record, act.status, innerPid(pid));
        fillSealed(must(files[act.input]), Buffer.from(text));
        return;
      }
      const state = stateText(record, "creating", pid);
      await runHook({ name: `${act.kind}/${act.index}`, state, bundle: record.bundle }, act);
    },
    failure: (report, text) => imageHookError(report, text, files[HOOK_OUTPUT]),
    close() {
      for (const file of Object.values(files)) close(file);
    },
  };
}

function must(file: Fd | undefined): Fd {
  if (file === undefined) throw new Error("the plan has no input for what a hook needs");
  return file;
}
