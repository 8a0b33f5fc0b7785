// SPDX-License-Identifier: Apache-2.0
/** What a hostile root filesystem may hold in a place that a start touches, and what lies outside of it to be spared. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";

/** Puts one thing at `place`, whose parent is there. `outside`: a sentinel, made by `sentinel`. */
type Trap = (place: string, outside: string) => void;

export const TRAPS: Readonly<Record<string, Trap>> = {
  "an absolute symlink to a directory outside": (place, outside) => symlinkSync(join(outside, "directory"), place),
  "an absolute symlink to a file outside": (place, outside) => symlinkSync(join(outside, "file"), place),
  "a symlink that climbs out": (place, outside) =>
    symlinkSync(`${"../".repeat(20)}${relative("/", join(outside, "directory"))}`, place),
  "a symlink beside the rootfs": (place, outside) =>
    symlinkSync(relative(dirname(place), join(outside, "directory")), place),
  "a symlink to what is not there yet": (place, outside) => symlinkSync(join(outside, "directory", "new"), place),
  "a symlink to itself": (place) => symlinkSync(place.slice(place.lastIndexOf("/") + 1), place),
  "a symlink through procfs": (place, outside) => symlinkSync(`/proc/self/root${join(outside, "directory")}`, place),
  "a symlink to the host's descriptors": (place) => symlinkSync("/proc/self/cwd", place),
  "a FIFO": (place) => execFileSync("mkfifo", [place]),
  "a device that ends no read": (place) => execFileSync("mknod", [place, "c", "1", "5"]),
  "a block device": (place) => execFileSync("mknod", [place, "b", "7", "0"]),
  "a file": (place) => writeFileSync(place, "hostile\n"),
  "a directory": (place) => mkdirSync(place),
  "a full directory that nobody may enter": (place) => {
    mkdirSync(join(place, "full"), { recursive: true });
    chmodSync(place, 0);
  },
};

/** Replaces what is at `path` of the rootfs. */
export function setTrap(rootfs: string, path: string, trap: Trap, outside: string): void {
  const place = join(rootfs, path);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(dirname(place), { recursive: true });
  trap(place, outside);
}

/** A tree that no start may change. */
export function sentinel(dir: string): string {
  const outside = join(dir, "outside");
  mkdirSync(join(outside, "directory", "deep"), { recursive: true });
  writeFileSync(join(outside, "file"), "outside\n", { mode: 0o600 });
  writeFileSync(join(outside, "directory", "inner"), "outside\n");
  // What a start would make, unlink or own in a /dev, an /etc or a mount's place that is led here.
  for (const name of ["null", "ptmx", "console", "passwd"]) writeFileSync(join(outside, "directory", name), name);
  return outside;
}

/** Everything that can be seen of a tree without reading more than its files: a change of anything changes it. */
export function snapshot(path: string, name = "."): readonly string[] {
  const { mode, uid, gid, rdev, nlink, ctimeNs, mtimeNs } = lstatSync(path, { bigint: true });
  const kind = mode & 0o170000n;
  const content =
    kind === 0o100000n
      ? createHash("sha256").update(readFileSync(path)).digest("hex")
      : kind === 0o120000n
        ? readlinkSync(path)
        : "";
  const line = [name, mode.toString(8), uid, gid, rdev, nlink, ctimeNs, mtimeNs, content].join(" ");
  const inner = kind === 0o040000n ? readdirSync(path).toSorted() : [];
  return [line, ...inner.flatMap((entry) => snapshot(join(path, entry), join(name, entry)))];
}

/** The mounts of this namespace, but for those of other tests. */
export function hostMounts(own: string): readonly string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").trimEnd().split("\n");
  return lines.filter((line) => !line.includes("/tsrun-") || line.includes(own));
}

/** The names and kinds of what is in the host's /dev; times are other people's. */
export function hostDevices(): readonly string[] {
  return readdirSync("/dev")
    .toSorted()
    .map((name) => {
      const { mode, rdev, uid } = lstatSync(join("/dev", name));
      return `${name} ${mode.toString(8)} ${rdev} ${uid}`;
    });
}
