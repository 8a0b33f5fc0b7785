// SPDX-License-Identifier: Apache-2.0
/** The door of the library: what `import … from "tsrun"` gives. */
// biome-ignore lint/performance/noBarrelFile: a package has one door
export {
  ConfigError,
  type Finding,
  HostError,
  StateError,
  SyscallError,
  TsrunError,
  UsageError,
} from "../errors/errors.ts";
export { planToJson, printPlan } from "../plan/print.ts";
export type { Act, Call, Operand, Plan, Stage, Step } from "../plan/step.ts";
export type { CheckpointOptions, RestoreOptions } from "./checkpoint-options.ts";
export type { ContainerEvent } from "./events.ts";
export { type CreateOptions, type ExitStatus, Runtime, type RuntimeOptions } from "./runtime.ts";
export type { State } from "./state.ts";
export type { ContainerStats } from "./stats.ts";
export type { UpdateOptions } from "./update.ts";
