// SPDX-License-Identifier: Apache-2.0
/** The user namespace: entered by the bootstrap, mapped by the runtime. config-linux.md#user-namespace-mappings, user_namespaces(7). */
import type { IdMapping } from "../config/config.ts";
import { CLONE } from "../kernel/clone.ts";
import { flags, int } from "../plan/operands.ts";
import type { Act, Step } from "../plan/step.ts";
import { at, type Make, namespaceOf, namespacePointer, type Scope } from "./scope.ts";
import { turnFor } from "./turn.ts";

export function userNamespace(scope: Scope): readonly Step[] {
  const kind = namespaceOf(scope, "user");
  if (kind === "inherited") return needsUserNamespace(scope);
  const make = at("bootstrap", namespacePointer(scope, "user"));
  const become = hasRoot(scope) ? asRoot(make) : [];
  if (kind === "joined") return become;
  return [make("unshare", [flags(CLONE, CLONE.CLONE_NEWUSER)]), ...turnFor(make, "map", maps(scope)), ...become];
}

/** The same for a process that joins one. */
export function becomeRoot(scope: Scope): readonly Step[] {
  const joins = scope.options.join?.namespaces.some(({ kind }) => kind === "user");
  return joins === true && hasRoot(scope) ? asRoot(at("bootstrap", namespacePointer(scope, "user"))) : [];
}

function asRoot(make: Make): Step[] {
  return [make("setresgid", [int(0), int(0), int(0)]), make("setresuid", [int(0), int(0), int(0)])];
}

/** Whether id 0 of the container is mapped: an init that is nobody could not go on as root. */
function hasRoot(scope: Scope): boolean {
  const { uidMappings = [], gidMappings = [] } = scope.config.linux ?? {};
  const maps = (mappings: readonly IdMapping[]) =>
    mappings.some(({ containerID, size }) => containerID === 0 && size > 0);
  return namespaceOf(scope, "user") === "joined" || (maps(uidMappings) && maps(gidMappings));
}

function needsUserNamespace(scope: Scope): readonly Step[] {
  if (scope.facts.uid !== 0) {
    const message =
      'an ordinary user needs a user namespace; add {"type": "user"} and mappings (tsrun spec --rootless)';
    scope.findings.push({ pointer: "/linux/namespaces", message, spec: "config-linux.md#namespaces" });
  }
  return [];
}

/** Root writes any mapping; an ordinary user its own id, or more by newuidmap(1) and newgidmap(1). */
function maps(scope: Scope): Act[] {
  const { uidMappings = [], gidMappings = [] } = scope.config.linux ?? {};
  const { uid, gid, idmap } = scope.facts;
  const own = (mappings: readonly IdMapping[], id: number) =>
    uid === 0 || (mappings.length === 1 && mappings[0]?.hostID === id && mappings[0].size === 1);
  const steps: Act[] = [];
  if (own(uidMappings, uid)) steps.push(write("uid_map", "/linux/uidMappings", lines(uidMappings)));
  else steps.push(...tool(scope, idmap.newuidmap, "newuidmap", "/linux/uidMappings", uidMappings));
  if (own(gidMappings, gid)) {
    // Without privileges, a group map is taken only from a process that gave up setgroups(2).
    if (uid !== 0) steps.push(write("setgroups", "/linux/gidMappings", "deny"));
    steps.push(write("gid_map", "/linux/gidMappings", lines(gidMappings)));
  } else steps.push(...tool(scope, idmap.newgidmap, "newgidmap", "/linux/gidMappings", gidMappings));
  return steps;
}

/** Whether setgroups(2) works in the container: not after an ordinary user's single-id map. */
export function canSetGroups(scope: Scope): boolean {
  const { gidMappings = [] } = scope.config.linux ?? {};
  if (namespaceOf(scope, "user") !== "new") return scope.facts.uid === 0;
  return (
    scope.facts.uid === 0 ||
    !(gidMappings.length === 1 && gidMappings[0]?.hostID === scope.facts.gid && gidMappings[0].size === 1)
  );
}

function write(file: string, from: string, data: string): Act {
  return { stage: "runtime", from, act: "write-proc", file, data };
}

function lines(mappings: readonly IdMapping[]): string {
  return mappings.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join("");
}

function tool(scope: Scope, path: string | null, name: string, from: string, mappings: readonly IdMapping[]): Act[] {
  if (path === null) {
    const message = `more than the own id needs ${name}(1), which is not in PATH (Debian: package uidmap), and a range in /etc/sub${name.slice(3, 6)}`;
    scope.findings.push({ pointer: from, message, spec: "config-linux.md#user-namespace-mappings" });
    return [];
  }
  const ranges = mappings.flatMap(({ containerID, hostID, size }) => [`${containerID}`, `${hostID}`, `${size}`]);
  return [{ stage: "runtime", from, act: "idmap-tool", path, ranges }];
}
