// SPDX-License-Identifier: Apache-2.0
/** Differential cases of mount targets, of config.md#root, and of config-linux.md's masked and read-only paths. */
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Case } from "./differential.ts";
import { ALIVE, bind, mounts, source, tmpfs } from "./differential-mounts.ts";

const TARGET_CASES: readonly Case[] = [
  {
    name: "targets through symlinks stay in the rootfs",
    edit: mounts([tmpfs("/link/inside"), tmpfs("/relative"), tmpfs("/escape/deep")], ({ rootfs }) => {
      symlinkSync("/opt", join(rootfs, "link"));
      symlinkSync("srv/made", join(rootfs, "relative"));
      symlinkSync("../../../../home", join(rootfs, "escape"));
      mkdirSync(join(rootfs, "srv/made"));
    }),
    ask: ["list=/opt", "list=/srv", "list=/home"],
  },
  {
    name: "a symlink at the end of a target that leads nowhere",
    edit: mounts([tmpfs("/dangling")], ({ rootfs }) => symlinkSync("/opt/made/here", join(rootfs, "dangling"))),
    ask: ["list=/opt"],
  },
  {
    name: "mounts in mounts",
    differs: {
      "listed./srv/a/b/inner.mode":
        "a target inside another mount is not known before the start: tmpfs has its own mode, as with crun",
    },
    edit: mounts([tmpfs("/srv"), tmpfs("/srv/a"), bind("source", "/srv/a/b", "bind"), tmpfs("/srv/a/b/inner")], source),
    ask: ["list=/srv"],
  },
  {
    name: "a later mount covers an earlier one",
    edit: mounts([tmpfs("/mnt", "size=1m"), tmpfs("/mnt", "size=2m")]),
  },
  { name: "a target with .. and slashes", edit: mounts([tmpfs("/srv//a/../b/./c/")]), ask: ["list=/srv"] },
  {
    name: "a target with spaces and letters of other alphabets",
    edit: mounts([tmpfs("/srv/with space"), tmpfs("/srv/žluť")]),
    ask: ["list=/srv"],
  },
  {
    name: "a target inside of /proc that is no known one",
    edit: mounts([bind("source", "/proc/irq", "bind")], source),
    refused: true,
  },
  { name: "the modes of targets that are made, for an ordinary user", as: "user", edit: mounts([tmpfs("/srv/a/b")]) },
];

const ROOT_CASES: readonly Case[] = [
  {
    name: "root.readonly",
    edit: (spec) => {
      spec.root.readonly = true;
    },
    ask: ["try=/", "try=/etc/passwd", "try=/dev", "try=/proc/sys"],
  },
  {
    name: "root.readonly and targets that are made",
    edit: (spec) => {
      spec.root.readonly = true;
      spec.mounts.push(tmpfs("/srv/a/b"));
    },
    ask: ["try=/srv/a/b", "try=/srv/a"],
  },
  {
    name: "root.readonly of an ordinary user",
    as: "user",
    edit: (spec) => {
      spec.root.readonly = true;
    },
    ask: ["try=/"],
  },
  {
    name: "root.path is absolute",
    edit: (spec, { rootfs }) => {
      spec.root.path = rootfs;
    },
  },
  {
    name: "a rootfs that is a mount with flags",
    prelude: "mount --bind rootfs rootfs; mount -o remount,bind,nosuid,nodev rootfs",
  },
  { name: "--no-pivot", options: ["--no-pivot"] },
  ...(["private", "slave", "rprivate", "rslave"] as const).map(
    (rootfsPropagation): Case => ({
      name: `rootfsPropagation ${rootfsPropagation}`,
      edit: (spec) => {
        spec.linux.rootfsPropagation = rootfsPropagation;
      },
      prelude: "mount --make-rshared /",
      wrap: ALIVE,
    }),
  ),
];

const PATH_CASES: readonly Case[] = [
  {
    name: "maskedPaths: a file, a directory, one that is missing",
    edit: (spec) => {
      spec.linux.maskedPaths = ["/bin/busybox", "/opt", "/usr", "/proc/meminfo", "/no/such/path"];
    },
    ask: ["/bin/busybox", "/opt", "/usr", "/proc/meminfo"].map((path) => `try=${path}`),
  },
  {
    name: "maskedPaths and readonlyPaths through symlinks",
    differs: { "mounts./etc/hosts#0": "how a path is masked is the runtime's own choice" },
    edit: (spec, { rootfs }) => {
      symlinkSync("/etc", join(rootfs, "srv/etc"));
      spec.linux.maskedPaths = ["/srv/etc/hosts"];
      spec.linux.readonlyPaths = ["/srv/etc/group"];
    },
    ask: ["try=/etc/hosts", "try=/etc/group"],
  },
  {
    name: "readonlyPaths: a file, a directory, one that is missing",
    edit: (spec) => {
      spec.linux.readonlyPaths = ["/etc/passwd", "/home", "/proc/sys", "/no/such/path"];
    },
    ask: ["/etc/passwd", "/home", "/home/user", "/proc/sys/kernel/hostname"].map((path) => `try=${path}`),
  },
  {
    name: "a path that is masked and read-only",
    edit: (spec) => {
      spec.linux.maskedPaths = ["/home"];
      spec.linux.readonlyPaths = ["/home"];
    },
    ask: ["try=/home"],
  },
  {
    name: "no masks in a pid namespace",
    edit: (spec) => {
      spec.linux.maskedPaths = [];
      spec.linux.readonlyPaths = [];
    },
    ask: ["try=/proc/sys/kernel/hostname", "try=/proc/keys", "try=/proc/irq"],
  },
];

export const ROOTFS_CASES: readonly Case[] = [...TARGET_CASES, ...ROOT_CASES, ...PATH_CASES];
