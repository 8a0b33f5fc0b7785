// SPDX-License-Identifier: Apache-2.0
/** Rules about mounts. config.md#mounts. */
import { quote } from "../kernel/quote.ts";
import type { Config, Mount } from "./config.ts";
import { MOUNT_OPTION_NAMES } from "./mount-options.ts";
import { pointer } from "./pointer.ts";
import type { Fault, Rule } from "./rule.ts";

export const MOUNT_RULES: readonly Rule[] = [
  {
    name: "destinations are absolute",
    spec: "config.md#mounts",
    reads: ["/mounts"],
    level: "warning",
    check: (config) =>
      each(config, function* ({ destination }, path) {
        if (destination === "" || destination.startsWith("/")) return;
        const message = `${quote(destination)} is relative, which is deprecated; taken as ${quote(`/${destination}`)}`;
        yield { pointer: `${path}/destination`, message };
      }),
  },
  {
    name: "there is a destination",
    spec: "config.md#mounts",
    reads: ["/mounts"],
    level: "error",
    check: (config) =>
      each(config, function* ({ destination }, path) {
        if (destination !== "") return;
        yield { pointer: `${path}/destination`, message: "expected a path, found an empty string" };
      }),
  },
  {
    name: "a bind mount has a source",
    spec: "config.md#mounts",
    reads: ["/mounts"],
    level: "error",
    check: (config) =>
      each(config, function* (mount, path) {
        if (isBind(mount) && !mount.source) yield { pointer: path, message: `a bind mount needs a "source"` };
      }),
  },
  {
    name: "what is not a bind mount has a type",
    spec: "config.md#posix-platform-mounts",
    reads: ["/mounts"],
    level: "error",
    check: (config) =>
      each(config, function* (mount, path) {
        if (isBind(mount) || mount.type || mount.options?.includes("remount")) return;
        yield { pointer: path, message: `needs a "type", or "bind" or "rbind" in its options` };
      }),
  },
  {
    name: "a bind mount has no options for a file system",
    spec: "config.md#linux-mount-options",
    reads: ["/mounts"],
    level: "error",
    check: (config) =>
      each(config, function* (mount, path) {
        if (!isBind(mount)) return;
        for (const [index, option] of (mount.options ?? []).entries()) {
          if (option === "" || MOUNT_OPTION_NAMES.has(option)) continue;
          // Passed on, they would reconfigure the file system for all who have it mounted.
          const message = `${quote(option)} is not an option of bind mounts`;
          yield { pointer: `${path}/options/${index}`, message };
        }
      }),
  },
  {
    name: "the default file systems are there",
    spec: "config-linux.md#default-filesystems",
    reads: ["/mounts"],
    level: "warning",
    *check({ mounts = [] }): Iterable<Fault> {
      const destinations = new Set(mounts.map(({ destination }) => normal(destination)));
      const missing = ["/proc", "/sys", "/dev/pts", "/dev/shm"].filter((path) => !destinations.has(path));
      if (missing.length === 0) return;
      yield { pointer: mounts.length > 0 ? "/mounts" : "", message: `nothing is mounted on ${missing.join(", ")}` };
    },
  },
];

/** Whether the options make it a bind mount; its type has no say. */
export function isBind({ options = [] }: Mount): boolean {
  return options.includes("bind") || options.includes("rbind");
}

function* each(config: Config, check: (mount: Mount, path: string) => Iterable<Fault>): Iterable<Fault> {
  for (const [index, mount] of (config.mounts ?? []).entries()) yield* check(mount, pointer("mounts", index));
}

function normal(path: string): string {
  return `/${path
    .split("/")
    .filter((name) => name !== "" && name !== ".")
    .join("/")}`;
}
