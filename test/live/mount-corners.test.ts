// SPDX-License-Identifier: Apache-2.0
/** Mounts at the corners of config.md#mounts, as the container sees them. */
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle } from "./support/bundle.ts";
import { type Container, container, freshId, shell } from "./support/container.ts";
import { runtimeRoot, tsrun } from "./support/run.ts";
import type { MountSpec } from "./support/spec.ts";

/** A container with these mounts that runs a script; what it needs in its bundle can be laid there before `run`. */
function mounting(t: TestContext, script: string, mounts: readonly MountSpec[]): Container {
  requires(t, "root");
  return container(t, (spec) => {
    shell(spec, script);
    spec.mounts.push(...mounts);
  });
}

test("a bind mount of a file is remounted read-only", async (t) => {
  const c = mounting(t, "cat /srv/new/file; echo x > /srv/new/file || echo refused", [
    { destination: "/srv/new/file", source: "file", options: ["bind"] },
    { destination: "/srv/new/file", source: "file", options: ["bind", "remount", "ro"] },
  ]);
  writeFileSync(join(c.dir, "file"), "of the host\n");
  expect((await c.ok("run")).stdout).toBe("of the host\nrefused\n");
});

test.for(["rw", "ro", "iversion", "ro,iversion"])(
  "a tmpfs with %s has the mode of what it covers",
  async (words, t) => {
    const c = mounting(t, "stat -c %a /m", [{ destination: "/m", type: "tmpfs", options: words.split(",") }]);
    mkdirSync(join(c.rootfs, "m"));
    chmodSync(join(c.rootfs, "m"), 0o2751);
    expect((await c.ok("run")).stdout).toBe("2751\n");
  },
);

test("253 preserved descriptors all reach a container whose mount needs one of its own", async (t) => {
  const c = mounting(t, "readlink /proc/self/fd/255", [{ destination: "/m", type: "tmpfs", options: ["iversion"] }]);
  const fd = openSync("/dev/zero", "r");
  t.onTestFinished(() => closeSync(fd));
  const fds = Array.from({ length: 253 }, () => fd);
  const args = ["--root", c.root, "run", "--preserve-fds", "253", "--bundle", c.dir, c.id];
  expect(await tsrun(args, { fds })).toMatchObject({ stdout: "/dev/zero\n" });
});

test("tmpcopyup keeps owners and modes, and a set-group-ID directory has it to itself", async (t) => {
  const c = mounting(t, "cd /m; stat -c '%n %a %u:%g' . d d/e d/e/f", [
    { destination: "/m", type: "tmpfs", options: ["tmpcopyup"] },
  ]);
  const made = [
    ["m", 0o2775, 8],
    ["m/d", 0o2775, 5],
    ["m/d/e", 0o755, 0],
  ] as const;
  for (const [path, mode, group] of made) {
    mkdirSync(join(c.rootfs, path));
    chownSync(join(c.rootfs, path), group, group);
    chmodSync(join(c.rootfs, path), mode);
  }
  writeFileSync(join(c.rootfs, "m/d/e/f"), "", { mode: 0o640 });
  // The root of the tmpfs is root's: so runc has it.
  expect((await c.ok("run")).stdout).toBe(". 2775 0:0\nd 2775 5:5\nd/e 755 0:0\nd/e/f 640 0:0\n");
});

test("a bind source in the rootfs is reached inside of it, symlinks and earlier mounts included", async (t) => {
  const c = mounting(t, "cat /dst/name /new/made", [
    { destination: "/dst", source: "rootfs/link/secret", options: ["bind"] },
    { destination: "/early", type: "tmpfs", options: ["tmpcopyup"] },
    { destination: "/new", source: "rootfs/early/deep", options: ["rbind"] },
  ]);
  for (const [path, text] of [
    ["secret/name", "of the host\n"],
    [`rootfs${c.dir}/secret/name`, "inside\n"],
    ["rootfs/early/deep/made", "copied\n"],
  ] as const) {
    mkdirSync(dirname(join(c.dir, path)), { recursive: true });
    writeFileSync(join(c.dir, path), text);
  }
  symlinkSync(c.dir, join(c.rootfs, "link"));
  expect((await c.ok("run")).stdout).toBe("inside\ncopied\n");
});

test("a shared mount of the host that a user namespace binds takes nothing back to the host", async (t) => {
  requires(t, "root");
  const { dir, rootfs } = bundle(t, (spec, place) => {
    shell(spec, `awk '$5 == "/" || $5 ~ "^/m" { sub(/:.*/, "", $7); print $5, $7 }' /proc/self/mountinfo`);
    spec.mounts.push({ destination: "/m", source: join(place, "data"), options: ["rbind"] });
    spec.linux.namespaces.push({ type: "user" });
    spec.linux.uidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
    spec.linux.gidMappings = spec.linux.uidMappings;
  });
  for (const path of [join(rootfs, "m"), join(dir, "data/below")]) mkdirSync(path, { recursive: true });
  const [data, below] = [join(dir, "data"), join(dir, "data/below")];
  const shared = (kind: string, place: string) => `mount ${kind} ${place}; mount --make-shared ${place}`;
  const prelude = [
    "mount --make-rprivate /",
    shared(`--bind ${rootfs}`, rootfs),
    shared("-t tmpfs none", data),
    `mkdir ${below}`,
    shared("-t tmpfs none", below),
  ].join("; ");
  const out = await tsrun(["--root", runtimeRoot(t), "run", "--bundle", dir, freshId()], { prelude });
  expect(out).toMatchObject({ stdout: "/ master\n/m master\n/m/below master\n", stderr: "" });
});
