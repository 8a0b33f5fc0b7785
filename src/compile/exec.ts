// SPDX-License-Identifier: Apache-2.0
/** Config + Facts → Plan of one more process in a running container: it joins what the container is made of. */
import type { Config } from "../config/config.ts";
import type { Facts } from "../host/facts.ts";
import { isCall } from "../plan/step.ts";
import { affinity } from "./affinity.ts";
import { closeInherited, closeToTracers, joinCgroup } from "./bootstrap.ts";
import { type Compiled, toCompiled } from "./compile.ts";
import { cloneInto, enterRoot, joinContainer } from "./join.ts";
import { joinKeyring, keyLabel } from "./keyring.ts";
import { messenger } from "./listener.ts";
import { securityModules } from "./lsm.ts";
import { closeProc, oomScoreAdj, openProc } from "./proc.ts";
import {
  checkDirectory,
  closeOnExec,
  enterDirectory,
  execute,
  personality,
  raiseLimits,
  session,
  setLimits,
  umask,
} from "./process.ts";
import { scheduling, schedulingOfHost } from "./scheduling.ts";
import { at, type Chapter, type CompileOptions, type Draft, type Scope } from "./scope.ts";
import { joinedTerminal } from "./terminal.ts";
import { turnFor } from "./turn.ts";
import { capabilities, noNewPrivileges, ownStdio, user } from "./user.ts";
import { becomeRoot } from "./user-namespace.ts";

const CHAPTERS: readonly Chapter[] = [
  () => [{ stage: "runtime", from: "", act: "spawn" }],
  // join, from the host's namespaces into the container's
  closeInherited,
  affinity("initial"), // before the cgroup has a say
  joinCgroup,
  affinity("final"),
  openProc, // the host's procfs, while "/proc" surely is one
  oomScoreAdj,
  keyLabel,
  early(securityModules), // a child inherits what they will make of its program
  closeProc, // a way to the host's files, for a process of the container that may trace others
  raiseLimits,
  schedulingOfHost,
  closeToTracers, // before any process of the container can see it
  joinContainer,
  enterRoot,
  cloneInto,
  session,
  becomeRoot,
  joinKeyring, // the container's own
  joinedTerminal,
  // process, as at the start of the container
  personality,
  scheduling,
  ownStdio,
  enterDirectory,
  user,
  checkDirectory,
  capabilities,
  noNewPrivileges,
  messenger,
  handOver, // a process that ends at once may not be there any more
  setLimits,
  umask,
  closeOnExec,
  execute,
  () => [{ stage: "runtime", from: "", act: "wait-exec" }],
];

/** ConfigError: what this host cannot do, every finding at once. `options.join` says what is joined. */
export function compileExec(config: Config, facts: Facts, options: CompileOptions): Compiled {
  const scope: Scope = { config: joinedPart(config), facts, options, findings: [], warnings: [] };
  const chapters = CHAPTERS.map((chapter) => chapter(scope).map(inJoin));
  return toCompiled(scope, chapters);
}

/** What the container was made with once is there, and none of a joining process's business. */
function joinedPart(config: Config): Config {
  const { hooks: _hooks, ...rest } = config;
  const { sysctl: _sysctl, timeOffsets: _offsets, ...linux } = config.linux ?? {};
  return { ...rest, mounts: config.mounts?.filter(({ type }) => type === "devpts") ?? [], linux };
}

function handOver({ options }: Scope): readonly Draft[] {
  return options.handedOver === true ? turnFor(at("process", ""), "joined", []) : [];
}

/** What a start does as the process is done before the join here. */
function early(chapter: Chapter): Chapter {
  return (scope) => chapter(scope).map(joining);
}

/** What a start does on both sides of the clone is one stage here. */
function inJoin(draft: Draft): Draft {
  return "stage" in draft && draft.stage === "process" ? draft : joining(draft);
}

function joining(draft: Draft): Draft {
  return "mark" in draft || !isCall(draft) ? draft : { ...draft, stage: "join" };
}
