// SPDX-License-Identifier: Apache-2.0
/** Differential cases of config.md#mounts: kinds, options and binds. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case, Scene } from "./differential.ts";
import type { MountSpec, Spec } from "./support/spec.ts";

/** The base config and these mounts, after `prepare` has put something into the bundle. */
export function mounts(
  list: readonly MountSpec[],
  prepare: (scene: Scene) => void = () => {},
): NonNullable<Case["edit"]> {
  return (spec, scene) => {
    prepare(scene);
    spec.mounts.push(...list);
  };
}

export function tmpfs(destination: string, ...options: readonly string[]): MountSpec {
  return { destination, type: "tmpfs", source: "tmpfs", options: [...options] };
}

export function bind(source: string, destination: string, ...options: readonly string[]): MountSpec {
  return { destination, source, type: "none", options: [...options] };
}

/** A directory `source` in the bundle with a file and a directory in it. */
export function source({ dir }: Scene): void {
  mkdirSync(join(dir, "source/inner"), { recursive: true });
  writeFileSync(join(dir, "source/file"), "of the host\n");
}

/** Options of the base config's mount at `destination`, replaced. */
function options(destination: string, list: readonly string[]): (spec: Spec) => void {
  return (spec) => {
    const mount = spec.mounts.find((one) => one.destination === destination);
    if (mount !== undefined) mount.options = [...list];
  };
}

/** Keeps the prelude's namespace until the container ends: a slave mount tells of a master only while that lives. */
export const ALIVE = '{ "$@"; echo $? > status; } | cat; exit "$(cat status)"';

function drop(...destinations: readonly string[]): (spec: Spec) => void {
  return (spec) => {
    spec.mounts = spec.mounts.filter(({ destination }) => !destinations.includes(destination));
  };
}

/** In the prelude: `source` is a filesystem of its own, with another one inside. */
const TREE =
  "mount -t tmpfs outer source; mkdir -p source/inner; mount -t tmpfs inner source/inner; : > source/inner/file";

const OPTION_MODE = "runc 1.1.5 gives it the mode of the directory underneath, whatever the option says";

const KIND_CASES: readonly Case[] = [
  { name: "proc with hidepid", edit: options("/proc", ["nosuid", "noexec", "nodev", "hidepid=2"]) },
  { name: "proc with subset=pid", edit: options("/proc", ["nosuid", "subset=pid"]) },
  { name: "proc without options", edit: options("/proc", []) },
  { name: "sysfs that can be written", edit: options("/sys", ["nosuid"]), ask: ["try=/sys/kernel"] },
  { name: "no sysfs", edit: drop("/sys") },
  { name: "devpts with its defaults", edit: options("/dev/pts", ["newinstance"]) },
  {
    name: "devpts with uid, gid, mode and ptmxmode",
    edit: options("/dev/pts", ["nosuid", "newinstance", "uid=7", "gid=8", "mode=0600", "ptmxmode=0600", "max=9"]),
  },
  { name: "shm with a size", edit: options("/dev/shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=1m"]) },
  { name: "no mqueue and no shm", edit: drop("/dev/mqueue", "/dev/shm") },
  { name: "tmpfs without options", edit: mounts([tmpfs("/mnt")]), ask: ["try=/mnt"] },
  {
    name: "tmpfs with size, mode, nr_inodes, uid and gid",
    differs: { "listed.//mnt.mode": OPTION_MODE, "tried./mnt.mode": OPTION_MODE },
    edit: mounts([tmpfs("/mnt", "size=2m", "mode=0750", "nr_inodes=77", "uid=1000", "gid=1001")]),
    ask: ["list=/", "try=/mnt"],
  },
  {
    name: "tmpfs with tmpcopyup",
    differs: { "tried./opt.mode": OPTION_MODE },
    edit: mounts([tmpfs("/opt", "tmpcopyup", "mode=0700")], ({ rootfs }) => {
      mkdirSync(join(rootfs, "opt/dir"), { mode: 0o750 });
      writeFileSync(join(rootfs, "opt/dir/file"), "copied", { mode: 0o604 });
      symlinkSync("dir/file", join(rootfs, "opt/link"));
    }),
    ask: ["list=/opt", "read=/opt/dir/file", "try=/opt"],
  },
  {
    name: "overlay",
    needs: ["overlay"],
    edit: (spec, scene) => {
      for (const name of ["lower", "upper", "work"]) mkdirSync(join(scene.dir, name));
      writeFileSync(join(scene.dir, "lower/file"), "below\n");
      const [lower, upper, work] = ["lower", "upper", "work"].map((name) => join(scene.dir, name));
      spec.mounts.push({
        destination: "/mnt",
        type: "overlay",
        source: "overlay",
        options: [`lowerdir=${lower}`, `upperdir=${upper}`, `workdir=${work}`],
      });
    },
    ask: ["read=/mnt/file", "try=/mnt"],
    // overlayfs takes files of the machine's tmpfs or ext4 as layers; the names are the bundle's.
  },
  {
    name: "cgroup without a cgroup namespace",
    differs: {
      "mounts./sys/fs/cgroup#0.options":
        "the config says ro; runc 1.1.5 and crun 1.8.1 leave the directory of hierarchies writable",
      "mounts./sys/fs/cgroup/systemd#0.source": "the name is free",
    },
    needs: ["cgroup-v1"],
    edit: (spec) => {
      spec.mounts.push({
        destination: "/sys/fs/cgroup",
        type: "cgroup",
        source: "cgroup",
        options: ["nosuid", "noexec", "nodev", "relatime", "ro"],
      });
    },
  },
  {
    name: "cgroup with a cgroup namespace",
    differs: {
      "mounts./sys/fs/cgroup#0.options":
        "the config says ro; runc 1.1.5 and crun 1.8.1 leave the directory of hierarchies writable",
      "mounts./sys/fs/cgroup/systemd#0.source": "the name is free",
    },
    needs: ["cgroup-v1"],
    edit: (spec) => {
      spec.linux.namespaces.push({ type: "cgroup" });
      spec.mounts.push({
        destination: "/sys/fs/cgroup",
        type: "cgroup",
        source: "cgroup",
        options: ["nosuid", "noexec", "nodev", "relatime", "ro"],
      });
    },
  },
  {
    name: "no mounts at all",
    edit: (spec) => {
      spec.mounts = [];
      spec.linux.maskedPaths = [];
      spec.linux.readonlyPaths = [];
    },
    expects: { cwd: "/", hostname: "probe", "interfaces.lo": "up", "capabilities.ambient": "0x0" },
  },
];

