// SPDX-License-Identifier: Apache-2.0
/** The cgroup as systemd makes it: with the image in it, for a scope without a process cannot be. systemd.scope(5). */
import type { Act } from "../plan/step.ts";
import { cgroupActs } from "./bootstrap.ts";
import type { Scope } from "./scope.ts";
import { turn } from "./turn.ts";

/** Nothing of the image has been charged to anybody yet, but its own few pages. */
export const systemdUnit = turn("bootstrap", "join", (scope) => {
  const { unit } = scope.options;
  if (unit === undefined) return [];
  return [{ ...ORIGIN, act: "start-unit", unit: unit.unit, properties: unit.properties }, ...cgroupActs(scope)];
});

/** Before the same limit is written to its file, where it may be lower than systemd can say. */
export function lateUnit({ options: { unit } }: Scope): readonly Act[] {
  if (unit === undefined || unit.late.length === 0) return [];
  return [{ ...ORIGIN, act: "set-unit", unit: unit.unit, properties: unit.late }];
}

const ORIGIN = { stage: "runtime", from: "/linux/cgroupsPath" } as const;
