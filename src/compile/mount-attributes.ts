// SPDX-License-Identifier: Apache-2.0
/** Attributes and propagation of a mount that is held by a file descriptor. mount_setattr(2). */
import { MOUNT_ATTR, MS } from "../kernel/mount.ts";
import { AT } from "../kernel/open.ts";
import { flags, int, ref, string, struct } from "../plan/operands.ts";
import type { Call } from "../plan/step.ts";
import type { AttributeChange, ParsedOptions } from "./mount-options.ts";
import type { Make } from "./scope.ts";

/** Applies the recursive options and the propagation of a mount, and `own` to the mount itself. */
export function setAttributes(make: Make, name: string, options: ParsedOptions, own: AttributeChange): Call[] {
  const steps: Call[] = [];
  if (own.set !== 0 || own.clear !== 0) steps.push(setAttr(make, name, { ...own, recursive: false }));
  const { set, clear } = options.recursive;
  if (set !== 0 || clear !== 0) steps.push(setAttr(make, name, { set, clear, recursive: true }));
  for (const { type, recursive } of options.propagation)
    steps.push(setAttr(make, name, { propagation: type, recursive }));
  return steps;
}

/** A tree that was opened in the host's mount namespace takes part in its propagation: what is mounted there may come in, nothing goes out. */
export function noWayBack(make: Make, name: string): Call {
  return setAttr(make, name, { propagation: MS.MS_SLAVE, recursive: true });
}

export interface Change {
  readonly set?: number;
  readonly clear?: number;
  /** MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE. */
  readonly propagation?: number;
  readonly recursive: boolean;
}

/** `mount_setattr($name, "", AT_EMPTY_PATH[|AT_RECURSIVE], {attr_set, attr_clr, propagation}, 32)` */
export function setAttr(make: Make, name: string, change: Change): Call {
  const how = AT.AT_EMPTY_PATH | (change.recursive ? AT.AT_RECURSIVE : 0);
  const attr = struct("mount_attr", {
    attr_set: flags(MOUNT_ATTR, change.set ?? 0),
    attr_clr: flags(MOUNT_ATTR, change.clear ?? 0),
    propagation: flags(MS, change.propagation ?? 0),
  });
  return make("mount_setattr", [ref(name), string(""), flags(AT, how), attr, int(32)]);
}
