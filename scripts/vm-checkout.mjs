// SPDX-License-Identifier: Apache-2.0
/**
 * The second disk of the virtual machine of the tests, mounted at /checkout: this checkout with its modules, the Node
 * that this runs in, and in .vm/run what the machine is to do. What is written to it there is lost.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = new URL("..", import.meta.url).pathname;
const TAKEN = ["package.json", "biome.json", "bundles", "dist", "node_modules", "schema", "scripts", "src", "test"];
/** For checks and builds, which are not made there. */
const LEFT = ["node_modules/@biomejs", "node_modules/@typescript", "node_modules/typescript", "test/.cache/debian"];

/** The machine's saved state knows a disk of this size. */
export const SIZE_MIB = 1024;

/** Makes it in `dir`. `command` is shell script that runs in /checkout. */
export function checkoutDisk(dir, command) {
  const stage = join(dir, "checkout");
  mkdirSync(join(stage, ".vm"), { recursive: true });
  execFileSync("node", [join(ROOT, "scripts/rootfs.mjs")]);
  const tar = join(dir, "checkout.tar");
  execFileSync("tar", ["-C", ROOT, ...LEFT.map((path) => `--exclude=${path}`), "-cf", tar, ...TAKEN]);
  execFileSync("tar", ["-C", stage, "-xf", tar]);
  rmSync(tar);
  copyFileSync(process.execPath, join(stage, ".vm/node"));
  writeFileSync(join(stage, ".vm/run"), script(command));
  for (const name of ["node", "run"]) chmodSync(join(stage, ".vm", name), 0o755);
  const disk = join(dir, "checkout.ext4");
  const made = spawnSync("mkfs.ext4", ["-q", "-O", "^has_journal", "-d", stage, disk, `${SIZE_MIB}M`], {
    encoding: "utf8",
  });
  if (made.status !== 0) throw new Error(`mkfs.ext4: ${made.error?.message ?? made.stderr.trim()}`);
  rmSync(stage, { recursive: true });
  return disk;
}

/**
 * ttyS1 has the output, ttyS2 tells that the machine is up and how the command ended; see vm-machine.mjs. A machine
 * that goes on from a saved state has the time of then.
 */
function script(command) {
  return `#!/bin/sh
date --set="@$(stat --format=%Y "$0")" > /dev/null
echo up > /dev/ttyS2
ln -s /checkout/.vm/node /usr/local/bin/node
export TSRUN_MUST_WORK=1 HOME=/root PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
cd /checkout
${command}
echo "ended $?" > /dev/ttyS2
sync
`;
}
