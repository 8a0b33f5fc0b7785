// SPDX-License-Identifier: Apache-2.0
/**
 * Installs what build and tests need from Debian's own packages: only what is missing, and as root.
 *
 *   node scripts/setup.mjs            installs
 *   node scripts/setup.mjs --engines  the engines, too
 *   node scripts/setup.mjs --list     prints the packages, for a Dockerfile
 */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";

/** Package -> who needs it. */
const PACKAGES = {
  runc: "differential test and bench: the runtime that tsrun is held against",
  crun: "differential test and bench",
  criu: "checkpoint and restore",
  strace: "the printed plan is what strace sees",
  "busybox-static": "root filesystem of the live tests",
  gcc: "the witness, the kernel tables against the C headers",
  "libc6-dev": "the same",
  "linux-libc-dev": "the same",
  libseccomp2: "filters of system calls",
  "libseccomp-dev": "the numbers of libseccomp against its header",
  "golang-github-containers-common": "podman's profile of system calls, for tests",
  binutils: "machine code against objdump, x86-64",
  "binutils-aarch64-linux-gnu": "machine code against objdump, arm64",
  "qemu-user": "the arm64 image runs a small plan",
  uidmap: "newuidmap and newgidmap of an ordinary user",
  "util-linux": "unshare, setpriv",
  zsh: "its completion script",
  fish: "the same",
  "groff-base": "the manual pages are without fault",
  bsdutils: "script, for the tests with a terminal",
  procps: "ps, for the tests of what is left",
  umoci: "an image unpacked by umoci runs",
  debootstrap: "a Debian root filesystem, and the one of the virtual machine",
  "qemu-system-x86": "the virtual machine of the tests",
  "qemu-utils": "its saved state",
  e2fsprogs: "its disks",
};

/** Those of `npm run test:engines`. */
const ENGINES = {
  podman: "an engine that runs tsrun",
  buildah: "another",
  conmon: "podman's monitor of a container",
  catatonit: "podman's --init, and the first process of a pod",
  containerd: "an engine that runs tsrun",
  "docker.io": "the same",
};
const WANTED = [PACKAGES, ...(process.argv.includes("--engines") ? [ENGINES] : [])].flatMap(Object.keys);

if (process.argv.includes("--list")) {
  console.log(WANTED.join(" "));
} else {
  setup();
}

function setup() {
  const missing = WANTED.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  if (process.getuid() !== 0) fail(`needs root to install ${missing.join(" ")}`);
  withoutDaemons(() => install(missing));
}

function install(missing) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [
    ["update", "-qq"],
    ["install", "-y", "-qq", "--no-install-recommends", ...missing],
  ]) {
    const run = spawnSync("apt-get", args, { env, stdio: ["ignore", "inherit", "inherit"] });
    if (run.error) throw new Error(`apt-get: ${run.error.message}; these packages are Debian's`);
    if (run.status !== 0) throw new Error(`apt-get ${args[0]} failed`);
  }
}

/** Debian starts a daemon with its installation unless this file says no: dockerd would set up the host's firewall. */
function withoutDaemons(work) {
  const policy = "/usr/sbin/policy-rc.d";
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    work();
  } catch (error) {
    process.exitCode = 1;
    console.error(`setup: ${error.message}`);
  } finally {
    if (ours) rmSync(policy);
  }
}

function isInstalled(name) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query has placeholders of its own.
  const run = spawnSync("dpkg-query", ["--show", "--showformat=${db:Status-Status}", name], { encoding: "utf8" });
  return run.stdout === "installed";
}

function fail(reason) {
  console.error(`setup: ${reason}`);
  process.exit(1);
}
