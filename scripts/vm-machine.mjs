// SPDX-License-Identifier: Apache-2.0
/**
 * A virtual machine in qemu, from its start to its end. With KVM where that runs Debian's kernel, which only trying
 * tells; else qemu translates the machine's code, which is some ten times slower.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { savedMachine } from "./vm-saved.mjs";

/** Seconds until a machine that is well is up. */
const BOOT = { kvm: 40, tcg: 300, saved: 60 };

/** A processor with AVX is slower where it is emulated, and what guards against its faults is slower still. */
const ACCELERATORS = {
  kvm: { words: ["-accel", "kvm", "-cpu", "max"], append: "" },
  tcg: { words: ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "Nehalem"], append: " mitigations=off" },
};

/**
 * Runs the machine, with the serial port ttyS1 as this process's standard streams, and returns the exit status of its
 * command. Throws when the machine does not come up, is turned off before the command has ended, or takes longer than
 * `limit` seconds. `dir` holds its files; `image` is of vm-image.mjs, `checkout` of vm-checkout.mjs.
 */
export async function runMachine({ image, checkout, dir, limit, terminal = false }) {
  const run = { disks: cold(image), checkout, dir, limit, terminal };
  if (existsSync("/dev/kvm")) {
    const status = await boot({ ...run, words: wordsOf("kvm", image), seconds: BOOT.kvm, quiet: true });
    if (status !== undefined) return status;
    console.log("KVM does not run this kernel: the machine is emulated");
  }
  const words = wordsOf("tcg", image);
  const saved = await savedMachine({ image, words, serial, seconds: BOOT.tcg });
  if (saved !== undefined) {
    const status = await boot({ ...run, words, disks: saved.words, seconds: BOOT.saved });
    if (status !== undefined) return status;
    console.log("the machine does not go on from its saved state: it boots");
    rmSync(saved.dir, { recursive: true, force: true });
  }
  const status = await boot({ ...run, words, seconds: BOOT.tcg });
  if (status !== undefined) return status;
  throw new Error(`the machine did not come up; its console:\n${consoleOf(dir)}`);
}

/** What is the same whether it boots or goes on. */
function wordsOf(accelerator, image) {
  const { words, append } = ACCELERATORS[accelerator];
  return [
    ...["-machine", "q35", ...words, "-smp", "2", "-m", "2G"],
    ...["-nodefaults", "-no-reboot", "-display", "none", "-kernel", image.kernel, "-initrd", image.initrd],
    ...["-append", `root=/dev/vda rw console=ttyS0 quiet panic=-1 hugepages=16${append}`],
  ];
}

function cold(image) {
  return ["-drive", `file=${image.disk},if=virtio,format=raw,snapshot=on`];
}

/** ttyS0 is the console, ttyS1 what the command reads and writes, ttyS2 how far the machine is. */
function serial({ console, output, told }) {
  return ["-serial", `file:${console}`, "-serial", output, "-serial", `file:${told}`];
}

/** The exit status of the command, or undefined when the machine does not come up. */
async function boot({ words, disks, checkout, dir, limit, seconds, terminal, quiet = false }) {
  const told = join(dir, "status");
  writeFileSync(told, "");
  const args = [
    ...[...words, ...disks, "-drive", `file=${checkout},if=virtio,format=raw,snapshot=on`],
    ...["-chardev", "stdio,id=output,signal=off"],
    ...serial({ console: join(dir, "console"), output: "chardev:output", told }),
  ];
  // If this process is killed, the machine ends with it.
  const child = spawn("setpriv", ["--pdeathsig=KILL", "qemu-system-x86_64", ...args], {
    stdio: [terminal ? "inherit" : "ignore", "inherit", quiet ? "ignore" : "inherit"],
    env: { ...process.env, TMPDIR: dir },
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise((resolve, reject) => child.once("error", reject).once("exit", () => resolve(true)));
  try {
    return await attend({ ended, told, dir, seconds, limit });
  } finally {
    process.off("exit", kill);
    kill();
    await ended;
  }
}

/** Waits until the machine tells that it is up, and then for its end. */
async function attend({ ended, told, dir, seconds, limit }) {
  const start = Date.now();
  while (!/^up$/m.test(readFileSync(told, "utf8"))) {
    const over = await Promise.race([ended, sleep(100, false)]);
    if (over || Date.now() - start > seconds * 1000) return undefined;
  }
  const over = new AbortController();
  const late = sleep(limit * 1000 - (Date.now() - start), false, { signal: over.signal }).catch(() => false);
  const inTime = await Promise.race([ended, late]);
  over.abort();
  if (!inTime) throw new Error(`the machine was killed after ${limit} seconds`);
  const status = /^ended (\d+)$/m.exec(readFileSync(told, "utf8"))?.[1];
  if (status === undefined) throw new Error(`the machine ended before its command; its console:\n${consoleOf(dir)}`);
  return Number(status);
}

function consoleOf(dir) {
  if (!existsSync(join(dir, "console"))) return "(none; qemu did not start: node scripts/setup.mjs)";
  return readFileSync(join(dir, "console"), "utf8").split("\n").slice(-40).join("\n");
}
