// SPDX-License-Identifier: Apache-2.0
/** Rules about mounts with mapped ids. config.md#posix-platform-mounts, mount_setattr(2). */
import { quote } from "../kernel/quote.ts";
import type { Config, Mount } from "./config.ts";
import { pointer } from "./pointer.ts";
import { type Fault, namespaceOf, type Rule } from "./rule.ts";
import { mappingFaults } from "./rules-namespaces.ts";

export const IDMAP_RULES: readonly Rule[] = [
  {
    name: "mappings of a mount come in pairs and are ones the kernel accepts",
    spec: "config.md#posix-platform-mounts",
    reads: ["/mounts"],
    level: "error",
    check: (config) => each(config, mountMappings),
  },
  {
    name: "an id-mapped mount has mappings to use",
    spec: "config.md#linux-mount-options",
    reads: ["/mounts", "/linux/namespaces"],
    level: "error",
    check: (config) =>
      each(config, function* ({ options = [], uidMappings = [] }, path) {
        const index = options.findIndex(isIdmap);
        if (index < 0 || uidMappings.length > 0 || namespaceOf(config, "user") !== undefined) return;
        const message = `${quote(options[index] ?? "")} needs "uidMappings" and "gidMappings", or a user namespace`;
        yield { pointer: `${path}/options/${index}`, message };
      }),
  },
  {
    name: "an id-mapped mount is new, and the container's alone",
    spec: "config.md#posix-platform-mounts",
    reads: ["/mounts"],
    level: "error",
    check: (config) =>
      each(config, function* ({ type = "", options = [], uidMappings = [], gidMappings = [] }, path) {
        if (!options.some(isIdmap) && uidMappings.length === 0 && gidMappings.length === 0) return;
        const bound = options.includes("bind") || options.includes("rbind");
        if (options.includes("remount")) yield { pointer: path, message: "a mount that is there cannot be id-mapped" };
        else if (UNMAPPABLE.has(type) && !bound) {
          yield { pointer: path, message: `a filesystem of type ${quote(type)} cannot be id-mapped` };
        } else if (options.includes("tmpcopyup")) {
          yield { pointer: path, message: "tmpcopyup would copy owners that the mapping does not have" };
        }
      }),
  },
  {
    name: "a mount with mappings says idmap or ridmap",
    spec: "config.md#posix-platform-mounts",
    reads: ["/mounts"],
    level: "warning",
    check: (config) =>
      each(config, function* ({ options = [], uidMappings = [], gidMappings = [] }, path) {
        if (uidMappings.length === 0 || gidMappings.length === 0 || options.some(isIdmap)) return;
        const message = `is taken as with the option "idmap", which other runtimes need to see`;
        yield { pointer: `${path}/uidMappings`, message };
      }),
  },
];

/** The kernel's own filesystems, whose files belong to it. */
const UNMAPPABLE: ReadonlySet<string> = new Set(["proc", "sysfs", "mqueue", "devpts", "cgroup", "cgroup2"]);

function isIdmap(option: string): boolean {
  return option === "idmap" || option === "ridmap";
}

function* each(config: Config, check: (mount: Mount, path: string) => Iterable<Fault>): Iterable<Fault> {
  for (const [index, mount] of (config.mounts ?? []).entries()) yield* check(mount, pointer("mounts", index));
}

function* mountMappings({ uidMappings = [], gidMappings = [] }: Mount, path: string): Iterable<Fault> {
  if (uidMappings.length > 0 !== gidMappings.length > 0) {
    const [has, lacks] = uidMappings.length > 0 ? ["uidMappings", "gidMappings"] : ["gidMappings", "uidMappings"];
    yield { pointer: path, message: `"${has}" needs "${lacks}" as well` };
  }
  yield* mappingFaults(uidMappings, `${path}/uidMappings`);
  yield* mappingFaults(gidMappings, `${path}/gidMappings`);
}
