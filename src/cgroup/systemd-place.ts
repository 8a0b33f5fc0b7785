// SPDX-License-Identifier: Apache-2.0
/** `slice:prefix:name` → the unit of a container, and where its cgroup lies. systemd.slice(5), systemd.unit(5). Pure. */
import { ConfigError, type Finding } from "../errors/errors.ts";
import type { CgroupFacts, Hierarchy } from "../host/facts.ts";
import { quote } from "../kernel/quote.ts";
import { type CgroupDir, type CgroupPlace, hierarchiesInUse } from "./place.ts";

export interface UnitNames {
  readonly unit: string;
  readonly slice: string;
  /** What the description calls the container. */
  readonly name: string;
}

export interface UnitPlaceOptions {
  readonly cgroupsPath?: string | undefined;
  readonly id: string;
  readonly facts: CgroupFacts;
  /** The manager is that of a user, not the system's. */
  readonly user: boolean;
  /** The cgroup of a user's manager, in which all of its units are. */
  readonly controlGroup: string;
  /** The controllers that a user's manager has; undefined: all. */
  readonly controllers?: readonly string[] | undefined;
  readonly file: string;
}

export interface UnitPlace extends CgroupPlace, UnitNames {
  /** The directories that systemd makes; those of other hierarchies are ours to make. */
  readonly made: readonly string[];
}

/** The longest name of a unit, and what it is made of. */
const NAME_MAX = 255;
const NAME = /^[\w:.\\@-]+$/;

/** ConfigError: the path is not of that form, or systemd would refuse the names. */
export function placeUnit(options: UnitPlaceOptions): UnitPlace {
  const names = unitNames(options);
  const path = `${options.user ? options.controlGroup : ""}${sliceParts(names.slice)}/${names.unit}`;
  const dirs = hierarchiesInUse(options.facts).map((hierarchy) => dirIn(hierarchy, path, options));
  const made = dirs.filter(({ version, controllers }) => version === 2 || controllers.includes("name=systemd"));
  return { dirs, optional: false, made: made.map((dir) => dir.path), ...names };
}

function dirIn(hierarchy: Hierarchy, cgroup: string, { controllers: theirs }: UnitPlaceOptions): CgroupDir {
  const { version, mountpoint, root } = hierarchy;
  const shown = root !== "/" && cgroup.startsWith(`${root}/`) ? cgroup.slice(root.length) : cgroup;
  const path = `${mountpoint === "/" ? "" : mountpoint}${shown}`;
  const controllers = hierarchy.controllers.filter((name) => version === 1 || (theirs?.includes(name) ?? true));
  return { controllers, version, mountpoint, path, procs: `${path}/${version === 1 ? "tasks" : "cgroup.procs"}` };
}

function unitNames({ cgroupsPath, id, user, file }: UnitPlaceOptions): UnitNames {
  const asked = cgroupsPath === undefined || cgroupsPath === "" ? `:tsrun:${id}` : cgroupsPath;
  const parts = asked.split(":");
  const [parent = "", prefix = "", name = ""] = parts;
  const unit = `${prefix}-${name}.scope`;
  const slice = parent === "" ? (user ? "user.slice" : "system.slice") : parent;
  const wrong = [
    parts.length !== 3 && `expected "slice:prefix:name" for cgroups through systemd, found ${quote(asked)}`,
    !isSlice(slice) && `${quote(slice)} is no name of a slice: expected one such as "a.slice" or "a-b.slice"`,
    name.endsWith(".slice") && `${quote(name)} is a slice, in which systemd lets no process; name a scope`,
    !isName(unit) && `${quote(unit)} is no name of a unit: at most ${NAME_MAX} of letters, digits and ":-_.\\@"`,
  ].filter((message) => message !== false);
  const [message] = wrong;
  if (message !== undefined) throw new ConfigError(file, [finding(message)]);
  return { unit, slice, name };
}

/** `-.slice` is the root; the dashes of others are steps down: `a-b.slice` lies in `a.slice`. */
function isSlice(slice: string): boolean {
  return slice === "-.slice" || (isName(slice) && /^[^-]+(?:-[^-]+)*\.slice$/.test(slice) && slice !== ".slice");
}

function isName(unit: string): boolean {
  return unit.length <= NAME_MAX && NAME.test(unit);
}

function finding(message: string): Finding {
  return { pointer: "/linux/cgroupsPath", message, spec: "config-linux.md#cgroups-path" };
}

/** `a-b.slice` → `/a.slice/a-b.slice`, `-.slice` → nothing. */
function sliceParts(slice: string): string {
  if (slice === "-.slice") return "";
  const names = slice.slice(0, -".slice".length).split("-");
  return names.map((_, index) => `/${names.slice(0, index + 1).join("-")}.slice`).join("");
}
