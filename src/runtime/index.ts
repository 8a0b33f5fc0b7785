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
export { type CreateOptions, type ExitStatus, Runtime, type RuntimeOptions, type State } from "./runtime.ts";
