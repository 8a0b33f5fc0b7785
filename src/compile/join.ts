// SPDX-License-Identifier: Apache-2.0
/** Into the namespaces of a running container, by a descriptor of its init. setns(2), pidfd_open(2). */
import { CLONE } from "../kernel/clone.ts";
import { flags, ref, string } from "../plan/operands.ts";
import type { Step } from "../plan/step.ts";
import { CLONE_FLAG, cloneInit } from "./namespaces.ts";
import { at, close, type Scope } from "./scope.ts";

/**
 * One call joins them all, the user namespace first, which gives the rights for the rest; those that another user
 * namespace owns are joined before, with the rights of the caller.
 */
export function joinContainer(scope: Scope): readonly Step[] {
  const namespaces = scope.options.join?.namespaces ?? [];
  const sum = (apart: boolean) =>
    namespaces.filter((namespace) => namespace.apart === apart).reduce((all, { kind }) => all | CLONE_FLAG[kind], 0);
  const make = at("join", "/linux/namespaces");
  const joins = [sum(true), sum(false)]
    .filter((kinds) => kinds !== 0)
    .map((kinds) => make("setns", [ref("container"), flags(CLONE, kinds)]));
  return [...joins, close(make, "container")];
}

/** Without a mount namespace of its own, only its root directory tells a container's files from the host's. chroot(2). */
export function enterRoot(scope: Scope): readonly Step[] {
  if (scope.options.join?.root !== true) return [];
  const make = at("join", "/root/path");
  return [make("fchdir", [ref("root")]), make("chroot", [string(".")]), close(make, "root")];
}

/** The process itself; the first one stays behind, where it has only half entered the pid namespace. */
export function cloneInto(scope: Scope): readonly Step[] {
  const kinds = (scope.options.join?.namespaces ?? []).map(({ kind }) => kind);
  return kinds.includes("pid") || kinds.includes("time") ? cloneInit(at("join", "/linux/namespaces"), 0) : [];
}
