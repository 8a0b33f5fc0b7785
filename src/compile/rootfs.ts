// SPDX-License-Identifier: Apache-2.0
/** The root filesystem: its mount, its propagation, and the switch to it. config.md#root, config-linux.md#rootfs-mount-propagation, pivot_root(2). */
import { MNT, MOUNT_ATTR, MOVE_MOUNT, MS } from "../kernel/mount.ts";
import { AT, O } from "../kernel/open.ts";
import { flags, NULL, ref, string } from "../plan/operands.ts";
import type { Step } from "../plan/step.ts";
import { openTree } from "./bind-mounts.ts";
import { runtimeHooks } from "./hooks.ts";
import { noWayBack, setAttr } from "./mount-attributes.ts";
import { HERE } from "./mount-job.ts";
import { at, namespaceOf, opensBeforeUser, type Scope } from "./scope.ts";

/** Nothing that is mounted in the container shows on the host; what the host mounts later may still come in. */
export function propagation(scope: Scope): readonly Step[] {
  if (namespaceOf(scope, "mount") !== "new") return [];
  const make = at("init", "/linux/rootfsPropagation");
  return [make("mount", [NULL, string("/"), NULL, flags(MS, MS.MS_REC | MS.MS_SLAVE), NULL])];
}

/** Under a new user namespace, the rootfs is opened while it can surely be reached. */
export function earlyRoot(scope: Scope): readonly Step[] {
  if (!opensBeforeUser(scope) || namespaceOf(scope, "mount") === "inherited") return [];
  const make = at("bootstrap", "/root/path");
  return [openTree(make, scope.facts.rootfs, "root", true), noWayBack(make, "root")];
}

/** `$root`: a mount of its own, so that nothing is ever written to what lies under it by another way. */
export function rootMount(scope: Scope): readonly Step[] {
  const make = at("init", "/root/path");
  const path = string(scope.facts.rootfs);
  if (namespaceOf(scope, "mount") === "inherited") {
    return [make("openat", [HERE, path, flags(O, O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC)], { result: "root" })];
  }
  const move = flags(MOVE_MOUNT, MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH);
  // An early one goes over "/": the way to the rootfs may be closed to the container's root.
  if (opensBeforeUser(scope)) {
    // Hooks look for it where the state says that the bundle is.
    const target = runtimeHooks(scope).length > 0 ? path : string("/");
    return [make("move_mount", [ref("root"), string(""), HERE, target, move])];
  }
  return [
    openTree(make, scope.facts.rootfs, "root", true),
    make("move_mount", [ref("root"), string(""), HERE, path, move]),
  ];
}

const TYPES: Readonly<Record<string, number>> = {
  private: MS.MS_PRIVATE,
  shared: MS.MS_SHARED,
  slave: MS.MS_SLAVE,
  unbindable: MS.MS_UNBINDABLE,
};

/** Read-only comes last, when all that the start has to write is written. */
export function rootReadonly(scope: Scope): readonly Step[] {
  if (scope.config.root?.readonly !== true) return [];
  if (namespaceOf(scope, "mount") === "inherited") {
    const message = "needs a mount namespace: the host's own mount would turn read-only";
    scope.findings.push({ pointer: "/root/readonly", message, spec: "config-linux.md#namespaces" });
    return [];
  }
  return [setAttr(at("init", "/root/readonly"), "root", { set: MOUNT_ATTR.MOUNT_ATTR_RDONLY, recursive: false })];
}

/** The root switch. The old root lies on the new one until it is detached, and can be reached no more. */
export function switchRoot(scope: Scope): readonly Step[] {
  const make = at("init", "/root/path");
  const enter = make("fchdir", [ref("root")]);
  const home = make("chdir", [string("/")]);
  if (namespaceOf(scope, "mount") === "inherited") return [enter, make("chroot", [string(".")]), home];
  if (scope.options.noPivot === true) {
    const move = flags(MOVE_MOUNT, MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH);
    return [
      make("move_mount", [ref("root"), string(""), HERE, string("/"), move]),
      enter,
      make("chroot", [string(".")]),
      home,
    ];
  }
  return [
    enter,
    make("pivot_root", [string("."), string(".")]),
    make("umount2", [string("."), flags(MNT, MNT.MNT_DETACH)]),
    home,
  ];
}

/** config-linux.md#rootfs-mount-propagation. The peers of the root mount are the container's own. */
export function rootPropagation(scope: Scope): readonly Step[] {
  const wanted = scope.config.linux?.rootfsPropagation;
  if (wanted === undefined || namespaceOf(scope, "mount") === "inherited") return [];
  const recursive = wanted.startsWith("r") && TYPES[wanted] === undefined;
  const type = TYPES[recursive ? wanted.slice(1) : wanted] ?? 0;
  return [setAttr(at("init", "/linux/rootfsPropagation"), "root", { propagation: type, recursive })];
}

/** AT_EMPTY_PATH alone, for calls on a descriptor itself. */
export const ITSELF = flags(AT, AT.AT_EMPTY_PATH);
