// SPDX-License-Identifier: Apache-2.0
/** Mounts that only mount(2) can make or change: remounts, and filesystems with options that fsconfig(2) does not take. */
import { MS } from "../kernel/mount.ts";
import { O } from "../kernel/open.ts";
import { flags, int, NULL, ref, string } from "../plan/operands.ts";
import type { Call, Step } from "../plan/step.ts";
import { inputs } from "./bootstrap.ts";
import { setAttributes } from "./mount-attributes.ts";
import { coveredMode, type MountJob, targetResolve } from "./mount-job.ts";
import { labelOf } from "./mount-label.ts";
import { mountFlags, type ParsedOptions } from "./mount-options.ts";
import { openInRoot, openTarget } from "./paths.ts";
import { close } from "./scope.ts";

/** fsconfig(2) takes values of at most 255 bytes; mount(2) a page. */
const FSCONFIG_VALUE_BYTES = 255;
/** More than the image ever holds open at once, beside its inputs, and a source and a mapping for each mount. */
const OWN_FDS = 64;

/** Only mount(2) knows `iversion` and `silent`, values that are too long, and commas in values. */
export function needsClassic(options: ParsedOptions): boolean {
  if (options.superFlags.some((option) => option.on && option.parameter === null)) return true;
  return options.data.some(isLongOrQuoted);
}

function isLongOrQuoted(option: string): boolean {
  return option.length > FSCONFIG_VALUE_BYTES || option.includes('"') || option.includes("\\");
}

/** A filesystem on the place of the mount, which is made if it is missing. */
export function classicMount(job: MountJob): Step[] {
  const { make, mount, options, path } = job;
  if (options.tmpcopyup) return copyRefused(job);
  const bits = coveredMode(job);
  // A category list has commas, which only quotes keep together.
  const label = labelOf(job.scope, mount.type ?? "", options.data).map(([key, value]) => `${key}="${value}"`);
  const data = [...options.data, ...(bits === undefined ? [] : [`mode=${bits.toString(8)}`]), ...label];
  return [
    ...openTarget(make, { path, kind: "directory", name: "target", resolve: targetResolve(job) }),
    ...mountOver(job, { type: mount.type, bits: mountFlags(options), data }),
    close(make, "target"),
    ...reopened(job),
  ];
}

/** What mount(2) makes can be seen at once, and what it covers no more: nothing can be copied from there in safety. */
function copyRefused({ scope, index }: MountJob): Step[] {
  const message =
    "has tmpcopyup and what only mount(2) takes (iversion, silent, a quoted value or one of more than 255 bytes): leave out either";
  scope.findings.push({ pointer: `/mounts/${index}/options`, message, spec: "config.md#linux-mount-options" });
  return [];
}

/** Changes what is mounted there, a directory or a file; nothing is made. */
export function remount(job: MountJob): Step[] {
  const { make, options } = job;
  const bind = options.bind === null ? 0 : MS.MS_BIND;
  const type = options.bind === null ? job.mount.type : undefined;
  return [
    openMounted(job),
    ...mountOver(job, { type, bits: mountFlags(options) | MS.MS_REMOUNT | bind, data: options.data }),
    ...setAttributes(make, "target", options, { set: 0, clear: 0 }),
    close(make, "target"),
  ];
}

interface ClassicMount {
  readonly type: string | undefined;
  readonly bits: number;
  readonly data: readonly string[];
}

/** mount(2) on a fixed descriptor of the resolved `$target`, so that no path is walked again. */
function mountOver(job: MountJob, { type, bits, data }: ClassicMount): Call[] {
  const { make, mount } = job;
  const text = (value: string | undefined) => (value === undefined || value === "" ? NULL : string(value));
  const fixed = fixedFd(job);
  const place = string(`/proc/self/fd/${fixed}`);
  return [
    make("dup3", [ref("target"), int(fixed), flags(O, O.O_CLOEXEC)]),
    make("mount", [text(mount.source), place, text(type), flags(MS, bits), text(data.join(","))]),
    make("close", [int(fixed)]),
  ];
}

/** A number that nothing has: above the preserved descriptors and all that the image opens. */
function fixedFd({ scope }: MountJob): number {
  const mounts = scope.config.mounts?.length ?? 0;
  return Math.max(255, Math.max(...Object.values(inputs(scope))) + OWN_FDS + 2 * mounts);
}

/** What mount(2) cannot say with the rest: recursive attributes and propagation. */
function reopened(job: MountJob): Call[] {
  const steps = setAttributes(job.make, "target", job.options, { set: 0, clear: 0 });
  return steps.length === 0 ? [] : [openMounted(job), ...steps, close(job.make, "target")];
}

/** `$target`: the mount that lies uppermost there. */
function openMounted(job: MountJob): Call {
  return openInRoot(job.make, job.path.join("/"), { name: "target", flags: 0, resolve: targetResolve(job) });
}
