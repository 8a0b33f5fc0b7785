// SPDX-License-Identifier: Apache-2.0
/** Differential cases of config.md#mounts and #root, and of config-linux.md's masked and read-only paths. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case, Scene } from "./differential.ts";
import type { MountSpec, Spec } from "./support/spec.ts";

/** The base config and these mounts, after `prepare` has put something into the bundle. */
function mounts(list: readonly MountSpec[], prepare: (scene: Scene) => void = () => {}): NonNullable<Case["edit"]> {
  return (spec, scene) => {
    prepare(scene);
    spec.mounts.push(...list);
  };
}

function tmpfs(destination: string, ...options: readonly string[]): MountSpec {
  return { destination, type: "tmpfs", source: "tmpfs", options: [...options] };
}

function bind(source: string, destination: string, ...options: readonly string[]): MountSpec {
  return { destination, source, type: "none", options: [...options] };
}

/** A directory `source` in the bundle with a file and a directory in it. */
function source({ dir }: Scene): void {
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

function drop(...destinations: readonly string[]): (spec: Spec) => void {
  return (spec) => {
    spec.mounts = spec.mounts.filter(({ destination }) => !destinations.includes(destination));
  };
}

/** In the prelude: `source` is a filesystem of its own, with another one inside. */
const TREE =
  "mount -t tmpfs outer source; mkdir -p source/inner; mount -t tmpfs inner source/inner; : > source/inner/file";

/** Keeps the prelude's namespace until the container ends: a slave mount tells of a master only while that lives. */
const ALIVE = '{ "$@"; echo $? > status; } | cat; exit "$(cat status)"';

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

export const MOUNT_CASES: readonly Case[] = [
  ...KIND_CASES,
  ...OPTION_CASES,
  ...BIND_CASES,
  ...TARGET_CASES,
  ...ROOT_CASES,
  ...PATH_CASES,
];
