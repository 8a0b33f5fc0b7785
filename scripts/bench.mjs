// SPDX-License-Identifier: Apache-2.0
/**
 * Measures tsrun beside runc and crun in one run, interleaved, and prints medians and ratios. As root.
 *
 *   npm run bench                          everything, 30 rounds
 *   npm run bench -- --rounds 100          more rounds
 *   npm run bench -- --only process        or library, or exec, or memory
 *
 * Every contender runs busybox true in all namespaces that the three know, network included. The whole bench runs in a
 * mount namespace of its own, where a hybrid cgroup layout looks like v1: Debian's crun refuses hybrid hosts. The state
 * of all contenders lies on a tmpfs, as /run is one.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";

const HOME = new URL("..", import.meta.url).pathname;
const TSRUN = join(HOME, "dist/tsrun");
const args = process.argv.slice(2);
const rounds = Number(option("--rounds") ?? 30);
const only = option("--only");
const WARM_LIVES = 30;

// With NODE_EXTRA_CA_CERTS set, as on some machines, every start of node costs 30 ms more.
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;

if (process.getuid() !== 0) fail("needs root");
if (!existsSync(TSRUN)) fail("needs dist/tsrun: npm run build");
if (env.TSRUN_BENCH_INSIDE === undefined) {
  const hide =
    "if grep -q ' /sys/fs/cgroup/unified ' /proc/self/mountinfo; then umount /sys/fs/cgroup/unified; fi; exec \"$@\"";
  const command = ["--mount", "sh", "-ec", hide, "sh", process.execPath, ...process.argv.slice(1)];
  const child = spawn("unshare", command, { stdio: "inherit", env: { ...env, TSRUN_BENCH_INSIDE: "1" } });
  child.on("exit", (status) => process.exit(status ?? 1));
} else {
  await main();
}

async function main() {
  const dir = mkdtempSync(join(tmpdir(), "tsrun-bench-"));
  try {
    const scene = { bundle: makeBundle(dir), root: join(dir, "state"), pidFile: join(dir, "pid") };
    mkdirSync(scene.root);
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", scene.root]);
    for (const name of ["tsrun", "runc", "crun", "library"]) mkdirSync(join(scene.root, name), { recursive: true });
    console.log(`Linux ${release()}, node ${process.version}, ${cpus().length} CPUs, ${rounds} rounds\n`);
    if (only === undefined || only === "process") await benchProcesses(scene);
    if (only === undefined || only === "library") await benchLibrary(scene);
    if (only === undefined || only === "exec") await benchExec(scene);
    if (only === undefined || only === "memory") await benchMemory(scene);
  } finally {
    execFileSync("umount", [join(dir, "state")]);
    rmSync(dir, { recursive: true, force: true });
  }
}

async function benchProcesses(scene) {
  const node = [process.execPath, "-e", "0"];
  const table = await measure({
    "node -e 0": () => timed(() => command(node)),
    "tsrun run": (id) => timed(() => command([...runtime(scene, "tsrun"), "run", "--bundle", scene.bundle, id])),
    "crun run": (id) => timed(() => command([...runtime(scene, "crun"), "run", "--bundle", scene.bundle, id])),
    "runc run": (id) => timed(() => command([...runtime(scene, "runc"), "run", "--bundle", scene.bundle, id])),
    "tsrun create start delete": (id) => lifecycle(scene, "tsrun", id),
    "crun create start delete": (id) => lifecycle(scene, "crun", id),
    "runc create start delete": (id) => lifecycle(scene, "runc", id),
  });
  print("As processes (no cgroups for tsrun and crun; runc has no such mode)", table, "crun run");
  const over = median(table["tsrun run"]) - median(table["node -e 0"]);
  verdict(`tsrun run costs ${ms(over)} over node -e 0`, over <= 12, "at most 12 ms");
}

async function benchLibrary(scene) {
  const { Runtime } = createRequire(import.meta.url)(join(HOME, "dist/index.cjs"));
  for (const cgroupManager of ["disabled", "cgroupfs"]) {
    const rt = new Runtime({ root: join(scene.root, "library"), cgroupManager });
    // Who uses the library is a program that runs for long: its code is compiled by then.
    for (let life = 0; life < WARM_LIVES; life += 1) await whole(rt, `bench-warm-${life}`, scene.bundle);
    const table = await measure({
      "tsrun library": (id) => timed(() => whole(rt, id, scene.bundle)),
      "spawned crun run": (id) =>
        timed(() => command([...runtime(scene, "crun", cgroupManager), "run", "--bundle", scene.bundle, id])),
      "spawned runc run": (id) =>
        timed(() => command([...runtime(scene, "runc"), "run", "--bundle", scene.bundle, id])),
    });
    const cgroups = cgroupManager === "disabled" ? "no cgroups, but for runc" : "with cgroups";
    print(`In process: create, start, wait, delete (${cgroups})`, table, "spawned crun run");
    const ratio = median(table["tsrun library"]) / median(table["spawned crun run"]);
    verdict(`the library takes ${ratio.toFixed(2)} of crun run (${cgroups})`, ratio <= 0.5, "at most 0.5");
  }
}

async function whole(rt, id, bundle) {
  await rt.create(id, { bundle });
  await rt.start(id);
  await rt.wait(id);
  await rt.delete(id);
}

/** One more process in a container that sleeps, as a process and in process. */
async function benchExec(scene) {
  const bundle = join(scene.bundle, "sleeping");
  mkdirSync(bundle);
  const config = JSON.parse(readFileSync(join(scene.bundle, "config.json"), "utf8"));
  config.process.args = ["/bin/busybox", "sleep", "1000"];
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  const names = ["tsrun", "crun", "runc"];
  for (const name of names) await command([...runtime(scene, name), "run", "--detach", "--bundle", bundle, "sleeper"]);
  const { Runtime } = createRequire(import.meta.url)(join(HOME, "dist/index.cjs"));
  const rt = new Runtime({ root: join(scene.root, "tsrun"), cgroupManager: "disabled" });
  const joins = async () => (await rt.exec("sleeper", { args: ["/bin/busybox", "true"] })).wait();
  for (let life = 0; life < WARM_LIVES; life += 1) await joins();
  const words = ["exec", "sleeper", "/bin/busybox", "true"];
  try {
    const table = await measure({
      "tsrun state": () => timed(() => command([...runtime(scene, "tsrun"), "state", "sleeper"])),
      "tsrun exec": () => timed(() => command([...runtime(scene, "tsrun"), ...words])),
      "tsrun library exec": () => timed(joins),
      "crun exec": () => timed(() => command([...runtime(scene, "crun"), ...words])),
      "runc exec": () => timed(() => command([...runtime(scene, "runc"), ...words])),
    });
    print("One more process in a container", table, "crun exec");
    const over = median(table["tsrun exec"]) - median(table["tsrun state"]);
    verdict(`tsrun exec costs ${ms(over)} over tsrun state`, over <= 5, "at most 5 ms");
    const ratio = median(table["tsrun library exec"]) / median(table["crun exec"]);
    verdict(`the library takes ${ratio.toFixed(2)} of crun exec`, ratio <= 0.5, "at most 0.5");
  } finally {
    for (const name of names) await command([...runtime(scene, name), "delete", "--force", "sleeper"]);
  }
}

