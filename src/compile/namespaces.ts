// SPDX-License-Identifier: Apache-2.0
/** Namespaces: those with a path are joined, the others are entered anew. config-linux.md#namespaces, setns(2), unshare(2), clone(2). */
import type { NamespaceKind } from "../config/config.ts";
import { CLONE } from "../kernel/clone.ts";
import { NS } from "../kernel/ioctl.ts";
import { AT, O } from "../kernel/open.ts";
import { MSG } from "../kernel/socket.ts";
import { address, flags, int, NULL, ref, string } from "../plan/operands.ts";
import { type Call, NEXT, type Step } from "../plan/step.ts";
import { writeProc } from "./proc.ts";
import { at, type Make, namespaceOf, namespacePointer, type Scope } from "./scope.ts";

export const CLONE_FLAG: Readonly<Record<NamespaceKind, number>> = {
  pid: CLONE.CLONE_NEWPID,
  network: CLONE.CLONE_NEWNET,
  mount: CLONE.CLONE_NEWNS,
  ipc: CLONE.CLONE_NEWIPC,
  uts: CLONE.CLONE_NEWUTS,
  user: CLONE.CLONE_NEWUSER,
  cgroup: CLONE.CLONE_NEWCGROUP,
  time: CLONE.CLONE_NEWTIME,
};

interface Joined {
  readonly kind: NamespaceKind;
  readonly path: string;
  readonly make: Make;
  readonly name: string;
}

function joined(scope: Scope): Joined[] {
  return (scope.config.linux?.namespaces ?? []).flatMap(({ type, path }, index): Joined[] => {
    if (path === undefined || path === "") return [];
    return [{ kind: type, path, make: at("bootstrap", `/linux/namespaces/${index}/path`), name: `ns_${type}` }];
  });
}

/** Opens every namespace file while the host is still in sight, and checks its type. */
export function openNamespaces(scope: Scope): readonly Step[] {
  for (const { kind, path, make } of joined(scope)) checkNamespace(scope, kind, path, make);
  return joined(scope).flatMap(({ kind, path, make, name }): Call[] => [
    make("openat", [flags(AT, AT.AT_FDCWD), string(path), flags(O, O.O_RDONLY | O.O_CLOEXEC)], { result: name }),
    make("ioctl", [ref(name), flags(NS, NS.NS_GET_NSTYPE)], { expect: CLONE_FLAG[kind] }),
  ]);
}

function checkNamespace(scope: Scope, kind: NamespaceKind, path: string, make: Make): void {
  const facts = scope.facts.namespaces[path];
  const pointer = make("close", []).from;
  const spec = "config-linux.md#namespaces";
  if (facts === undefined)
    scope.findings.push({ pointer, message: `${JSON.stringify(path)} is not a namespace file`, spec });
  else if (facts.kind !== kind) {
    scope.findings.push({
      pointer,
      message: `${JSON.stringify(path)} is a namespace of type ${facts.kind}, not ${kind}`,
      spec,
    });
  }
}

/**
 * Joins them. A namespace can be joined only with capabilities over the user namespace that owns it, so those of other
 * owners come before the user namespace, the rest after. The mount namespace is last: paths change their meaning in it.
 */
export function joinNamespaces(scope: Scope): readonly Step[] {
  const all = joined(scope).filter(({ path }) => scope.facts.namespaces[path]?.own !== true);
  const user = all.find(({ kind }) => kind === "user");
  const userInode = user === undefined ? 0n : (scope.facts.namespaces[user.path]?.inode ?? 0n);
  const ofUser = ({ path }: Joined) => user !== undefined && scope.facts.namespaces[path]?.ownerInode === userInode;
  const others = all.filter(({ kind }) => kind !== "user" && kind !== "mount");
  const ordered = [
    ...others.filter((namespace) => !ofUser(namespace)),
    ...(user === undefined ? [] : [user]),
    ...others.filter(ofUser),
    ...all.filter(({ kind }) => kind === "mount"),
  ];
  return ordered.map(({ make, name, kind }) => make("setns", [ref(name), flags(CLONE, CLONE_FLAG[kind])]));
}

/** Namespaces that the init enters when it is cloned; the user and the time namespace are entered before. */
export function newNamespaces(scope: Scope): number {
  const kinds: readonly NamespaceKind[] = ["pid", "network", "mount", "ipc", "uts", "cgroup"];
  return kinds.filter((kind) => namespaceOf(scope, kind) === "new").reduce((all, kind) => all | CLONE_FLAG[kind], 0);
}

/** A pid or time namespace is only for children: setns(2), unshare(2). Otherwise the bootstrap itself becomes the init. */
export function needsChild(scope: Scope): boolean {
  return namespaceOf(scope, "pid") !== "inherited" || namespaceOf(scope, "time") !== "inherited";
}

export function enterNamespaces(scope: Scope): readonly Step[] {
  const make = at("bootstrap", "/linux/namespaces");
  const namespaces = newNamespaces(scope);
  if (!needsChild(scope)) return namespaces === 0 ? [] : [make("unshare", [flags(CLONE, namespaces)])];
  return cloneInit(make, namespaces);
}

/** CLONE_PARENT: the init is the runtime's own child, and its caller's after that. It goes on at the mark `init`. */
export function cloneInit(make: Make, namespaces: number): readonly Step[] {
  const SIGCHLD = 17;
  const how = CLONE.CLONE_PARENT | namespaces | SIGCHLD;
  return [
    make("clone", [flags(CLONE, how), NULL, NULL, NULL, NULL], {
      result: "init",
      branch: { value: 0, equal: "init", other: NEXT },
    }),
    make("sendto", [ref("report"), address("init"), int(8), flags(MSG, MSG.MSG_NOSIGNAL), NULL, int(0)]),
    make("exit_group", [int(0)]),
    { stage: "runtime", from: "", act: "wait", message: "pid" },
  ];
}

/** Clocks of a new time namespace, set before anyone is in it. config-linux.md#offset-for-time-namespace, time_namespaces(7). */
export function timeNamespace(scope: Scope): readonly Step[] {
  if (namespaceOf(scope, "time") !== "new") return [];
  const unshare = at("bootstrap", namespacePointer(scope, "time"))("unshare", [flags(CLONE, CLONE.CLONE_NEWTIME)]);
  const offsets = Object.entries(scope.config.linux?.timeOffsets ?? {});
  if (offsets.length === 0) return [unshare];
  const text = offsets.map(([clock, offset]) => `${clock} ${offset?.secs ?? 0} ${offset?.nanosecs ?? 0}\n`).join("");
  return [unshare, ...writeProc(at("bootstrap", "/linux/timeOffsets"), "self/timens_offsets", text)];
}
