// SPDX-License-Identifier: Apache-2.0
/** linux.resources → what is written to the files of the container's cgroup, in that order. `limitWrites` is pure. */
import type { Config, Resources } from "../config/config.ts";
import { ConfigError, type Finding } from "../errors/errors.ts";
import type { CgroupFacts } from "../host/facts.ts";
import { blockIoWrites } from "./limit-block-io.ts";
import { cpuWrites } from "./limit-cpu.ts";
import { inBoth, LimitDesk, type LimitFacts, type LimitWrite } from "./limit-desk.ts";
import { ancestors, limitFacts } from "./limit-facts.ts";
import { hugepageWrites } from "./limit-hugepages.ts";
import { memoryWrites } from "./limit-memory.ts";
import { networkWrites } from "./limit-network.ts";
import { rdmaWrites } from "./limit-rdma.ts";
import { overridden, unifiedWrites } from "./limit-unified.ts";
import type { CgroupDir } from "./place.ts";

/** A directory with what is written for it, as the plan has it. */
export interface LimitedDir extends CgroupDir {
  readonly writes?: readonly LimitWrite[];
  readonly late?: readonly LimitWrite[];
}

/**
 * The resources as their writer means them. Before 1.3 the specification had no word on a limit of 0 processes, which
 * engines write for none: podman 4 does for --pids-limit=-1. From then on it is one, and nothing can fork.
 */
export function meantResources({ ociVersion, linux }: Config): Resources | undefined {
  const resources = linux?.resources;
  if (resources?.pids?.limit !== 0) return resources;
  const [major = 0, minor = 0] = ociVersion.split(".").map(Number);
  if (major > 1 || (major === 1 && minor >= 3)) return resources;
  const { pids: _none, ...limited } = resources;
  return limited;
}

/** Throws ConfigError for a limit that no hierarchy can keep. Nothing is read when nothing is limited. */
export function limitDirs(
  dirs: readonly CgroupDir[],
  resources: Resources = {},
  facts: CgroupFacts,
  file: string,
  warn: (warning: string) => void,
): readonly LimitedDir[] {
  if (!KINDS.some((kind) => resources[kind] !== undefined)) return dirs;
  const { writes, late, findings, warnings } = limitWrites(resources, dirs, limitFacts(dirs, facts, resources));
  if (findings.length > 0) throw new ConfigError(file, findings);
  for (const warning of warnings) warn(warning);
  return dirs.map((dir, index) => (index === 0 ? { ...dir, writes, late } : dir));
}

const KINDS = ["memory", "cpu", "pids", "blockIO", "hugepageLimits", "network", "rdma", "unified"] as const;

export interface Limits {
  /** Before the first process is in the cgroup. */
  readonly writes: readonly LimitWrite[];
  /** When all processes that the runtime itself needs are there: a limit of their number would count those too. */
  readonly late: readonly LimitWrite[];
  /** What the hierarchies cannot do. */
  readonly findings: readonly Finding[];
  readonly warnings: readonly string[];
}

/** The same for a new cgroup and for one that holds a running container: `facts.present` tells them apart. */
export function limitWrites(resources: Resources, dirs: readonly CgroupDir[], facts: LimitFacts): Limits {
  const { memory, blockIO, cpu, hugepageLimits, network, rdma, unified = {} } = resources;
  const desk = new LimitDesk(dirs, facts);
  if (memory !== undefined) memoryWrites(memory, desk);
  if (blockIO !== undefined) blockIoWrites(blockIO, desk);
  if (cpu !== undefined) cpuWrites(cpu, desk);
  if (hugepageLimits !== undefined) hugepageWrites(hugepageLimits, desk);
  if (network !== undefined) networkWrites(network, desk);
  if (rdma !== undefined) rdmaWrites(rdma, desk);
  const late = new LimitDesk(dirs, facts);
  const most = resources.pids?.limit;
  if (most !== undefined) {
    late.put("pids", "/linux/resources/pids/limit", inBoth("pids.max", most < 0 ? "max" : String(most)));
  }
  const last = unifiedWrites(unified, desk);
  const warnings = [...desk.warnings, ...overridden(last, [...desk.writes, ...late.writes])];
  desk.writes.push(...last.filter(({ path }) => !isLate(path)));
  late.writes.push(...last.filter(({ path }) => isLate(path)));
  const handed = handDown([...desk.writes, ...late.writes], dirs, facts);
  return {
    writes: [...handed, ...desk.writes],
    late: late.writes,
    findings: [...desk.findings, ...late.findings],
    warnings,
  };
}

function isLate(path: string): boolean {
  return path.endsWith("/pids.max");
}

/** v2: a cgroup has the files of those controllers that each cgroup above it hands down. The outermost is first. */
function handDown(writes: readonly LimitWrite[], dirs: readonly CgroupDir[], { enabled }: LimitFacts): LimitWrite[] {
  const handed: LimitWrite[] = [];
  for (const dir of dirs.filter(({ version }) => version === 2)) {
    const wanted = new Map<string, string>();
    for (const { path, from } of writes) {
      const file = path.startsWith(`${dir.path}/`) ? path.slice(dir.path.length + 1) : "";
      const controller = file.slice(0, file.indexOf("."));
      if (controller !== "" && controller !== "cgroup" && !wanted.has(controller)) wanted.set(controller, from);
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