/** Memory of the process that waits in a created container: pages of its own, and its page tables. proc(5). */
async function benchMemory(scene) {
  console.log("Memory of a created container's init, its own pages and page tables");
  for (const name of ["tsrun", "crun", "runc"]) {
    const create = ["create", "--pid-file", scene.pidFile, "--bundle", scene.bundle, "memory"];
    await command([...runtime(scene, name), ...create]);
    const pid = readFileSync(scene.pidFile, "utf8").trim();
    const kib = (file, pattern) =>
      [...readFileSync(`/proc/${pid}/${file}`, "utf8").matchAll(pattern)].reduce(
        (sum, [, size]) => sum + Number(size),
        0,
      );
    const pages = kib("smaps_rollup", /^Private_\w+: +(\d+) kB$/gm);
    const tables = kib("status", /^VmPTE:\s+(\d+) kB$/gm);
    console.log(`  ${name.padEnd(28)}${String(pages + tables).padStart(8)} KiB (${pages} + ${tables})`);
    await command([...runtime(scene, name), "delete", "--force", "memory"]);
    if (name === "tsrun")
      verdict(`the init has ${pages + tables} KiB of its own`, pages + tables <= 256, "at most 256 KiB");
  }
  console.log();
}

/** The time of the three commands; that the program ends in between is not theirs. */
async function lifecycle(scene, name, id) {
  const base = runtime(scene, name);
  const create = ["create", "--pid-file", scene.pidFile, "--bundle", scene.bundle, id];
  let total = await timed(() => command([...base, ...create]));
  total += await timed(() => command([...base, "start", id]));
  while (isRunning(readFileSync(scene.pidFile, "utf8").trim())) await new Promise((resolve) => setTimeout(resolve, 1));
  return total + (await timed(() => command([...base, "delete", id])));
}

