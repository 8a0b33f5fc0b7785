// SPDX-License-Identifier: Apache-2.0
/**
 * The disk that the virtual machine of the tests starts from: Debian with systemd, by debootstrap(8). It is made once
 * and kept in a cache, under the hash of its recipe; that takes root and a minute. Images of other hashes may be in use
 * by other checkouts: they go when nobody has used them for a day.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

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

/**
 * Waits for a second disk, starts its .vm/run, and turns the machine off when that has ended. The disk may have been
 * put there while the machine was stopped: what was read of the one before is forgotten.
 */
const UNIT = `[Unit]
Description=What the machine was started for
After=multi-user.target

[Service]
Type=exec
TimeoutStartSec=infinity
ExecStartPre=/bin/stty -F /dev/ttyS2 raw
ExecStartPre=/bin/sh -c 'echo ready > /dev/ttyS2'
ExecStartPre=/bin/sh -c 'until blkid --probe /dev/vdb; do sleep 0.2; blockdev --flushbufs /dev/vdb; done'
ExecStartPre=/bin/mount /dev/vdb /checkout
ExecStart=/checkout/.vm/run
ExecStopPost=/bin/systemctl poweroff --force --force
`;

const DAY_MS = 86_400_000;
const DEFAULT_CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "tsrun-vm");

/** The directory `dir`, and in it `disk` (ext4), `kernel` and `initrd`. */
export function machineImage(cache = DEFAULT_CACHE) {
  const hash = createHash("sha256").update([PACKAGES, SUITE, MASKED, UNIT, make, settle].join());
  const dir = join(cache, hash.digest("hex").slice(0, 16));
  const image = { dir, disk: join(dir, "disk.ext4"), kernel: join(dir, "vmlinuz"), initrd: join(dir, "initrd") };
  mkdirSync(cache, { recursive: true });
  for (const name of readdirSync(cache))
    if (isLeft(cache, name)) rmSync(join(cache, name), { recursive: true, force: true });
  if (existsSync(dir)) {
    utimesSync(dir, new Date(), new Date());
    return image;
  }
  if (process.arch !== "x64") throw new Error(`there is a kernel for x86-64 only, and this is ${process.arch}`);
  if (process.getuid() !== 0) throw new Error("the machine's image is not made yet, and that needs root");
  console.log(`making ${dir}`);
  const fresh = mkdtempSync(join(cache, `new-${process.pid}-`));
  try {
    make(fresh);
    // Two that make it at once both end well.
    if (!existsSync(dir)) renameSync(fresh, dir);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return image;
}

/** What was being made by a process that was killed, and an image that nobody has used for a day. */
function isLeft(cache, name) {
  const pid = /^new-(\d+)-/.exec(name)?.[1];
  if (pid !== undefined) return !existsSync(`/proc/${pid}`);
  return /^[0-9a-f]{16}$/.test(name) && Date.now() - statSync(join(cache, name)).mtimeMs > DAY_MS;
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
