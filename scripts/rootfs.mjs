// SPDX-License-Identifier: Apache-2.0
/**
 * Makes the root filesystems of the tests in test/.cache, once.
 *
 *   node scripts/rootfs.mjs           test/.cache/busybox, from Debian's busybox-static, and test/.cache/bare, the
 *                                     same without its commands: quicker to copy
 *   node scripts/rootfs.mjs debian    test/.cache/debian as well, by debootstrap(8); needs root and a mirror
 *   node scripts/rootfs.mjs --force   makes them anew
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const CACHE = new URL("../test/.cache/", import.meta.url).pathname;
// Unless told, the mirror that debootstrap(8) itself takes.
const MIRROR = process.env.DEBIAN_MIRROR;
const SUITE = process.env.DEBIAN_SUITE ?? "bookworm";

const PASSWD = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/:/bin/false
user:x:1000:1000:an ordinary user:/home/user:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
`;
const GROUP = `root:x:0:
daemon:x:1:
tty:x:5:
video:x:44:user
user:x:1000:
nogroup:x:65534:
`;

const args = process.argv.slice(2);
const force = args.includes("--force");

/** Builds into a directory of its own and renames: two runs at once both end well. */
function make(name, build) {
  const target = join(CACHE, name);
  if (force) rmSync(target, { recursive: true, force: true });
  if (existsSync(target)) return;
  mkdirSync(CACHE, { recursive: true });
  const dir = mkdtempSync(join(CACHE, `${name}-`));
  try {
    chmodSync(dir, 0o755);
    build(dir);
    renameSync(dir, target);
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  console.log(`made ${target}`);
}

/** `applets`: with a link for each command of busybox, some 270. */
function busybox(dir, applets) {
  const binary = ["/bin/busybox", "/usr/bin/busybox"].find(isStatic);
  if (binary === undefined) throw new Error("needs a static busybox: apt-get install busybox-static");
  for (const name of [
    "bin",
    "etc",
    "dev",
    "proc",
    "sys",
    "root",
    "home",
    "mnt",
    "opt",
    "run",
    "srv",
    "usr",
    "var",
    "lib",
  ])
    mkdirSync(join(dir, name));
  for (const name of ["home/user", "usr/bin", "usr/share", "var/tmp", "tmp"]) mkdirSync(join(dir, name));
  for (const name of ["tmp", "var/tmp"]) chmodSync(join(dir, name), 0o1777);
  symlinkSync("bin", join(dir, "sbin"));
  copyFileSync(binary, join(dir, "bin/busybox"));
  chmodSync(join(dir, "bin/busybox"), 0o755);
  if (applets) {
    for (const applet of execFileSync(binary, ["--list"], { encoding: "utf8" }).trim().split("\n"))
      if (applet !== "busybox") symlinkSync("busybox", join(dir, "bin", applet));
  }
  const files = { passwd: PASSWD, group: GROUP, hosts: "127.0.0.1 localhost\n", hostname: "busybox\n" };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, "etc", name), text);
}

/** A program that needs no loader: the ELF says nothing of an interpreter. */
function isStatic(path) {
  return existsSync(path) && !spawnSync("ldd", [path], { encoding: "utf8" }).stdout.includes("=>");
}

function debian(dir) {
  if (process.getuid() !== 0) throw new Error("debootstrap needs root");
  // It leaves a procfs mounted below: in a mount namespace of its own, that ends with it.
  const words = ["--mount", "debootstrap", "--variant=minbase", SUITE, dir, ...(MIRROR === undefined ? [] : [MIRROR])];
  const run = spawnSync("unshare", words, { encoding: "utf8" });
  if (run.status !== 0) {
    const last = `${run.stdout ?? ""}${run.stderr ?? ""}`.trim().split("\n").at(-1);
    throw new Error(`debootstrap ${SUITE} from ${MIRROR ?? "the usual mirror"}: ${run.error?.message ?? last}`);
  }
}

try {
  make("busybox", (dir) => busybox(dir, true));
  make("bare", (dir) => busybox(dir, false));
  if (args.includes("debian")) make("debian", debian);
} catch (error) {
  console.error(`rootfs: ${error.message}`);
  process.exit(1);
}