const OPTION_CASES: readonly Case[] = [
  { name: "ro", edit: mounts([tmpfs("/mnt", "ro")]), ask: ["try=/mnt"] },
  { name: "nosuid nodev noexec", edit: mounts([tmpfs("/mnt", "nosuid", "nodev", "noexec")]) },
  { name: "the last of ro and rw counts", edit: mounts([tmpfs("/mnt", "ro", "rw"), tmpfs("/srv", "rw", "ro")]) },
  { name: "noexec and exec, nodev and dev", edit: mounts([tmpfs("/mnt", "noexec", "exec", "nodev", "dev")]) },
  { name: "noatime", edit: mounts([tmpfs("/mnt", "noatime")]) },
  { name: "nodiratime", edit: mounts([tmpfs("/mnt", "nodiratime")]) },
  { name: "strictatime", edit: mounts([tmpfs("/mnt", "strictatime")]) },
  { name: "relatime", edit: mounts([tmpfs("/mnt", "relatime")]) },
  { name: "sync and dirsync", edit: mounts([tmpfs("/mnt", "sync"), tmpfs("/srv", "dirsync")]) },
  {
    name: "defaults",
    edit: mounts([tmpfs("/mnt", "defaults")]),
    expects: { "mounts./mnt#0.options": "relatime,rw", "mounts./mnt#0.type": "tmpfs" },
  },
  { name: "propagation of a new filesystem", edit: mounts([tmpfs("/mnt", "shared"), tmpfs("/srv", "unbindable")]) },
  { name: "an option that the filesystem does not know", edit: mounts([tmpfs("/mnt", "frobnicate=1")]), refused: true },
  {
    name: "a filesystem that does not exist",
    edit: mounts([{ destination: "/mnt", type: "nosuchfs", source: "x" }]),
    refused: true,
  },
];

