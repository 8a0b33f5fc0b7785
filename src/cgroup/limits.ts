// SPDX-License-Identifier: Apache-2.0
/** linux.resources → what is written to the files of the container's cgroup, in that order. Pure but for `limitFacts`. */
import { dirname } from "node:path/posix";
import type { Resources } from "../config/config.ts";
import { ConfigError, type Finding } from "../errors/errors.ts";
import type { CgroupFacts } from "../host/facts.ts";
import { read } from "./files.ts";
import { cpuWrites } from "./limit-cpu.ts";
import { inBoth, LimitDesk, type LimitFacts, type LimitWrite } from "./limit-desk.ts";
import { memoryWrites } from "./limit-memory.ts";
import type { CgroupDir } from "./place.ts";

/** A directory with what is written for it, as the plan has it. */
export interface LimitedDir extends CgroupDir {
  readonly writes?: readonly LimitWrite[];
  readonly late?: readonly LimitWrite[];
}

/** Throws ConfigError for a limit that no hierarchy can keep. Nothing is read when nothing is limited. */
export function limitDirs(
  dirs: readonly CgroupDir[],
  resources: Resources = {},
  facts: CgroupFacts,
  file: string,
  warn: (warning: string) => void,
): readonly LimitedDir[] {
  if (resources.memory === undefined && resources.cpu === undefined && resources.pids?.limit === undefined) return dirs;
  const { writes, late, findings, warnings } = limitWrites(resources, dirs, limitFacts(dirs, facts));
  if (findings.length > 0) throw new ConfigError(file, findings);
  for (const warning of warnings) warn(warning);
  return dirs.map((dir, index) => (index === 0 ? { ...dir, writes, late } : dir));
}

export interface Limits {
  /** Before the first process is in the cgroup. */
  readonly writes: readonly LimitWrite[];
  /** When all processes that the runtime itself needs are there: a limit of their number would count those too. */
  readonly late: readonly LimitWrite[];
  /** What the hierarchies cannot do. */
  readonly findings: readonly Finding[];
  readonly warnings: readonly string[];
}

export function limitWrites(resources: Resources, dirs: readonly CgroupDir[], facts: LimitFacts): Limits {
  const desk = new LimitDesk(dirs, facts);
  if (resources.memory !== undefined) memoryWrites(resources.memory, desk, facts.used);
  if (resources.cpu !== undefined) cpuWrites(resources.cpu, desk);
  const { findings, warnings } = desk;
  const late = new LimitDesk(dirs, facts);
  const most = resources.pids?.limit;
  if (most !== undefined) {
    late.put("pids", "/linux/resources/pids/limit", inBoth("pids.max", most < 0 ? "max" : String(most)));
  }
  const handed = handDown([...desk.writes, ...late.writes], dirs, facts);
  return {
    writes: [...handed, ...desk.writes],
    late: late.writes,
    findings: [...findings, ...late.findings],
    warnings,
  };
}

/** Reads what `limitWrites` has to know. */
export function limitFacts(dirs: readonly CgroupDir[], { hierarchies }: CgroupFacts): LimitFacts {
  const above = dirs.filter(({ version }) => version === 2).flatMap(ancestors);
  const enabled = above.map((path) => [path, words(read(`${path}/cgroup.subtree_control`))] as const);
  const unified = dirs.find(({ version }) => version === 2);
  const used = unified === undefined ? undefined : read(`${unified.path}/memory.current`);
  return {
    mounted: hierarchies.flatMap(({ controllers }) => controllers),
    enabled: Object.fromEntries(enabled),
    used: used === undefined ? undefined : BigInt(used.trim()),
  };
}

/** v2: a cgroup has the files of those controllers that each cgroup above it hands down. The outermost is first. */
function handDown(writes: readonly LimitWrite[], dirs: readonly CgroupDir[], { enabled }: LimitFacts): LimitWrite[] {
  const handed: LimitWrite[] = [];
  for (const dir of dirs.filter(({ version }) => version === 2)) {
    const wanted = new Map<string, string>();
    for (const { path, from } of writes) {
      const file = path.startsWith(`${dir.path}/`) ? path.slice(dir.path.length + 1) : "";
      const controller = file.slice(0, file.indexOf("."));
      if (controller !== "" && !wanted.has(controller)) wanted.set(controller, from);
    }
    for (const above of ancestors(dir)) {
      for (const [controller, from] of wanted) {
        if (enabled[above]?.includes(controller)) continue;
        handed.push({ path: `${above}/cgroup.subtree_control`, data: `+${controller}`, from });
      }
    }
  }
  return handed;
}

/** From the mount point to the cgroup right above. */
function ancestors({ path, mountpoint }: CgroupDir): readonly string[] {
  const found: string[] = [];
  for (let above = path; above !== mountpoint && above !== "/"; ) {
    above = dirname(above);
    found.unshift(above);
  }
  return found;
}

function words(text = ""): readonly string[] {
  return text.split(/\s+/).filter(Boolean);
}
