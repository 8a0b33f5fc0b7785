// SPDX-License-Identifier: Apache-2.0
/** Mounts that show other owners than their filesystem has. config.md#posix-platform-mounts, mount_setattr(2), user_namespaces(7). */
import type { IdMapping } from "../config/config.ts";
import { CAP } from "../kernel/capability.ts";
import { CLONE } from "../kernel/clone.ts";
import { MOUNT_ATTR } from "../kernel/mount.ts";
import { AT, O, RESOLVE } from "../kernel/open.ts";
import { PR } from "../kernel/prctl.ts";
import { SIG } from "../kernel/signal.ts";
import { W } from "../kernel/wait.ts";
import { bytes, flags, int, NULL, out, ref, string, struct } from "../plan/operands.ts";
import type { Call } from "../plan/step.ts";
import { needsClassic } from "./classic-mount.ts";
import { translated } from "./idmap-ranges.ts";
import { isBind, type MountJob, mountJobs } from "./mount-job.ts";
import { at, close, type Draft, type Make, namespaceOf, type Scope } from "./scope.ts";

/** Whether the ids of a mount are mapped. Mappings of its own say so, too, without an option. */
export function isMapped({ mount, options }: MountJob): boolean {
  return options.idmap !== null || (mount.uidMappings ?? []).length > 0;
}

/** For root: before the container's user namespace is entered, from which no filesystem of the host can be mapped. */
export function hostIdmaps(scope: Scope): readonly Draft[] {
  return scope.facts.uid === 0 ? idmaps(scope) : [];
}

/** For an ordinary user: in the container's user namespace, whose filesystems are the only ones that can be mapped. */
export function ownIdmaps(scope: Scope): readonly Draft[] {
  return scope.facts.uid === 0 ? [] : idmaps(scope);
}

/** The mounts are there: nobody needs the user namespaces that lent their mappings. */
export function closeIdmaps(scope: Scope): readonly Call[] {
  return mappings(scope).map(({ name }) => close(at("init", "/mounts"), name));
}

/** `mount_setattr($name, "", AT_EMPTY_PATH[|AT_RECURSIVE], {MOUNT_ATTR_IDMAP, userns_fd}, 32)`, while nobody sees the mount. */
export function mapIds(make: Make, job: MountJob, name: string): Call[] {
  if (!isMapped(job)) return [];
  const how = AT.AT_EMPTY_PATH | (job.options.idmap === "ridmap" ? AT.AT_RECURSIVE : 0);
  const attr = struct("mount_attr", {
    attr_set: flags(MOUNT_ATTR, MOUNT_ATTR.MOUNT_ATTR_IDMAP),
    userns_fd: ref(namespaceFor(job)),
  });
  return [make("mount_setattr", [ref(name), string(""), flags(AT, how), attr, int(32)])];
}

interface Mapping {
  /** The name of the descriptor of a user namespace that has it. */
  readonly name: string;
  readonly key: string;
  readonly uid: readonly IdMapping[];
  readonly gid: readonly IdMapping[];
  readonly from: string;
}

/** Every distinct mapping once. */
function mappings(scope: Scope): Mapping[] {
  const found: Mapping[] = [];
  for (const job of mountJobs(scope)) {
    if (!isMapped(job) || takesJoined(job)) continue;
    const key = keyOf(job);
    if (found.some((mapping) => mapping.key === key)) continue;
    found.push({ name: `idmap${found.length}`, key, ...mappingOf(job) });
  }
  return found;
}

function namespaceFor(job: MountJob): string {
  if (takesJoined(job)) return "ns_user";
  const key = keyOf(job);
  return mappings(job.scope).find((mapping) => mapping.key === key)?.name ?? "";
}

/** The container's mappings are those of the user namespace that it joins: the descriptor is there already. */
function takesJoined(job: MountJob): boolean {
  return (job.mount.uidMappings ?? []).length === 0 && namespaceOf(job.scope, "user") === "joined";
}

function keyOf(job: MountJob): string {
  const { uid, gid } = mappingOf(job);
  return [uid, gid].map(lines).join("\n");
}

/** The mount's own mappings, or the container's. config.md#linux-mount-options. */
function mappingOf({ scope, mount, index }: MountJob): Pick<Mapping, "uid" | "gid" | "from"> {
  const { uidMappings = [], gidMappings = [] } = mount;
  if (uidMappings.length > 0) return { uid: uidMappings, gid: gidMappings, from: `/mounts/${index}/uidMappings` };
  const { linux } = scope.config;
  return { uid: linux?.uidMappings ?? [], gid: linux?.gidMappings ?? [], from: "/linux/uidMappings" };
}

function idmaps(scope: Scope): Draft[] {
  const jobs = mountJobs(scope).filter(isMapped);
  for (const job of jobs) check(job);
  return mappings(scope).flatMap((mapping) => lend(scope, mapping, inside(scope, mapping)));
}

