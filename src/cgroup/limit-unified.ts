// SPDX-License-Identifier: Apache-2.0
/** linux.resources.unified: files of cgroup v2, by their names. config-linux.md#unified; the kernel's cgroup-v2. */
import { pointer } from "../config/pointer.ts";
import type { LimitDesk, LimitWrite } from "./limit-desk.ts";

/**
 * What is written after all other limits, so that it wins over them, as with runc; config/rules-resources.ts has
 * checked that the keys are names of files. The kernel takes a line at a time. What the cgroup's own files set
 * (`cgroup.max.depth`) needs no controller.
 */
export function unifiedWrites(unified: Readonly<Record<string, string>>, desk: LimitDesk): readonly LimitWrite[] {
  return Object.entries(unified).flatMap(([file, value]) => {
    const from = pointer("linux", "resources", "unified", file);
    const controller = file.slice(0, file.indexOf("."));
    const dir = controller === "cgroup" ? desk.unified() : desk.dirOf(controller);
    if (dir?.version === 1) {
      const message = `the controller "${controller}" is one of cgroup v1 on this host: use the properties of /linux/resources that are made for it`;
      desk.refuse(from, message);
      return [];
    }
    if (dir === undefined) {
      desk.refuse(from, controller === "cgroup" ? "needs cgroup v2" : desk.absence(controller));
      return [];
    }
    const path = `${dir.path}/${file}`;
    const lines = value.includes("\n") ? value.split("\n").filter((line) => line !== "") : [value];
    return lines.map((data) => ({ path, data, from }));
  });
}

/** Which limits of the other properties are overwritten with something else. */
export function overridden(unified: readonly LimitWrite[], others: readonly LimitWrite[]): readonly string[] {
  return unified.flatMap(({ path, data, from }) => {
    const other = others.find((one) => one.path === path && one.data !== data && !one.data.includes(":"));
    return other === undefined ? [] : [`${from} is written after ${other.from}, and takes its place`];
  });
}
