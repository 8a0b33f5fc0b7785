// SPDX-License-Identifier: Apache-2.0
/**
 * The disk that the virtual machine of the tests starts from: Debian with systemd, by debootstrap(8). It is made once
 * and kept in a cache, under the hash of this file; that takes root and a minute.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGES = [
  "linux-image-cloud-amd64",
  ...["systemd", "systemd-sysv", "libpam-systemd", "dbus", "dbus-user-session", "udev", "kmod"],
  ...["apparmor", "libseccomp2", "libstdc++6", "uidmap", "util-linux", "bsdutils", "procps", "iproute2"],
  ...["runc", "crun", "criu", "iptables", "busybox-static", "strace", "gcc", "libc6-dev"],
];
const SUITE = "bookworm";
const MIRROR = process.env.DEBIAN_MIRROR;

/** The machine's own affairs, which would only take its time. */
const MASKED = [
  ...["apparmor", "e2scrub_reap", "getty@tty1", "systemd-journal-flush"].map((name) => `${name}.service`),
  ...["systemd-update-utmp", "systemd-update-utmp-runlevel"].map((name) => `${name}.service`),
  ...["apt-daily", "apt-daily-upgrade", "dpkg-db-backup", "e2scrub_all", "fstrim", "systemd-tmpfiles-clean"].map(
    (name) => `${name}.timer`,
  ),
];

/** Starts /checkout/.vm/run from the second disk, and turns the machine off when that has ended. */
const UNIT = `[Unit]
Description=What the machine was started for
After=multi-user.target

[Service]
Type=exec
ExecStartPre=/bin/mount /dev/vdb /checkout
ExecStart=/checkout/.vm/run
ExecStopPost=/bin/systemctl poweroff --force --force
`;

const DEFAULT_CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "tsrun-vm");

/** Paths of `disk` (ext4), `kernel` and `initrd`. */
export function machineImage(cache = DEFAULT_CACHE) {
  const hash = createHash("sha256").update(readFileSync(fileURLToPath(import.meta.url)));
  const dir = join(cache, hash.digest("hex").slice(0, 16));
  const image = { disk: join(dir, "disk.ext4"), kernel: join(dir, "vmlinuz"), initrd: join(dir, "initrd") };
  if (existsSync(dir)) return image;
  if (process.arch !== "x64") throw new Error(`there is a kernel for x86-64 only, and this is ${process.arch}`);
  if (process.getuid() !== 0) throw new Error("the machine's image is not made yet, and that needs root");
  console.log(`making ${dir}`);
  mkdirSync(cache, { recursive: true });
  for (const name of readdirSync(cache)) if (isLeft(name)) rmSync(join(cache, name), { recursive: true, force: true });
  const fresh = mkdtempSync(join(cache, `new-${process.pid}-`));
  try {
    make(fresh);
    // Two that make it at once both end well; images of another recipe go.
    if (!existsSync(dir)) renameSync(fresh, dir);
    for (const name of readdirSync(cache))
      if (/^[0-9a-f]{16}$/.test(name) && join(cache, name) !== dir) rmSync(join(cache, name), { recursive: true });
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return image;
}

/** What was being made by a process that was killed. */
function isLeft(name) {
  const pid = /^new-(\d+)-/.exec(name)?.[1];
  return pid !== undefined && !existsSync(`/proc/${pid}`);
}

function make(dir) {
  const root = join(dir, "root");
  // debootstrap(8) leaves a procfs mounted below: in a mount namespace of its own, that ends with it.
  const include = `--include=${PACKAGES.join(",")}`;
  const words = ["--variant=minbase", include, SUITE, root, ...(MIRROR === undefined ? [] : [MIRROR])];
  run("unshare", "--mount", "debootstrap", ...words);
  for (const name of ["vmlinuz", "initrd"]) {
    const file = readdirSync(join(root, "boot")).find((entry) => entry.startsWith(name));
    if (file === undefined) throw new Error(`the root has no /boot/${name}*`);
    renameSync(join(root, "boot", file), join(dir, name));
  }
  for (const path of ["var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"])
    rmSync(join(root, path), { recursive: true, force: true });
  settle(root);
  run("mkfs.ext4", "-q", "-O", "^has_journal", "-d", root, join(dir, "disk.ext4"), "2G");
  rmSync(root, { recursive: true });
}

function settle(root) {
  const units = join(root, "etc/systemd/system");
  for (const name of MASKED) symlinkSync("/dev/null", join(units, name));
  mkdirSync(join(root, "checkout"));
  writeFileSync(join(units, "checkout.service"), UNIT);
  mkdirSync(join(units, "multi-user.target.wants"), { recursive: true });
  symlinkSync("../checkout.service", join(units, "multi-user.target.wants/checkout.service"));
  writeFileSync(join(root, "etc/hostname"), "vm\n");
  appendFileSync(join(root, "etc/hosts"), "127.0.0.1 localhost vm\n");
  run("chroot", root, "useradd", "--create-home", "--shell", "/bin/sh", "user");
}

function run(file, ...args) {
  const done = spawnSync(file, args, { encoding: "utf8" });
  if (done.status === 0) return;
  const last = `${done.stdout ?? ""}${done.stderr ?? ""}`.trim().split("\n").at(-1);
  throw new Error(`${file}: ${done.error?.message ?? last}`);
}