const BIND_CASES: readonly Case[] = [
  {
    name: "bind of a directory",
    edit: mounts([bind("source", "/mnt", "bind")], source),
    ask: ["list=/mnt", "try=/mnt"],
  },
  {
    name: "bind read-only",
    edit: mounts([bind("source", "/mnt", "bind", "ro")], source),
    ask: ["try=/mnt", "try=/mnt/file"],
  },
  {
    name: "rbind by option",
    edit: mounts([bind("source", "/mnt", "rbind")], source),
    prelude: TREE,
    ask: ["list=/mnt"],
  },
  {
    name: "bind leaves out what is mounted inside",
    edit: mounts([bind("source", "/mnt", "bind")], source),
    prelude: TREE,
    ask: ["list=/mnt"],
  },
  {
    name: "rbind and ro",
    edit: mounts([bind("source", "/mnt", "rbind", "ro")], source),
    prelude: TREE,
    ask: ["try=/mnt", "try=/mnt/inner"],
  },
  {
    name: "rbind and rro",
    edit: mounts([bind("source", "/mnt", "rbind", "rro")], source),
    prelude: TREE,
    ask: ["try=/mnt", "try=/mnt/inner"],
  },
  {
    name: "rbind with rnosuid, rnodev and rnoexec",
    edit: mounts([bind("source", "/mnt", "rbind", "rnosuid", "rnodev", "rnoexec")], source),
    prelude: TREE,
  },
  { name: "rbind with rnoatime", edit: mounts([bind("source", "/mnt", "rbind", "rnoatime")], source), prelude: TREE },
  {
    name: "bind with nosuid, nodev and noexec",
    edit: mounts([bind("source", "/mnt", "bind", "nosuid", "nodev", "noexec")], source),
  },
  {
    name: "bind keeps the flags of its source",
    differs: { "mounts./srv#0.options": "runc 1.1.5 drops them with ro, as later versions do not" },
    edit: mounts([bind("source", "/mnt", "bind"), bind("source", "/srv", "bind", "ro")], source),
    prelude: "mount -t tmpfs -o nosuid,nodev,noexec,noatime outer source",
  },
  {
    name: "bind that clears a flag of its source",
    differs: {
      "mounts./mnt#0.options": "runc 1.1.5 does not clear flags, as later versions do",
      "tried./mnt": "the same",
    },
    edit: mounts([bind("source", "/mnt", "bind", "rw", "exec", "suid", "dev")], source),
    prelude: "mount -t tmpfs -o nosuid,nodev,noexec,ro outer source",
    ask: ["try=/mnt"],
  },
  {
    name: "bind of a file",
    edit: mounts([bind("source/file", "/etc/group", "bind", "ro")], source),
    ask: ["read=/etc/group", "try=/etc/group"],
  },
  {
    name: "bind of a file whose target is made",
    edit: mounts([bind("source/file", "/srv/new/file", "bind")], source),
    ask: ["list=/srv", "read=/srv/new/file"],
  },
  {
    name: "bind of a directory whose target is made",
    edit: mounts([bind("source", "/srv/new/dir", "bind")], source),
    ask: ["list=/srv"],
  },
  {
    name: "bind from an absolute path",
    edit: (spec, scene) => {
      source(scene);
      spec.mounts.push(bind(join(scene.dir, "source"), "/mnt", "bind"));
    },
  },
  {
    name: "bind from a symlink",
    edit: mounts([bind("link", "/mnt", "bind")], (scene) => {
      source(scene);
      symlinkSync("source", join(scene.dir, "link"));
    }),
    ask: ["list=/mnt"],
  },
  {
    name: "HOME comes from an /etc/passwd that is bound in",
    edit: mounts([bind("passwd", "/etc/passwd", "bind", "ro")], ({ dir }) =>
      writeFileSync(join(dir, "passwd"), "root:x:0:0:root:/elsewhere:/bin/sh\n"),
    ),
  },
  { name: "bind of a device", edit: mounts([bind("/dev/null", "/opt/null", "bind", "ro")]), ask: ["try=/opt/null"] },
  {
    name: "bind of the host's /sys",
    edit: (spec) => {
      drop("/sys")(spec);
      spec.mounts.push(bind("/sys", "/sys", "rbind", "nosuid", "noexec", "nodev", "ro"));
    },
  },
  ...(["private", "shared", "slave", "unbindable", "rprivate", "rshared", "rslave", "runbindable"] as const).map(
    (kind): Case => ({
      name: `bind with ${kind}`,
      edit: mounts([bind("source", "/mnt", "rbind", kind)], source),
      prelude: `${TREE}; mount --make-rshared source`,
      wrap: ALIVE,
    }),
  ),
  { name: "bind of what does not exist", edit: mounts([bind("nothing", "/mnt", "bind")]), refused: true },
];

export const MOUNT_CASES: readonly Case[] = [...KIND_CASES, ...OPTION_CASES, ...BIND_CASES];