/** Not a zombie either: its parent may take its time. */
function isRunning(pid) {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Runs all contenders in turn, each round beginning with another one; two rounds before that count for nothing. */
async function measure(contenders) {
  const table = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  const names = Object.keys(contenders);
  for (let round = -2; round < rounds; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(turn + Math.max(round, 0)) % names.length];
      const time = await contenders[name](`bench-${round + 2}-${turn}`);
      if (round >= 0) table[name].push(time);
    }
  }
  return table;
}

function print(title, table, reference) {
  console.log(
    `${title}\n  ${"".padEnd(28)}${"median".padStart(10)}${"p10".padStart(10)}${"p90".padStart(10)}    × ${reference}`,
  );
  for (const [name, times] of Object.entries(table)) {
    const columns = [median(times), quantile(times, 0.1), quantile(times, 0.9)].map((time) => ms(time).padStart(10));
    const ratio = (median(times) / median(table[reference])).toFixed(2).padStart(7);
    console.log(`  ${name.padEnd(28)}${columns.join("")} ${ratio}`);
  }
}

function verdict(text, ok, target) {
  console.log(`  ${ok ? "ok" : "MISSED"}: ${text} (target: ${target})\n`);
}

function runtime(scene, name, cgroupManager = "disabled") {
  const bin = name === "tsrun" ? TSRUN : name;
  const cgroups = name === "runc" ? [] : ["--cgroup-manager", cgroupManager];
  return [bin, "--root", join(scene.root, name), ...cgroups];
}

async function timed(work) {
  const before = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - before) / 1e6;
}

function command([file, ...rest]) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, rest, { stdio: ["ignore", "ignore", "pipe"], env });
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    child.on("error", reject);
    child.on("exit", (status) => {
      if (status === 0) resolve();
      else setTimeout(() => reject(new Error(`${file} ${rest.join(" ")} ended with ${status}: ${said}`)), 50);
    });
  });
}

function makeBundle(dir) {
  execFileSync(process.execPath, [join(HOME, "scripts/rootfs.mjs")], { stdio: "ignore", env });
  const config = JSON.parse(readFileSync(join(HOME, "bundles/hello/config.json"), "utf8"));
  config.process.args = ["/bin/true"];
  config.root.path = join(HOME, "test/.cache/busybox");
  config.mounts = config.mounts.filter(({ destination }) => destination !== "/usr");
  writeFileSync(join(dir, "config.json"), JSON.stringify(config));
  return dir;
}

function median(times) {
  return quantile(times, 0.5);
}

function quantile(times, share) {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function ms(time) {
  return `${time.toFixed(2)} ms`;
}

function option(name) {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}

function fail(reason) {
  console.error(`bench: ${reason}`);
  process.exit(1);
}
