// SPDX-License-Identifier: Apache-2.0
/** Config + Facts → Plan: the order of a container start. Read this page first. */

import type { Config } from "../config/config.ts";
import { ConfigError } from "../errors/errors.ts";
import type { Facts } from "../host/facts.ts";
import { type Call, isCall, type Plan, type Step } from "../plan/step.ts";
import { earlySources } from "./bind-mounts.ts";
import { closeInherited, closeToTracers, inputs, joinCgroup, lateLimits, prepare } from "./bootstrap.ts";
import { devices, devLinks, workingDirectory } from "./devices.ts";
import { earlyFilesystems } from "./filesystems.ts";
import { createContainerHooks, runtimeHooks, startContainerHooks, startContainerState } from "./hooks.ts";
import { closeIdmaps, hostIdmaps, ownIdmaps } from "./idmap.ts";
import { intelRdt } from "./intel-rdt.ts";
import { sessionKeyring } from "./keyring.ts";
import { messenger } from "./listener.ts";
import { securityModules } from "./lsm.ts";
import { maskedPaths } from "./masked-paths.ts";
import { mounts } from "./mounts.ts";
import { enterNamespaces, joinNamespaces, openNamespaces, timeNamespace } from "./namespaces.ts";
import { netDevices } from "./net-devices.ts";
import { oomScoreAdj, openProc, sysctl } from "./proc.ts";
import {
  checkDirectory,
  closeOnExec,
  enterDirectory,
  execute,
  findProgram,
  personality,
  raiseLimits,
  session,
  setLimits,
  umask,
  waitForStart,
} from "./process.ts";
import { readonlyPaths } from "./readonly-paths.ts";
import { renamedPlan } from "./rename.ts";
import { earlyRoot, propagation, rootMount, rootPropagation, rootReadonly, switchRoot } from "./rootfs.ts";
import { scheduling, schedulingOfHost } from "./scheduling.ts";
import { type Chapter, type CompileOptions, type Draft, namespaceOf, type Scope, withExtra } from "./scope.ts";
import { terminal } from "./terminal.ts";
import { turn } from "./turn.ts";
import { lateUnit, systemdUnit } from "./unit.ts";
import { capabilities, noNewPrivileges, ownStdio, user } from "./user.ts";
import { userNamespace } from "./user-namespace.ts";
import { domainname, hostname, loopback } from "./uts.ts";

const CHAPTERS: readonly Chapter[] = [
  // runtime: everything that a killed `create` leaves behind is written down before it is made
  prepare,
  // bootstrap, in the host's namespaces
  closeInherited, // nothing of the caller's comes along
  systemdUnit, // the image is in the cgroups that systemd makes
  intelRdt, // what is cloned inherits it
  joinCgroup, // before anything can be charged elsewhere
  openProc, // the host's procfs, while "/proc" surely is one
  oomScoreAdj, // lowering it needs the host's capabilities
  raiseLimits, // so does raising a hard limit
  schedulingOfHost, // and what is real-time, where the init loses them
  openNamespaces, // paths mean the host's files only here
  earlyRoot, // and only here the host's root may open them all
  hostIdmaps, // a mount takes a mapping from a user namespace
  earlySources,
  earlyFilesystems,
  joinNamespaces,
  userNamespace, // owns all namespaces that are made after it
  ownIdmaps, // filesystems that are mounted there can be mapped only from there
  timeNamespace, // its clocks can be set only while it is empty
  closeToTracers, // before anybody else can see the init
  enterNamespaces,
  // init, in all namespaces
  session,
  sessionKeyring, // in the user namespace that it belongs to
  propagation, // before the first mount, or the host would see it
  rootMount,
  mounts,
  closeIdmaps,
  devices, // on the /dev that the mounts made
  devLinks,
  terminal, // needs the container's devpts
  workingDirectory, // while the root can still be written
  netDevices, // what can fail has mostly been done: they come back only with the namespace's end
  turn("init", "mounted", runtimeHooks), // what they mount is masked, too
  createContainerHooks, // after those of the runtime
  maskedPaths, // after the mounts that they cover
  readonlyPaths,
  rootReadonly,
  switchRoot, // from here on the host's files are out of reach
  rootPropagation, // a shared root could not be switched to
  hostname,
  domainname,
  loopback,
  sysctl,
  // process, losing one privilege after the other
  personality,
  scheduling, // in the cgroup, and while CAP_SYS_NICE is there
  securityModules, // for execve(2), which comes last
  ownStdio, // needs CAP_CHOWN
  enterDirectory, // what root may enter, the user may not
  user,
  checkDirectory,
  capabilities, // after the ids, which would clear them
  noNewPrivileges,
  findProgram, // as the user, so that `create` can tell
  lateUnit,
  lateLimits, // all processes of the start are there
  startContainerState, // while the runtime is there to write it
  waitForStart,
  startContainerHooks, // may do no more than the program
  messenger, // a thread more, while there may be one
  setLimits, // too low a limit would end the image itself
  umask,
  closeOnExec,
  execute, // behind the filter of linux.seccomp
];

