// SPDX-License-Identifier: Apache-2.0
/**
 * The emulated machine as it was when it had booted, kept beside its image: later runs go on from there, which takes a
 * second. It fits one version of qemu and one command line, and is made again when those change.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SIZE_MIB } from "./vm-checkout.mjs";

/**
 * The arguments that let the machine of `words` go on from its saved state, which is made first unless it is there;
 * `seconds` are for its boot. Undefined, and a word why, when that is not possible.
 */
export async function savedMachine({ image, words, serial, seconds }) {
  const version = spawnSync("qemu-system-x86_64", ["--version"], { encoding: "utf8" }).stdout ?? "";
  const key = createHash("sha256")
    .update(JSON.stringify([version, words, SIZE_MIB]))
    .digest("hex")
    .slice(0, 16);
  const dir = join(image.dir, `saved-${key}`);
  if (!existsSync(dir)) {
    const fresh = mkdtempSync(join(dirname(image.dir), `new-${process.pid}-`));
    try {
      await save(fresh, { image, words, serial, seconds });
      // Two that make it at once both end well.
      if (!existsSync(dir)) renameSync(fresh, dir);
    } catch (error) {
      console.log(`the machine's state is not kept: ${error.message}`);
      return undefined;
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  }
  const disk = `file=${join(dir, "disk.qcow2")},if=virtio,format=qcow2,snapshot=on`;
  return { dir, words: ["-incoming", `exec:cat '${join(dir, "memory")}'`, "-drive", disk] };
}

/** Boots the machine with an empty second disk until it waits for one, and writes its memory to a file. */
async function save(dir, { image, words, serial, seconds }) {
  const disk = join(dir, "disk.qcow2");
  const overlay = ["create", "-q", "-f", "qcow2", "-b", image.disk, "-F", "raw", disk];
  const made = spawnSync("qemu-img", overlay, { encoding: "utf8" });
  if (made.status !== 0) throw new Error(`qemu-img: ${made.error?.message ?? made.stderr.trim()}`);
  const empty = join(dir, "empty");
  writeFileSync(empty, "");
  truncateSync(empty, SIZE_MIB * 2 ** 20);
  const told = join(dir, "status");
  writeFileSync(told, "");
  const args = [
    ...[...words, "-monitor", "stdio"],
    ...["-drive", `file=${disk},if=virtio,format=qcow2,cache=unsafe`],
    ...["-drive", `file=${empty},if=virtio,format=raw`],
    ...serial({ console: join(dir, "console"), output: "null", told }),
  ];
  const child = spawn("setpriv", ["--pdeathsig=KILL", "qemu-system-x86_64", ...args], {
    stdio: ["pipe", "ignore", "ignore"],
    env: { ...process.env, TMPDIR: dir },
  });
  const ended = new Promise((resolve, reject) => child.once("error", reject).once("exit", resolve));
  try {
    await until(() => readFileSync(told, "utf8").includes("ready"), { ended, seconds });
    // What else was started with the machine comes to rest.
    await sleep(2000);
    child.stdin.end(`migrate_set_parameter max-bandwidth 8G\nmigrate "exec:cat > '${join(dir, "memory")}'"\nquit\n`);
    if ((await ended) !== 0) throw new Error("qemu failed");
  } finally {
    child.kill("SIGKILL");
    await ended.catch(() => {});
  }
  for (const name of ["empty", "console", "status"]) rmSync(join(dir, name));
}

async function until(holds, { ended, seconds }) {
  for (const end = Date.now() + seconds * 1000; !holds(); ) {
    const over = await Promise.race([ended.then(() => true), sleep(100, false)]);
    if (over || Date.now() > end) throw new Error("it did not boot");
  }
}
