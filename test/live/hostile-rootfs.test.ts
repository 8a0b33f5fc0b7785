// SPDX-License-Identifier: Apache-2.0
/**
 * Root filesystems that want to reach the host: in every place that a start touches lies something else than it
 * expects. The container runs, confined, or a clear error comes; nothing outside is made, changed or mounted; no
 * process stays.
 */
import { spawn } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle } from "./support/bundle.ts";
import { container, freshId, shell, until } from "./support/container.ts";
import { hostDevices, hostMounts, sentinel, setTrap, snapshot, TRAPS } from "./support/hostile.ts";
import { terminal } from "./support/pty.ts";
import { runtimeRoot, TSRUN, tsrun } from "./support/run.ts";
import type { Spec } from "./support/spec.ts";
import { images, nothingLeft } from "./support/traces.ts";

const PATIENCE_MS = 10_000;
const SLOW = 120_000;

/** What engines write, and beside it mounts, masks, devices and a directory of its own in places that a rootfs has. */
function busy(spec: Spec): void {
  spec.mounts.push(
    { destination: "/mnt/a/b", source: "data", options: ["bind"] },
    { destination: "/mnt/file", source: "data/file", options: ["bind", "ro"] },
    { destination: "/mnt/tmp", type: "tmpfs", options: ["tmpcopyup"] },
    { destination: "/mnt/classic", type: "tmpfs", options: ["iversion"] },
  );
  spec.linux.maskedPaths = ["/run/masked", "/proc/kcore", "/etc/masked"];
  spec.linux.readonlyPaths = ["/run/readonly", "/proc/sys"];
  spec.linux.devices = [{ type: "c", path: "/opt/node", major: 1, minor: 3, uid: 7, gid: 7 }];
  spec.process.cwd = "/srv/app";
  spec.process.args = ["/bin/sh", "-c", ""];
}

/** No filesystem on /dev: the rootfs's own is used. */
function bare(spec: Spec): void {
  spec.mounts = spec.mounts.filter(({ destination }) => destination === "/proc");
  spec.process.args = ["/bin/sh", "-c", ""];
}

const PLACES: readonly (readonly [path: string, edit: (spec: Spec) => void])[] = [
  ["proc", busy],
  ["sys", busy],
  ["dev", busy],
  ["etc/passwd", busy],
  ["etc", busy],
  ["mnt", busy],
  ["mnt/a", busy],
  ["mnt/a/b", busy],
  ["mnt/file", busy],
  ["mnt/tmp", busy],
  ["mnt/tmp/inner", busy],
  ["mnt/classic", busy],
  ["run/masked", busy],
  ["run/readonly", busy],
  ["opt/node", busy],
  ["opt", busy],
  ["srv/app", busy],
  ["srv", busy],
  ["dev", bare],
  ["dev/null", bare],
  ["dev/ptmx", bare],
  ["dev/fd", bare],
  ["dev/core", bare],
];

for (const [path, edit] of PLACES) {
  test(`/${path} of a hostile rootfs, ${edit === busy ? "with much to do" : "with its own /dev"}`, {
    timeout: SLOW,
  }, async (t) => {
    requires(t, "root");
    for (const [name, trap] of Object.entries(TRAPS)) {
      await attempt(t, `/${path} is ${name}`, edit, (rootfs, outside) => setTrap(rootfs, path, trap, outside));
    }
  });
}

test.for(["dev/console", "dev/ptmx", "dev/pts", "dev"])(
  "/%s of a hostile rootfs, with a terminal",
  { timeout: SLOW },
  async (path, t) => {
    requires(t, "root");
    for (const [name, trap] of Object.entries(TRAPS)) {
      const edit = (spec: Spec) => {
        bare(spec);
        spec.mounts.push({ destination: "/dev/pts", type: "devpts", options: ["newinstance", "ptmxmode=0666"] });
        spec.process.terminal = true;
      };
      await attempt(t, `/${path} is ${name}`, edit, (rootfs, outside) => setTrap(rootfs, path, trap, outside));
    }
  },
);

test("a directory that turns into a symlink and back while 50 containers start", { timeout: SLOW }, async (t) => {
  requires(t, "root", "python3");
  const scene = prepare(t, busy);
  const [real, fake] = [join(scene.rootfs, "mnt/a"), join(scene.rootfs, "mnt/fake")];
  mkdirSync(real, { recursive: true });
  symlinkSync(join(scene.outside, "directory"), fake);
  const swapper = spawn("python3", ["-c", SWAP, real, fake], { stdio: "ignore" });
  const ended = new Promise((resolve) => swapper.on("exit", resolve));
  try {
    const seen = new Set<string>();
    for (let turn = 0; turn < 50; turn++) seen.add(await judge(scene, await runIn(scene), `start ${turn}`));
    // Some starts may lose the race, with an error; if all did, it would be no race.
    expect([...seen]).toContain("confined");
    expect(swapper.exitCode).toBe(null);
  } finally {
    swapper.kill("SIGKILL");
    await ended;
  }
  await spared(scene, "after the race");
});

/** renameat2(2) with RENAME_EXCHANGE, as fast as it goes, with a rest now and then. */
const SWAP = `
import ctypes, sys, time
libc = ctypes.CDLL(None, use_errno=True)
a, b = sys.argv[1].encode(), sys.argv[2].encode()
while True:
    for _ in range(200): libc.renameat2(-100, a, -100, b, 2)
    time.sleep(0.0005)
`;

