// SPDX-License-Identifier: Apache-2.0
/**
 * What a test needs of the machine. `requires(t, "root", "runc")` is the first line of such a test: a missing need
 * skips it with the reason, and with TSRUN_MUST_WORK=1 fails it.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "vitest";

const ROOT = new URL("..", import.meta.url).pathname;

/** Need -> the reason why it is not met, or undefined. Each is asked once. */
const NEEDS = {
  root: () => (process.getuid?.() === 0 ? undefined : "needs root"),
  dist: () => (existsSync(join(ROOT, "dist/tsrun")) ? undefined : "needs dist/tsrun: npm run build"),
  userns: () => (succeeds("unshare", "--user", "true") ? undefined : "needs user namespaces"),
  rootless: () =>
    succeeds("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "unshare", "--user", "true")
      ? undefined
      : "needs user namespaces for an ordinary user, and setpriv",
  timens: () => (existsSync("/proc/self/ns/time") ? undefined : "needs time namespaces"),
  overlay: () => (succeeds("grep", "-qw", "overlay", "/proc/filesystems") ? undefined : "needs overlayfs"),
  "cgroup-v1": () =>
    readFileSync("/proc/self/mountinfo", "utf8").includes(" - cgroup ") ? undefined : "needs a cgroup v1 hierarchy",
  "cgroup-v2": () =>
    existsSync("/sys/fs/cgroup/cgroup.controllers") ? undefined : "needs pure cgroup v2: npm run test:vm",
  hugepages: () => (readdirSync("/sys/kernel/mm/hugepages").some(hasPages) ? undefined : "needs huge pages"),
  systemd: () => (existsSync("/run/systemd/system") ? undefined : "needs systemd as init: npm run test:vm"),
  apparmor: () =>
    existsSync("/sys/kernel/security/apparmor/profiles") ? undefined : "needs AppArmor in the kernel: npm run test:vm",
  "sys-resource": () =>
    succeeds("sh", "-c", "ulimit -Hn $(($(ulimit -Hn) + 1))") ? undefined : "needs CAP_SYS_RESOURCE: npm run test:vm",
  runc: () => tool("runc"),
  crun: () => tool("crun"),
  strace: () => tool("strace"),
  criu: () => (succeeds("criu", "check") ? undefined : "needs a CRIU that works with this kernel: npm run test:vm"),
  cc: () => tool("cc"),
  python3: () => tool("python3"),
  zsh: () => tool("zsh"),
  fish: () => tool("fish"),
  groff: () => tool("groff"),
  busybox: () => tool("busybox"),
  objdump: () => tool("objdump"),
  newuidmap: () => tool("newuidmap"),
  ip: () => tool("ip"),
  umoci: () => tool("umoci"),
  podman: () => tool("podman"),
  buildah: () => tool("buildah"),
  conmon: () => tool("conmon"),
  catatonit: () => tool("catatonit"),
  containerd: () => tool("containerd"),
  dockerd: () => tool("dockerd"),
  debootstrap: () => tool("debootstrap"),
  "qemu-aarch64": () => tool("qemu-aarch64"),
  "aarch64-linux-gnu-objdump": () => tool("aarch64-linux-gnu-objdump"),
} as const satisfies Record<string, () => string | undefined>;

export type Need = keyof typeof NEEDS;

const reasons = new Map<Need, string | undefined>();

/** Skips the test, or fails it under TSRUN_MUST_WORK=1, unless the machine has all that is named. */
export function requires(t: TestContext, ...needs: readonly Need[]): void {
  for (const need of needs) {
    if (!reasons.has(need)) reasons.set(need, NEEDS[need]());
    const reason = reasons.get(need);
    if (reason !== undefined) unmet(t, reason);
  }
}

/** The same for a reason that is not in the table: `if (!found) unmet(t, "needs ...")`. */
export function unmet(t: TestContext, reason: string): never {
  if (process.env.TSRUN_MUST_WORK === "1") throw new Error(`${reason} (TSRUN_MUST_WORK=1 allows no skip)`);
  return t.skip(reason);
}

function tool(name: string): string | undefined {
  for (const dir of (process.env.PATH ?? "").split(delimiter)) {
    try {
      accessSync(join(dir, name), constants.X_OK);
      return undefined;
    } catch {
      // Not there: the next directory.
    }
  }
  return `needs ${name}: node scripts/setup.mjs`;
}

function hasPages(size: string): boolean {
  return Number(readFileSync(`/sys/kernel/mm/hugepages/${size}/nr_hugepages`, "utf8")) > 0;
}

function succeeds(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}
