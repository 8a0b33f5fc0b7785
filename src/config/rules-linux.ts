// SPDX-License-Identifier: Apache-2.0
/** Rules about devices, kernel parameters, paths, the cgroup and the personality. config-linux.md. */
import { quote } from "../kernel/quote.ts";
import type { Config, NamespaceKind } from "./config.ts";
import { pointer } from "./pointer.ts";
import { type Fault, linuxOf, namespaceOf, type Rule, repeated } from "./rule.ts";
import { sysctlNamespace, sysctlPath } from "./sysctl.ts";

/** The kernel's dev_t has 12 bits for the major number and 20 for the minor one. */
const MAJOR_MAX = 4095;
const MINOR_MAX = 1048575;

export const LINUX_RULES: readonly Rule[] = [
  {
    name: "devices have absolute paths and numbers",
    spec: "config-linux.md#devices",
    reads: ["/linux/devices"],
    level: "error",
    check: deviceFaults,
  },
  {
    name: "each device path is listed once",
    spec: "config-linux.md#devices",
    reads: ["/linux/devices"],
    level: "warning",
    *check(config): Iterable<Fault> {
      const seen = new Map<string, number>();
      for (const [index, { path }] of (linuxOf(config).devices ?? []).entries()) {
        const first = seen.get(path);
        if (first === undefined) seen.set(path, index);
        else
          yield {
            pointer: pointer("linux", "devices", index, "path"),
            message: `${quote(path)} is listed already by ${pointer("linux", "devices", first)}`,
          };
      }
    },
  },
  {
    name: "kernel parameters belong to the container's namespaces",
    spec: "config-linux.md#sysctl",
    reads: ["/linux/sysctl", "/linux/namespaces"],
    level: "error",
    *check(config): Iterable<Fault> {
      for (const key of Object.keys(linuxOf(config).sysctl ?? {})) {
        const message = sysctlFault(config, key);
        if (message !== undefined) yield { pointer: pointer("linux", "sysctl", key), message };
      }
    },
  },
  {
    name: "a kernel parameter has one value",
    spec: "config-linux.md#sysctl",
    reads: ["/linux/sysctl"],
    level: "error",
    *check(config): Iterable<Fault> {
      const { sysctl = {} } = linuxOf(config);
      const keys = Object.keys(sysctl);
      for (const [index, first] of repeated(keys.map(sysctlPath))) {
        const [key = "", other = ""] = [keys[index], keys[first]];
        if (sysctl[key] === sysctl[other]) continue;
        const message = `${quote(other)} is the same parameter, and has another value`;
        yield { pointer: pointer("linux", "sysctl", key), message };
      }
    },
  },
  pathRule("maskedPaths", "config-linux.md#masked-paths"),
  pathRule("readonlyPaths", "config-linux.md#readonly-paths"),
  {
    name: "the cgroup lies in its hierarchy",
    spec: "config-linux.md#cgroups-path",
    reads: ["/linux/cgroupsPath"],
    level: "error",
    *check(config): Iterable<Fault> {
      const { cgroupsPath = "" } = linuxOf(config);
      if (!cgroupsPath.split("/").includes("..")) return;
      yield { pointer: "/linux/cgroupsPath", message: `expected a path without "..", found ${quote(cgroupsPath)}` };
    },
  },
  {
    name: "the personality has no flags",
    spec: "config-linux.md#personality",
    reads: ["/linux/personality"],
    level: "error",
    *check(config): Iterable<Fault> {
      for (const [index, flag] of (linuxOf(config).personality?.flags ?? []).entries()) {
        const message = `${quote(flag)} is not a flag: the specification has none yet`;
        yield { pointer: pointer("linux", "personality", "flags", index), message };
      }
    },
  },
  {
    name: "the propagation of the root has a mount namespace to act in",
    spec: "config-linux.md#rootfs-mount-propagation",
    reads: ["/linux/rootfsPropagation", "/linux/namespaces"],
    level: "error",
    *check(config): Iterable<Fault> {
      if (linuxOf(config).rootfsPropagation !== undefined) {
        yield* needs(config, "mount", "/linux/rootfsPropagation", "it would change the host's mounts");
      }
    },
  },
];

function* deviceFaults(config: Config): Iterable<Fault> {
  for (const [index, device] of (linuxOf(config).devices ?? []).entries()) {
    const at = pointer("linux", "devices", index);
    if (!device.path.startsWith("/")) {
      yield { pointer: `${at}/path`, message: `expected an absolute path, found ${quote(device.path)}` };
    }
    for (const [part, max] of [
      ["major", MAJOR_MAX],
      ["minor", MINOR_MAX],
    ] as const) {
      const number = device[part];
      if (number === undefined) {
        if (device.type !== "p") yield { pointer: at, message: `a device of type ${device.type} needs "${part}"` };
      } else if (number < 0 || number > max) {
        yield { pointer: `${at}/${part}`, message: `expected 0 to ${max}, found ${number}` };
      }
    }
  }
}

function sysctlFault(config: Config, key: string): string | undefined {
  const path = sysctlPath(key);
  if (path.split("/").some((name) => name === "" || name === "." || name === "..")) {
    return `expected the name of a kernel parameter, found ${quote(key)}`;
  }
  if (path === "kernel/hostname") return `set "hostname" instead: two of them could disagree`;
  const kind = sysctlNamespace(path);
  if (kind === undefined) return "belongs to no namespace: it would be changed for the whole machine";
  const isOwn = namespaceOf(config, kind) !== undefined;
  return isOwn
    ? undefined
    : `needs a ${kind} namespace in /linux/namespaces: without one it would be changed on the host`;
}

function pathRule(property: "maskedPaths" | "readonlyPaths", spec: string): Rule {
  return {
    name: `${property} are absolute, and only in a mount namespace`,
    spec,
    reads: [`/linux/${property}`, "/linux/namespaces"],
    level: "error",
    *check(config): Iterable<Fault> {
      const paths = linuxOf(config)[property] ?? [];
      if (paths.length > 0) {
        yield* needs(config, "mount", `/linux/${property}`, "the paths would change on the host");
      }
      for (const [index, path] of paths.entries()) {
        if (path.startsWith("/")) continue;
        const message = `expected an absolute path, found ${quote(path)}`;
        yield { pointer: pointer("linux", property, index), message };
      }
    },
  };
}

function* needs(config: Config, kind: NamespaceKind, path: string, otherwise: string): Iterable<Fault> {
  if (namespaceOf(config, kind) !== undefined) return;
  yield { pointer: path, message: `needs a ${kind} namespace in /linux/namespaces: without one ${otherwise}` };
}