test("the container's process has stdio and nothing else of its caller's", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => shell(spec, "exec sleep 1000"));
  const host = openSync("/", "r");
  t.onTestFinished(() => closeSync(host));
  const stdio = ["ignore", "ignore", "ignore", host, host, "ignore", host] as const;
  const child = spawn(TSRUN, ["--root", c.root, "create", "--bundle", c.dir, c.id], { stdio: [...stdio] });
  expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(0);
  await c.ok("start");
  const { pid } = await c.state();
  await until("the program runs", () => readlinkSync(`/proc/${pid}/exe`).endsWith("/busybox"));
  expect(readdirSync(`/proc/${pid}/fd`).toSorted()).toEqual(["0", "1", "2"]);
  for (const fd of [0, 1, 2]) expect(readlinkSync(`/proc/${pid}/fd/${fd}`)).toBe("/dev/null");
  await c.ok("delete", ["--force"]);
});

test("what runs in a created container is a sealed file in memory, which cannot be written", async (t) => {
  requires(t, "root");
  const c = container(t);
  await c.ok("create");
  const { pid } = await c.state();
  expect(readlinkSync(`/proc/${pid}/exe`)).toMatch(/^\/memfd:tsrun/);
  expect(() => openSync(`/proc/${pid}/exe`, "r+")).toThrow(/ETXTBSY|EPERM/);
  const image = openSync(`/proc/${pid}/exe`, "r");
  t.onTestFinished(() => closeSync(image));
  await c.ok("delete", ["--force"]);
  // Nobody runs it any more: now only the seals protect it.
  await until("the init has ended", () => !readdirSync("/proc").includes(String(pid)));
  const writer = openSync(`/proc/self/fd/${image}`, "r+");
  t.onTestFinished(() => closeSync(writer));
  expect(() => writeSync(writer, "x", 0)).toThrow(/EPERM/);
});

interface Scene {
  readonly dir: string;
  readonly rootfs: string;
  readonly outside: string;
  readonly root: string;
  readonly context: TestContext;
  readonly hasTerminal: boolean;
  readonly processes: ReadonlySet<string>;
  readonly before: Readonly<Record<string, readonly string[]>>;
}

/** A start from a rootfs with one trap. */
async function attempt(
  t: TestContext,
  what: string,
  edit: (spec: Spec) => void,
  lay: (rootfs: string, outside: string) => void,
): Promise<void> {
  const scene = prepare(t, edit, lay);
  await judge(scene, await runIn(scene), what);
  await spared(scene, what);
}

function prepare(
  context: TestContext,
  edit: (spec: Spec) => void,
  lay: (rootfs: string, outside: string) => void = () => {},
): Scene {
  let hasTerminal = false;
  const { dir, rootfs } = bundle(context, (spec, where) => {
    edit(spec);
    hasTerminal = spec.process.terminal === true;
    mkdirSync(join(where, "data"));
    writeFileSync(join(where, "data/file"), "");
    // A symlink to outside leads to a path of that name inside; what is there outside must not be.
    shell(spec, `test ! -e ${join(where, "outside/directory/deep")} && cd / && test "$(pwd)" = / && echo confined`);
  });
  const outside = sentinel(dir);
  lay(rootfs, outside);
  const root = runtimeRoot(context);
  return { dir, rootfs, outside, root, context, hasTerminal, processes: images(), before: seen(dir, outside) };
}

function seen(dir: string, outside: string) {
  return {
    outside: snapshot(outside),
    bundle: readdirSync(dir).toSorted(),
    mounts: hostMounts(dir),
    devices: hostDevices(),
  };
}

interface Told {
  readonly status: number | null | NodeJS.Signals;
  readonly text: string;
}

async function runIn({ dir, root, hasTerminal, context }: Scene): Promise<Told & { id: string }> {
  const id = freshId();
  const args = ["--root", root, "run", "--bundle", dir, id];
  if (!hasTerminal) {
    const { status, stdout, stderr } = await tsrun(args, { cwd: "/", timeoutMs: PATIENCE_MS });
    return { id, status, text: stdout + stderr };
  }
  const at = terminal(context, [TSRUN, ...args], { cwd: "/" });
  const timer = setTimeout(() => at.child.kill("SIGKILL"), PATIENCE_MS);
  const status = await at.end();
  clearTimeout(timer);
  return { id, status, text: at.shown() };
}

/** Confined, or refused with a word of tsrun's. */
async function judge(
  { processes, dir }: Scene,
  { id, status, text }: Told & { id: string },
  what: string,
): Promise<string> {
  expect(text, `${what}: hangs`).not.toContain("(killed after");
  const result = status === 0 && /^confined\r?$/m.test(text) ? "confined" : "refused";
  if (result === "refused") {
    expect(typeof status, `${what}: ended by ${status}`).toBe("number");
    expect(status, `${what}: ${text}`).not.toBe(0);
    expect(text, `${what}: no error`).toMatch(/^tsrun: (?!warning).*(\n|$)/m);
    expect(text, `${what}: the error of a bug`).not.toMatch(/TypeError|RangeError|ReferenceError|\n\s+at /);
  }
  await nothingLeft(id, processes, dir);
  return result;
}

async function spared({ dir, outside, before }: Scene, what: string): Promise<void> {
  const after = seen(dir, outside);
  expect(after.outside, `${what}: outside`).toEqual(before.outside);
  expect(after.bundle, `${what}: the bundle`).toEqual(before.bundle);
  expect(after.mounts, `${what}: mounts of the host`).toEqual(before.mounts);
  expect(after.devices, `${what}: devices of the host`).toEqual(before.devices);
}
