// SPDX-License-Identifier: Apache-2.0
/** Rules about namespaces, id mappings and clocks. config-linux.md#namespaces and the sections after it. */
import { quote } from "../kernel/quote.ts";
import type { Config, IdMapping } from "./config.ts";
import { pointer } from "./pointer.ts";
import { type Fault, isNew, linuxOf, namespaceOf, processOf, type Rule, repeated } from "./rule.ts";
import { LAST_ID } from "./rules-ids.ts";

type Side = "uidMappings" | "gidMappings";
const SIDES: readonly Side[] = ["uidMappings", "gidMappings"];
const MAPPINGS = ["/linux/uidMappings", "/linux/gidMappings"];
/** The most lines of a uid_map, user_namespaces(7). */
const EXTENTS_MAX = 340;
const CLOCKS = ["boottime", "monotonic"];

export const NAMESPACE_RULES: readonly Rule[] = [
  {
    name: "each type of namespace is listed once",
    spec: "config-linux.md#namespaces",
    reads: ["/linux/namespaces"],
    level: "error",
    *check(config): Iterable<Fault> {
      const types = (linuxOf(config).namespaces ?? []).map(({ type }) => type);
      for (const [index, first] of repeated(types)) {
        const message = `${types[index]} is listed already by ${pointer("linux", "namespaces", first)}`;
        yield { pointer: pointer("linux", "namespaces", index, "type"), message };
      }
    },
  },
  {
    name: "paths of namespaces are absolute",
    spec: "config-linux.md#namespaces",
    reads: ["/linux/namespaces"],
    level: "error",
    *check(config): Iterable<Fault> {
      for (const [index, { path }] of (linuxOf(config).namespaces ?? []).entries()) {
        if (!path || path.startsWith("/")) continue;
        const message = `expected an absolute path, found ${quote(path)}`;
        yield { pointer: pointer("linux", "namespaces", index, "path"), message };
      }
    },
  },
  {
    name: "mappings belong to a user namespace, and a new one has them",
    spec: "config-linux.md#user-namespace-mappings",
    reads: ["/linux/namespaces", ...MAPPINGS],
    level: "error",
    *check(config): Iterable<Fault> {
      const user = namespaceOf(config, "user");
      for (const side of SIDES) {
        const isMapped = (linuxOf(config)[side] ?? []).length > 0;
        if (isMapped && user === undefined) {
          yield { pointer: pointer("linux", side), message: "needs a user namespace in /linux/namespaces" };
        } else if (!isMapped && isNew(user)) {
          yield { pointer: "/linux", message: `the new user namespace needs "${side}"` };
        }
      }
    },
  },
  {
    name: "a joined user namespace keeps its mappings",
    spec: "config-linux.md#user-namespace-mappings",
    reads: ["/linux/namespaces", ...MAPPINGS],
    // No error: podman writes a mapping that means nothing, because runc 1.1 asks for one.
    level: "warning",
    *check(config): Iterable<Fault> {
      const path = namespaceOf(config, "user")?.path;
      for (const side of SIDES) {
        if (!path || (linuxOf(config)[side] ?? []).length === 0) continue;
        const message = `has no effect: the user namespace ${quote(path)} is joined and has mappings of its own`;
        yield { pointer: pointer("linux", side), message };
      }
    },
  },
  {
    name: "mappings are ones the kernel accepts",
    spec: "config-linux.md#user-namespace-mappings",
    reads: MAPPINGS,
    level: "error",
    *check(config): Iterable<Fault> {
      for (const side of SIDES) yield* mappingFaults(linuxOf(config)[side] ?? [], pointer("linux", side));
    },
  },
  {
    name: "the ids of the process are mapped",
    spec: "config-linux.md#user-namespace-mappings",
    reads: ["/linux/namespaces", "/process/user", ...MAPPINGS],
    level: "error",
    check: unmappedIds,
  },
  {
    name: "offsets of clocks belong to a new time namespace",
    spec: "config-linux.md#offset-for-time-namespace",
    reads: ["/linux/namespaces", "/linux/timeOffsets"],
    level: "error",
    *check(config): Iterable<Fault> {
      const { timeOffsets = {} } = linuxOf(config);
      if (Object.keys(timeOffsets).length === 0) return;
      const time = namespaceOf(config, "time");
      if (time === undefined) {
        yield { pointer: "/linux/timeOffsets", message: "needs a time namespace in /linux/namespaces" };
      } else if (!isNew(time)) {
        const message = `the time namespace ${quote(time.path ?? "")} is joined and has offsets of its own`;
        yield { pointer: "/linux/timeOffsets", message };
      }
    },
  },
  {
    name: "offsets are for clocks that have one",
    spec: "config-linux.md#offset-for-time-namespace",
    reads: ["/linux/timeOffsets"],
    level: "error",
    *check(config): Iterable<Fault> {
      for (const [clock, offset] of Object.entries(linuxOf(config).timeOffsets ?? {})) {
        const path = pointer("linux", "timeOffsets", clock);
        if (!CLOCKS.includes(clock)) {
          yield { pointer: path, message: `expected one of ${CLOCKS.join(", ")}, found ${quote(clock)}` };
        } else if ((offset.nanosecs ?? 0) > 999_999_999) {
          yield { pointer: `${path}/nanosecs`, message: `expected at most 999999999, found ${offset.nanosecs}` };
        }
      }
    },
  },
];

/** What user_namespaces(7) demands of the lines of a map. For mounts as well. */
export function* mappingFaults(mappings: readonly IdMapping[], path: string): Iterable<Fault> {
  if (mappings.length > EXTENTS_MAX) {
    yield { pointer: path, message: `expected at most ${EXTENTS_MAX} entries, found ${mappings.length}` };
  }
  for (const [index, { containerID, hostID, size }] of mappings.entries()) {
    if (size === 0) yield { pointer: `${path}/${index}/size`, message: "expected at least 1, found 0" };
    if (Math.max(containerID, hostID) + size - 1 > LAST_ID) {
      yield { pointer: `${path}/${index}`, message: `goes beyond the last id, ${LAST_ID}` };
    }
  }
  for (const end of ["containerID", "hostID"] as const) {
    const sorted = [...mappings.entries()].sort(([, a], [, b]) => a[end] - b[end]);
    for (const [position, [index, mapping]] of sorted.entries()) {
      const [before, range] = sorted[position - 1] ?? [];
      if (range === undefined || range[end] + range.size <= mapping[end]) continue;
      const [first, second] = [before ?? 0, index].sort((a, b) => a - b);
      yield { pointer: `${path}/${second}/${end}`, message: `the range overlaps that of ${path}/${first}` };
    }
  }
}

function* unmappedIds(config: Config): Iterable<Fault> {
  if (!isNew(namespaceOf(config, "user"))) return;
  const { uidMappings, gidMappings } = linuxOf(config);
  const { uid = 0, gid = 0, additionalGids = [] } = processOf(config).user ?? {};
  const ids: readonly (readonly [number, readonly IdMapping[] | undefined, string])[] = [
    [uid, uidMappings, "uid"],
    [gid, gidMappings, "gid"],
    ...additionalGids.map((id, index) => [id, gidMappings, `additionalGids/${index}`] as const),
  ];
  if (config.process === undefined) return;
  for (const [id, mappings = [], path] of ids) {
    const isMapped = mappings.some(({ containerID, size }) => id >= containerID && id < containerID + size);
    // Without mappings another rule has spoken.
    if (isMapped || mappings.length === 0) continue;
    yield { pointer: `/process/user/${path}`, message: `${id} is not mapped in the container's user namespace` };
  }
}
