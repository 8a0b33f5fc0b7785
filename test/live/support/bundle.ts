// SPDX-License-Identifier: Apache-2.0
/**
 * Bundles for the live tests.
 *
 *   const { dir, rootfs } = bundle(t, (spec) => { spec.process.args = ["id", "-u"]; });
 *   const { dir } = bundle(t, rootless, { owner: ORDINARY });   // for runs with { as: "user" }
 *
 * Each bundle is a fresh directory with the busybox root filesystem of its own, and is removed when the test ends,
 * after whatever a failed runtime left mounted in it was unmounted (which fails the test: `{ leftovers: true }` forgives).
 */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { requires } from "../../requires.ts";
import { baseSpec, printSpec, type Spec } from "./spec.ts";

export interface Bundle {
  /** The bundle's directory, without symlinks in its path. */
  readonly dir: string;
  readonly rootfs: string;
  readonly spec: Spec;
}

export interface BundleOptions {
  /** Owner of the whole bundle, as uid and gid. */
  readonly owner?: number;
  /** The root filesystem has the file /bin/busybox, but no command by its own name: quicker to make. */
  readonly bare?: boolean;
  /** Mounts left in the bundle do not fail the test. */
  readonly leftovers?: boolean;
}

/** Makes a bundle of the base config after `edit`. Skips the test if there is no busybox. */
export function bundle(
  t: TestContext,
  edit: (spec: Spec, dir: string) => void = () => {},
  options: BundleOptions = {},
): Bundle {
  const source = busyboxRootfs(t, options.bare === true ? "bare" : "busybox");
  const dir = temporary(t, options);
  const rootfs = join(dir, "rootfs");
  // Node's own cpSync takes 40 times as long, for the links.
  execFileSync("cp", ["-a", source, rootfs]);
  const spec = baseSpec();
  edit(spec, dir);
  writeFileSync(join(dir, "config.json"), printSpec(spec));
  if (options.owner !== undefined) execFileSync("chown", ["-hR", `${options.owner}:${options.owner}`, dir]);
  return { dir, rootfs, spec };
}

/** An empty directory that ends with the test; others may enter it. */
export function temporary(t: TestContext, options: BundleOptions = {}): string {
  const dir = mkdtempSync(join(tmpdir(), "tsrun-test-"));
  chmodSync(dir, 0o755);
  t.onTestFinished(() => {
    const left = removeTree(dir);
    if (left.length > 0 && options.leftovers !== true) throw new Error(`left mounted: ${left.join(" ")}`);
  });
  return dir;
}

/** The shared root filesystem: never run in it, copy it. */
export function busyboxRootfs(t: TestContext, name: "busybox" | "bare" = "busybox"): string {
  requires(t, "busybox");
  const dir = new URL(`../../.cache/${name}`, import.meta.url).pathname;
  if (!existsSync(dir)) execFileSync("node", [new URL("../../../scripts/rootfs.mjs", import.meta.url).pathname]);
  return dir;
}

/**
 * Removes a tree, and before that unmounts what is mounted below it, innermost first; tells what that was.
 * Throws, and removes nothing, if something stays mounted: it could be the host's own files.
 */
export function removeTree(dir: string): string[] {
  const left = mountsBelow(dir);
  for (const target of left) execFileSync("umount", ["--lazy", target]);
  if (mountsBelow(dir).length > 0) throw new Error(`still mounted below ${dir}`);
  rmSync(dir, { recursive: true, force: true });
  return left;
}

/** Mount points at or below `dir` in this mount namespace, the last mounted first. */
export function mountsBelow(dir: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) =>
      (line.split(" ")[4] ?? "").replaceAll(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((target) => target === dir || target.startsWith(`${dir}/`))
    .reverse();
}
