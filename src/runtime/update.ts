// SPDX-License-Identifier: Apache-2.0
/** `update`: other limits and rules for a container that is there. What is not asked for stays as it is. */
import { read } from "../cgroup/files.ts";
import type { LimitWrite } from "../cgroup/limit-desk.ts";
import { limitFacts } from "../cgroup/limit-facts.ts";
import { limitWrites } from "../cgroup/limits.ts";
import type { CgroupDir } from "../cgroup/place.ts";
import type { Config, Resources } from "../config/config.ts";
import { parseJson, printJson } from "../config/json.ts";
import { probeCgroup } from "../host/probe-cgroup.ts";
import { type Held, withHeld } from "../state/hold.ts";
import { readConfigOf, replaceConfig } from "../state/store.ts";
import { readRunning } from "./pause.ts";
import type { ContainerRecord } from "./record.ts";
import { type Change, makeAll, writeChange } from "./update-changes.ts";
import { checkResources, nameOf, type ResourceSource, refuse } from "./update-check.ts";
import { deviceChange } from "./update-devices.ts";
import { askedFor, type Bandwidth, completed, mergeResources } from "./update-merge.ts";
import { type RdtLines, rdtUpdate } from "./update-rdt.ts";
import { withUnit } from "./update-unit.ts";

export interface UpdateOptions {
  /** How errors call the resources, and their parts: `{ file: "limits.json" }`. */
  readonly source?: ResourceSource;
  /** Lines for the container's group of resctrl. */
  readonly intelRdt?: RdtLines;
}

export interface UpdateWish extends UpdateOptions {
  readonly root: string;
  readonly id: string;
  readonly resources: Resources;
  readonly warn: (warning: string) => void;
}

/**
 * All of it, or nothing as far as the kernel lets limits be taken back.
 *
 * ConfigError: every finding about the resources. StateError ETSRUN_NOT_RUNNING. SyscallError, with the property.
 */
export async function updateContainer(wish: UpdateWish): Promise<void> {
  const { root, id, resources, intelRdt = {}, warn } = wish;
  const source = wish.source ?? { file: "resources" };
  for (const { pointer, message } of checkResources(resources, source)) warn(`${source.file}: ${pointer}: ${message}`);
  await withHeld(root, id, async (held) => {
    const record = readRunning(root, id);
    const config = parseJson(readConfigOf(root, id)) as Config;
    const update: Update = { held, record, config, asked: askedFor(resources), source, warn };
    const rdt = rdtUpdate({ held, record, config, lines: intelRdt, source });
    await perform(update, rdt.changes, { ...config.linux, ...(rdt.intelRdt && { intelRdt: rdt.intelRdt }) });
  });
}

interface Update {
  readonly held: Held;
  readonly record: ContainerRecord;
  readonly config: Config;
  readonly asked: Resources;
  readonly source: ResourceSource;
  readonly warn: (warning: string) => void;
}

/** Everything is known before the first change is made. */
async function perform(update: Update, rdt: readonly Change[], linux: NonNullable<Config["linux"]>): Promise<void> {
  const { record, asked, source, warn } = update;
  const kept = update.config.linux?.resources ?? {};
  const merged = mergeResources(kept, asked);
  const writes = limitsOf(update, merged);
  const devices = deviceChange({ record, kept: kept.devices, asked: asked.devices, source, warn });
  const last = [...(devices ? [devices] : []), ...rdt, keep(update, { ...linux, resources: merged })];
  const files = (list: readonly LimitWrite[]) =>
    list.map((write) => writeChange(write, propertyName(write.from, update)));
  const { systemd } = record;
  if (systemd === undefined) return makeAll([...files(writes), ...last], warn);
  const wish = { record: systemd, writes, closes: devices?.closes === true };
  return withUnit(wish, ({ change, writes: ours }) =>
    makeAll([...(change ? [change] : []), ...files(ours), ...last], warn),
  );
}

/** ConfigError for what no hierarchy of the container can keep. */
function limitsOf({ record: { cgroups }, asked, source, warn }: Update, kept: Resources): readonly LimitWrite[] {
  const wanted = completed(asked, kept, bandwidthOf(cgroups));
  const facts = limitFacts(cgroups, probeCgroup(), wanted);
  const { writes, late, findings, warnings } = limitWrites(wanted, cgroups, facts);
  refuse(findings, source);
  for (const warning of warnings) warn(warning.replace(/\/linux\/resources\/\S+/g, (place) => nameOf(place, source)));
  return [...writes, ...late];
}

/** The caller's word for a property, or its place in the file. */
function propertyName(from: string, { source }: Update): string {
  const name = nameOf(from, source);
  return name.startsWith("/") ? `${name} of ${source.file}` : name;
}

/** The times that the cgroup has by its own files; a quota of -1 is none. */
function bandwidthOf(cgroups: readonly CgroupDir[]): Bandwidth {
  const dir = cgroups.find(({ controllers }) => controllers.includes("cpu"));
  if (dir === undefined) return {};
  const file = (name: string) => read(`${dir.path}/${name}`)?.trim();
  const [quota, period] =
    dir.version === 2
      ? (file("cpu.max") ?? "").split(" ")
      : [file("cpu.cfs_quota_us") ?? "", file("cpu.cfs_period_us") ?? ""];
  if (!quota || !period) return {};
  return { quota: quota === "max" ? -1 : Number(quota), period: Number(period) };
}

/** The kept config.json: what commands that come later read. */
function keep({ held, config }: Update, linux: NonNullable<Config["linux"]>): Change {
  return {
    make: () => replaceConfig(held, printJson({ ...config, linux })),
    takeBack: () => replaceConfig(held, printJson(config)),
  };
}
