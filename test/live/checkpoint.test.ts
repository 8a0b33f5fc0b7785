// SPDX-License-Identifier: Apache-2.0
/** checkpoint and restore around CRIU: a program in its place tells what it was given, and fails. With CRIU: test/vm. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { temporary } from "./support/bundle.ts";
import { type Container, container, freshId, shell } from "./support/container.ts";
import { type Outcome, tsrun } from "./support/run.ts";
import type { Spec } from "./support/spec.ts";

/** Says that it is 3.17.1, and to all else that it has failed with errno 5, after it has written down what it sees. */
const CRIU = `#!/bin/sh
dd bs=4096 count=1 of=$0.request <&3 2>/dev/null
case $(od -An -tx1 -N2 $0.request) in
" 08 0a") printf '\\010\\012\\020\\001\\122\\006\\010\\003\\020\\021\\040\\001' >&3; exit ;;
esac
cat /proc/self/mountinfo > $0.mounts
cat /proc/self/cgroup > $0.cgroup
ls /proc/self/fd > $0.fds
root=$(sed -n 's|.* \\(/[^ ]*/criu-root\\) .*|\\1|p' $0.mounts | head -n 1)
[ -z "$root" ] || ls -R "$root/new" > $0.root
printf '\\010\\002\\020\\000\\070\\005' >&3
`;

interface Scene extends Container {
  readonly criu: string;
  readonly images: string;
  tsrun(...args: readonly string[]): Promise<Outcome>;
  /** What the program in CRIU's place has written. */
  told(what: "request" | "mounts" | "cgroup" | "fds" | "root"): string;
}

function scene(t: TestContext, edit: (spec: Spec, dir: string) => void = () => {}, owner = 0): Scene {
  requires(t, "root", "busybox");
  const c = container(
    t,
    (spec, dir) => {
      shell(spec, "exec sleep 1000");
      edit(spec, dir);
    },
    { owner },
  );
  const dir = temporary(t);
  const criu = join(dir, "criu");
  writeFileSync(criu, CRIU);
  chmodSync(criu, 0o755);
  return {
    ...c,
    criu,
    images: join(dir, "images"),
    tsrun: (...args) => tsrun(["--root", c.root, ...args], { env: { PATH: `${dir}:${process.env.PATH}` } }),
    told: (what) => readFileSync(`${criu}.${what}`, "utf8"),
  };
}

test("only a container that runs can be checkpointed", async (t) => {
  const c = scene(t);
  expect(await c.tsrun("checkpoint", c.id)).toMatchObject({ status: 1 });
  await c.ok("create");
  expect(await c.tsrun("checkpoint", "--image-path", c.images, c.id)).toMatchObject({ status: 1 });
  expect(existsSync(c.images)).toBe(false);
  expect(await c.status()).toBe("created");
});

test("when CRIU fails, its log is named and the container goes on", async (t) => {
  const c = scene(t);
  await c.ok("create");
  await c.ok("start");
  const failed = await c.tsrun("checkpoint", "--image-path", c.images, c.id);
  expect(failed.status).toBe(1);
  expect(failed.stderr).toContain("errno 5");
  expect(failed.stderr).toContain(join(c.images, "dump.log"));
  expect(await c.status()).toBe("running");
  // Its output is a file of the host, which CRIU must be told of; see support/container.ts.
  const [input, output] = JSON.parse(readFileSync(join(c.images, "descriptors.json"), "utf8")) as string[];
  expect(input).toMatch(/^file\[[\da-f]+:[\da-f]+\] \/dev\/null$/);
  const [key = ""] = /^file\[[\da-f]+:[\da-f]+\]/.exec(output ?? "") ?? [];
  expect(c.told("request")).toContain(key);
  expect(c.told("request")).toContain("file[");
});

test("what CRIU cannot keep is refused before it is asked", async (t) => {
  const c = scene(
    t,
    (spec, dir) => {
      spec.linux.namespaces.push({ type: "user" });
      spec.linux.uidMappings = [{ containerID: 0, hostID: 100_000, size: 1000 }];
      spec.linux.gidMappings = [{ containerID: 0, hostID: 100_000, size: 1000 }];
      spec.mounts.push({ destination: "/m", type: "bind", source: dir, options: ["bind", "idmap"] });
    },
    100_000,
  );
  await c.ok("create");
  await c.ok("start");
  const refused = await c.tsrun("checkpoint", "--image-path", c.images, c.id);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain(`/mounts/${c.spec.mounts.length - 1}`);
  expect(existsSync(c.images)).toBe(false);
});

test("a restore gives CRIU the root and its mountpoints, the cgroup and the descriptors, and leaves nothing of them", async (t) => {
  const id = freshId();
  const c = scene(t, (spec) => {
    spec.linux.cgroupsPath = `/${id}`;
    spec.mounts.push({ destination: "/new/place", type: "tmpfs", source: "tmpfs" });
  });
  mkdirSync(c.images);
  writeFileSync(join(c.images, "descriptors.json"), '["file[1:2] /dev/null","pipe:[5]","pipe:[6]"]');
  const failed = await c.tsrun("restore", "--detach", "--bundle", c.dir, "--image-path", c.images, id);
  expect(failed.status).toBe(1);
  expect(failed.stderr).toContain(join(c.images, "restore.log"));
  expect(c.told("mounts")).toMatch(new RegExp(`/${id}/criu-root `));
  expect(c.told("root")).toContain("place");
  expect(c.told("cgroup")).toContain(`/${id}\n`);
  // Its socket, and /dev/null; 255 and the like are the shell's own.
  expect(c.told("fds").split("\n").slice(0, 5)).toEqual(["0", "1", "2", "3", "4"]);
  expect(c.told("request")).toContain("pipe:[6]");
  expect(readdirSync(c.root)).not.toContain(id);
  expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain("criu-root");
  const left = ["", "pids", "memory", "devices"].filter((name) => existsSync(join("/sys/fs/cgroup", name, id)));
  expect(left).toEqual([]);
});

test("what is no checkpoint is not restored", async (t) => {
  const c = scene(t);
  expect(await c.tsrun("restore", "--bundle", c.dir, "--image-path", c.images, c.id)).toMatchObject({ status: 1 });
  mkdirSync(c.images);
  const failed = await c.tsrun("restore", "--bundle", c.dir, "--image-path", c.images, c.id);
  expect(failed.status).toBe(1);
  expect(failed.stderr).toContain("descriptors.json");
  expect(existsSync(join(c.root, c.id))).toBe(false);
});