/** An ordinary user writes the mapping in the container's user namespace, where the host's ids have other numbers. */
function inside(scope: Scope, { uid, gid, from }: Mapping): Pick<Mapping, "uid" | "gid"> {
  if (scope.facts.uid === 0) return { uid, gid };
  const { uidMappings = [], gidMappings = [] } = scope.config.linux ?? {};
  const mapped = { uid: translated(uid, uidMappings), gid: translated(gid, gidMappings) };
  if (mapped.uid !== undefined && mapped.gid !== undefined) return { uid: mapped.uid, gid: mapped.gid };
  const message = "leads to ids of the host that /linux/uidMappings and /linux/gidMappings do not have";
  scope.findings.push({ pointer: from, message, spec: SPEC });
  return { uid: [], gid: [] };
}

const SPEC = "config.md#posix-platform-mounts";

/** What neither options nor mappings tell: whose filesystem it is, and which call makes the mount. */
function check(job: MountJob): void {
  const { scope, options, index } = job;
  const fault = (message: string) => scope.findings.push({ pointer: `/mounts/${index}`, message, spec: SPEC });
  if (!isBind(job) && needsClassic(options)) {
    fault("cannot be id-mapped: iversion, silent, and quoted or long values are for mount(2), which shows it at once");
  }
  if (scope.facts.uid === 0) return;
  if (isBind(job)) {
    fault(
      "cannot be id-mapped: that needs CAP_SYS_ADMIN in the user namespace that the filesystem was mounted in, which for the host's only root has",
    );
  } else if (namespaceOf(scope, "user") !== "new") {
    fault("cannot be id-mapped: an ordinary user needs a new user namespace for it");
  }
}

/** Who may look into any process opens its namespaces, too; for others it must be one that can be dumped. */
function mayTrace({ uid, capabilities }: Scope["facts"]): boolean {
  return uid === 0 && ((capabilities >> BigInt(CAP.CAP_SYS_PTRACE)) & 1n) === 1n;
}

/** wait(2): stopped, by SIGSTOP. */
const STOPPED = BigInt((SIG.SIGSTOP << 8) | 0x7f);
const SUID_DUMP_USER = 1;

/**
 * A user namespace exists only with a process in it, so a child enters it, stops, and ends when the descriptor is there.
 *
 * The child shares our descriptors: it puts its own directory of /proc in the place of ours, and through that we write
 * its maps, which only a process outside may do. So nobody may trace it, though any process of root's has all rights
 * over its user namespace: CVE-2016-9962.
 */
function lend(scope: Scope, { name, from }: Mapping, { uid, gid }: Pick<Mapping, "uid" | "gid">): Draft[] {
  const make = at("bootstrap", from);
  const labels = { child: `${name}_child`, parent: `${name}_parent` };
  const how = flags(CLONE, CLONE.CLONE_FILES | CLONE.CLONE_NEWUSER | SIG.SIGCHLD);
  return [
    openSelf(make, "lender"),
    make("clone", [how, NULL, NULL, NULL, NULL], {
      result: "child",
      branch: { value: 0, equal: labels.child, other: labels.parent },
    }),
    { mark: labels.child },
    make("prctl", [flags(PR, PR.PR_SET_PDEATHSIG), flags(SIG, SIG.SIGKILL)]),
    ...(mayTrace(scope.facts) ? [] : [make("prctl", [flags(PR, PR.PR_SET_DUMPABLE), int(SUID_DUMP_USER)])]),
    openSelf(make, "self"),
    make("dup3", [ref("self"), ref("lender"), flags(O, O.O_CLOEXEC)]),
    close(make, "self"),
    make("getpid", [], { result: "child" }),
    make("kill", [ref("child"), flags(SIG, SIG.SIGSTOP)]),
    make("exit_group", [int(0)]),
    { mark: labels.parent },
    make("wait4", [ref("child"), out("int"), flags(W, W.WUNTRACED), NULL], {
      checks: [{ field: "value", value: STOPPED, errno: "ECHILD" }],
    }),
    ...writeMap(make, "uid_map", lines(uid)),
    ...writeMap(make, "gid_map", lines(gid)),
    make("openat", [ref("lender"), string("ns/user"), flags(O, O.O_RDONLY | O.O_CLOEXEC)], { result: name }),
    make("kill", [ref("child"), flags(SIG, SIG.SIGKILL)]),
    make("wait4", [ref("child"), NULL, flags(W, 0), NULL]),
    close(make, "lender"),
  ];
}

/** The directory of /proc of whoever makes the call. */
function openSelf(make: Make, name: string): Call {
  const how = struct("open_how", {
    flags: flags(O, O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC),
    resolve: flags(RESOLVE, RESOLVE.RESOLVE_BENEATH | RESOLVE.RESOLVE_NO_MAGICLINKS | RESOLVE.RESOLVE_NO_XDEV),
  });
  return make("openat2", [ref("proc"), string("self"), how, int(24)], { result: name });
}

function writeMap(make: Make, file: string, text: string): Call[] {
  return [
    make("openat", [ref("lender"), string(file), flags(O, O.O_WRONLY | O.O_CLOEXEC)], { result: "file" }),
    make("write", [ref("file"), bytes(text), int(text.length)]),
    close(make, "file"),
  ];
}

function lines(mapping: readonly IdMapping[]): string {
  return mapping.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join("");
}