export interface Compiled {
  readonly plan: Plan;
  /** What is done otherwise than config.json asks, and why that may be. */
  readonly warnings: readonly string[];
  /** What each chapter wrote, in their order. */
  readonly chapters: readonly (readonly Draft[])[];
}

/**
 * ConfigError: what this host cannot do, every finding at once.
 *
 * `before` is the outcome for the same config, facts and options but for the container's name, that is the cgroup and the
 * keyring: what does not speak of them is kept.
 */
export function compile(config: Config, facts: Facts, options: CompileOptions = {}, before?: Compiled): Compiled {
  const scope: Scope = { config, facts, options, findings: [], warnings: [...(before?.warnings ?? [])] };
  const chapters = CHAPTERS.map((chapter, index) => {
    const kept = speaksOfName(chapter, scope) ? undefined : before?.chapters[index];
    return kept ?? chapter(scope);
  });
  return toCompiled(scope, chapters, before);
}

/** What the chapters wrote as a plan, or ConfigError with what they have found. */
export function toCompiled(scope: Scope, chapters: Compiled["chapters"], before?: Compiled): Compiled {
  const { facts, findings, warnings } = scope;
  if (findings.length > 0) throw new ConfigError(`${facts.bundle}/config.json`, findings);
  const plan = (before && renamedPlan(before.plan, before.chapters, chapters)) ?? {
    arch: facts.arch,
    steps: placeLabels(chapters.flat()),
    inputs: inputs(scope),
  };
  return { plan, warnings: [...new Set(warnings)], chapters };
}

/** The container's own cgroup is made, joined, and bound where a cgroup mount without a cgroup namespace shows it. */
function speaksOfName(chapter: Chapter, scope: Scope): boolean {
  if (
    chapter === prepare ||
    chapter === joinCgroup ||
    chapter === lateLimits ||
    chapter === sessionKeyring ||
    chapter === intelRdt
  )
    return true;
  return chapter === mounts && namespaceOf(scope, "cgroup") === "inherited";
}

/** Each mark becomes the label of the next call; several marks on one call become one label. */
function placeLabels(drafts: readonly Draft[]): Step[] {
  const alias = new Map<string, string>();
  const steps: Step[] = [];
  let label: string | undefined;
  for (const draft of drafts) {
    if ("mark" in draft) {
      if (label === undefined) label = draft.mark;
      else alias.set(draft.mark, label);
    } else if (label !== undefined && isCall(draft)) {
      steps.push(withExtra(draft, { label }));
      label = undefined;
    } else steps.push(draft);
  }
  return alias.size === 0 ? steps : steps.map((step) => (isCall(step) ? withLabels(step, alias) : step));
}

function withLabels(step: Call, alias: ReadonlyMap<string, string>): Call {
  const { tolerate, branch } = step;
  if (tolerate === undefined && branch === undefined) return step;
  const follow = (label: string) => alias.get(label) ?? label;
  const followed = Object.entries(tolerate ?? {}).map(([errno, to]) => [errno, follow(to)]);
  return withExtra(step, {
    ...(tolerate && { tolerate: Object.fromEntries(followed) }),
    ...(branch && { branch: { ...branch, equal: follow(branch.equal), other: follow(branch.other) } }),
  });
}
