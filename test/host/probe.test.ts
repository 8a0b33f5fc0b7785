// SPDX-License-Identifier: Apache-2.0
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Config, Mount } from "../../src/config/config.ts";
import { probe } from "../../src/host/probe.ts";
import { spawn } from "../../src/native/spawn.ts";
import { waitpid } from "../../src/native/wait.ts";

const bundle = realpathSync(mkdtempSync(join(tmpdir(), "tsrun-probe-")));
const rootfs = join(bundle, "rootfs");

beforeAll(() => {
  for (const path of ["etc/real", "var/lib", "run", "data/sub/deep", "loop", "dev"])
    mkdirSync(join(rootfs, path), { recursive: true });
  symlinkSync("/run", join(rootfs, "var/run"));
  symlinkSync("../../../../../../etc/real", join(rootfs, "var/lib/up"));
  symlinkSync("again", join(rootfs, "loop/again"));
  symlinkSync("missing", join(rootfs, "dangling"));
  writeFileSync(join(rootfs, "etc/real/passwd"), "root:x:0:0:root:/inside:/bin/sh\nada:x:1000:1000::/home/ada:\n");
  symlinkSync("/etc/real/passwd", join(rootfs, "etc/passwd"));
  writeFileSync(join(rootfs, "data/b"), "12345", { mode: 0o640 });
  writeFileSync(join(rootfs, "data/sub/deep/z"), "");
  symlinkSync("/etc", join(rootfs, "data/link"));
  symlinkSync("data", join(rootfs, "to-data"));
  const fifo = spawn({ file: "/usr/bin/mkfifo", argv: ["mkfifo", join(rootfs, "data/fifo")], env: [], fds: [] });
  expect(waitpid(fifo)).toEqual({ exited: 0 });
  chmodSync(join(rootfs, "run"), 0o1777);
  writeFileSync(join(bundle, "file"), "");
});
afterAll(() => rmSync(bundle, { recursive: true }));

function config(more: Partial<Config> = {}): Config {
  return { ociVersion: "1.3.0", root: { path: "rootfs" }, ...more };
}
const mount = (destination: string, ...options: string[]): Mount => ({
  destination,
  source: "tmpfs",
  type: "tmpfs",
  options,
});
const user = (uid: number, env: string[] = []) => ({ process: { cwd: "/", user: { uid, gid: 0 }, env } });

test("bundle and rootfs are told without symlinks", () => {
  const link = join(bundle, "link-to-self");
  symlinkSync(bundle, link);
  expect(probe(config(), link)).toMatchObject({ bundle, rootfs, arch: process.arch, uid: process.geteuid?.() });
  expect(probe(config({ root: { path: join(link, "rootfs") } }), link).rootfs).toBe(rootfs);
});

test("a missing rootfs is a finding at its pointer, a missing bundle an error of the host", () => {
  expect(() => probe(config({ root: { path: "nowhere" } }), bundle)).toThrow(
    expect.objectContaining({ code: "ETSRUN_CONFIG", findings: [expect.objectContaining({ pointer: "/root/path" })] }),
  );
  expect(() => probe(config({ root: { path: "file" } }), bundle)).toThrow(
    expect.objectContaining({ code: "ETSRUN_CONFIG" }),
  );
  expect(() => probe({ ociVersion: "1.3.0" }, bundle)).toThrow(expect.objectContaining({ code: "ETSRUN_CONFIG" }));
  expect(() => probe(config(), join(bundle, "no"))).toThrow(expect.objectContaining({ code: "ETSRUN_HOST" }));
});

test("symlinks on the way are recorded, followed inside the root, and only so often", () => {
  const mounts = [
    mount("/var/run/secrets"),
    mount("var/lib/up/x"),
    mount("/loop/again/y"),
    mount("/dangling/z"),
    mount("/etc/../var"),
  ];
  const { links, modes } = probe(config({ mounts }), bundle);
  expect(links).toEqual({
    "/var/run": "/run",
    "/var/lib/up": "../../../../../../etc/real",
    "/loop/again": "again",
    "/dangling": "missing",
  });
  expect(modes).toEqual({ "/var": statSync(join(rootfs, "var")).mode & 0o7777 });
});

test("devices are looked at as mounts are, and /dev always", () => {
  rmSync(join(rootfs, "dev"), { recursive: true });
  symlinkSync("/run", join(rootfs, "dev"));
  const devices = [{ type: "c" as const, path: "/var/run/null", major: 1, minor: 3 }];
  expect(probe(config(), bundle).links).toEqual({ "/dev": "/run" });
  expect(probe(config({ linux: { devices } }), bundle).links).toEqual({ "/dev": "/run", "/var/run": "/run" });
  rmSync(join(rootfs, "dev"));
  mkdirSync(join(rootfs, "dev"));
});

test("a destination has the mode of the directory it leads to", () => {
  expect(probe(config({ mounts: [mount("/var/run")] }), bundle).modes).toEqual({ "/run": 0o1777 });
});

test("tmpcopyup lists the tree through symlinks of the way, but follows none inside", () => {
  const { copyUp } = probe(config({ mounts: [mount("/to-data", "tmpcopyup"), mount("/data")] }), bundle);
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  expect(copyUp).toEqual({
    "/to-data": [
      { path: "b", kind: "file", mode: 0o640, uid, gid, size: 5 },
      { path: "link", kind: "symlink", mode: 0o777, uid, gid, size: 4, link: "/etc" },
      expect.objectContaining({ path: "sub", kind: "directory" }),
      expect.objectContaining({ path: "sub/deep", kind: "directory" }),
      expect.objectContaining({ path: "sub/deep/z", kind: "file", size: 0 }),
    ],
  });
});

test("sources of bind mounts: relative ones to the bundle, what they are, what they lie on", () => {
  const bind = (source: string, type = "none", ...options: string[]): Mount => ({
    destination: "/x",
    source,
    type,
    options,
  });
  const mounts = [
    bind("file", "bind"),
    bind("./rootfs/../rootfs", "none", "rbind"),
    bind("/proc", "", "bind"),
    bind("gone", "bind"),
    bind("tmpfs"),
  ];
  const { sources } = probe(config({ mounts }), bundle);
  expect(Object.keys(sources).sort()).toEqual(["/proc", join(bundle, "file"), rootfs].sort());
  expect(sources[join(bundle, "file")]?.kind).toBe("file");
  expect(sources[rootfs]?.kind).toBe("directory");
  const relatime = / \/proc (\S+) /.exec(readFileSync("/proc/self/mountinfo", "utf8"))?.[1]?.includes("relatime");
  expect(((sources["/proc"]?.mountFlags ?? 0) & 0x200000) !== 0).toBe(relatime);
});

test("HOME is that of the user in the rootfs's passwd, unless config.json sets it", () => {
  expect(probe(config(user(0)), bundle).home).toBe("/inside");
  expect(probe(config(user(1000, ["HOME="])), bundle).home).toBe("/home/ada");
  expect(probe(config(user(1000, ["HOME=/a", "HOME="])), bundle).home).toBe("/home/ada");
  expect(probe(config(user(1000, ["HOME=/mine"])), bundle).home).toBe("/");
  expect(probe(config(user(4242)), bundle).home).toBe("/");
});

test.each([
  [
    "a symlink that leads out of the root",
    () => symlinkSync("../../../../../../../../etc/passwd", join(rootfs, "etc/passwd")),
  ],
  [
    "a FIFO",
    () => waitpid(spawn({ file: "/usr/bin/mkfifo", argv: ["mkfifo", join(rootfs, "etc/passwd")], env: [], fds: [] })),
  ],
  ["a directory", () => mkdirSync(join(rootfs, "etc/passwd"))],
])("a passwd that is %s is not read", (_, make) => {
  rmSync(join(rootfs, "etc/passwd"), { recursive: true, force: true });
  make();
  try {
    expect(probe(config(user(0)), bundle).home).toBe("/");
  } finally {
    rmSync(join(rootfs, "etc/passwd"), { recursive: true });
    symlinkSync("/etc/real/passwd", join(rootfs, "etc/passwd"));
  }
});

test("namespaces: kind, inode, whether it is the runtime's own; other files are left out", () => {
  const namespaces = [
    { type: "uts" as const, path: "/proc/self/ns/uts" },
    { type: "network" as const, path: "/proc/self/ns/mnt" },
    { type: "ipc" as const, path: join(bundle, "file") },
    { type: "pid" as const },
  ];
  const facts = probe(config({ linux: { namespaces } }), bundle).namespaces;
  expect(Object.keys(facts)).toEqual(["/proc/self/ns/uts", "/proc/self/ns/mnt"]);
  expect(facts["/proc/self/ns/uts"]).toMatchObject({
    kind: "uts",
    own: true,
    inode: statSync("/proc/self/ns/uts", { bigint: true }).ino,
  });
  expect(facts["/proc/self/ns/mnt"]?.kind).toBe("mount");
  const owner = facts["/proc/self/ns/uts"]?.ownerInode;
  expect([0n, statSync("/proc/self/ns/user", { bigint: true }).ino]).toContain(owner);
});

test("limits are told for the types that config.json sets", () => {
  const rlimits = [
    { type: "RLIMIT_CORE", soft: 0, hard: 0 },
    { type: "RLIMIT_NOPE", soft: 0, hard: 0 },
  ];
  const facts = probe(config({ process: { cwd: "/", rlimits } }), bundle).rlimits;
  expect(Object.keys(facts)).toEqual(["RLIMIT_CORE"]);
  expect(facts.RLIMIT_CORE?.hard).toBeGreaterThanOrEqual(facts.RLIMIT_CORE?.soft ?? 1n);
});

test("what the runtime is", () => {
  const facts = probe(config(), bundle);
  expect(facts.capLastCap).toBeGreaterThanOrEqual(40);
  expect(facts.stdio).toHaveLength(3);
  expect(facts.kernel.major).toBeGreaterThanOrEqual(5);
});
