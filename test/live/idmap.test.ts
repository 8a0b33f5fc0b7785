// SPDX-License-Identifier: Apache-2.0
/** Mounts with mapped ids, as the container and the host see their owners. config.md#posix-platform-mounts. */
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle } from "./support/bundle.ts";
import { type Container, container, shell } from "./support/container.ts";
import { crun, run, runtimeRoot, tsrun } from "./support/run.ts";
import { type MountSpec, ORDINARY, rootless, type Spec } from "./support/spec.ts";

const map = (containerID: number, hostID: number, size: number) => [{ containerID, hostID, size }];
const MANY = map(0, 100_000, 65_536);
const both = (mappings: ReturnType<typeof map>) => ({ uidMappings: mappings, gidMappings: mappings });

function withUser(spec: Spec): void {
  spec.linux.namespaces.push({ type: "user" });
  Object.assign(spec.linux, both(MANY));
}

/** A container with one mount of `data` in its bundle, where files belong to 0 and 7. */
function mounting(t: TestContext, script: string, mount: MountSpec, edit: (spec: Spec) => void = () => {}): Container {
  requires(t, "root");
  const c = container(t, (spec, dir) => {
    shell(spec, script);
    spec.mounts.push({ source: join(dir, "data"), ...mount });
    edit(spec);
  });
  mkdirSync(join(c.dir, "data/below"), { recursive: true });
  // The container's root may not make it in a rootfs of the host's root.
  mkdirSync(join(c.rootfs, mount.destination));
  for (const [name, id] of [
    ["root", 0],
    ["seven", 7],
  ] as const) {
    writeFileSync(join(c.dir, "data", name), "");
    chownSync(join(c.dir, "data", name), id, id);
  }
  return c;
}

const OWNERS = "cd /m; stat -c '%n %u:%g' root seven";

test("a bind mount with mappings of its own shows and takes the mapped owners", async (t) => {
  const mount = { destination: "/m", options: ["bind", "idmap"], ...both(map(0, 5000, 8)) };
  const c = mounting(t, `${OWNERS}; touch made && stat -c %u:%g made`, mount, (spec) => {
    spec.process.user = { uid: 5003, gid: 5004 };
  });
  chmodSync(join(c.dir, "data"), 0o777);
  expect((await c.ok("run")).stdout).toBe("root 5000:5000\nseven 5007:5007\n5003:5004\n");
  const { uid, gid } = statSync(join(c.dir, "data/made"));
  expect([uid, gid]).toEqual([3, 4]);
});

test("without mappings of its own, idmap takes those of the container's user namespace", async (t) => {
  const c = mounting(t, `${OWNERS}; touch made`, { destination: "/m", options: ["rbind", "idmap"] }, withUser);
  expect((await c.ok("run")).stdout).toBe("root 0:0\nseven 7:7\n");
  expect(statSync(join(c.dir, "data/made")).uid).toBe(0);
});

test("mappings of its own go before those of the container's user namespace", async (t) => {
  const mount = { destination: "/m", options: ["bind", "idmap"], ...both(map(7, 100_001, 1)) };
  const c = mounting(t, OWNERS, mount, withUser);
  expect((await c.ok("run")).stdout).toBe("root 65534:65534\nseven 1:1\n");
});

test.for([
  ["idmap", "seven 0:0\nbelow/x 65534\n"],
  ["ridmap", "seven 0:0\nbelow/x 3\n"],
] as const)("%s and what is mounted below", async ([option, seen], t) => {
  requires(t, "root");
  const { dir, rootfs } = bundle(t, (spec, place) => {
    shell(spec, "cd /m; stat -c '%n %u:%g' seven; stat -c '%n %u' below/x");
    spec.mounts.push({
      destination: "/m",
      source: join(place, "data"),
      options: ["rbind", option],
      uidMappings: [...map(7, 100_000, 1), ...map(9, 100_003, 1)],
      gidMappings: map(7, 100_000, 1),
    });
    withUser(spec);
  });
  mkdirSync(join(rootfs, "m"));
  mkdirSync(join(dir, "data/below"), { recursive: true });
  writeFileSync(join(dir, "data/seven"), "");
  chownSync(join(dir, "data/seven"), 7, 7);
  const below = join(dir, "data/below");
  const prelude = `mount -t tmpfs none ${below}; touch ${below}/x; chown 9:9 ${below}/x`;
  const root = runtimeRoot(t);
  const out = await tsrun(["--root", root, "run", "--bundle", dir, "idmap-below"], { prelude });
  expect(out).toMatchObject({ stdout: seen, stderr: "" });
});

test("a tmpfs with mapped ids is made, and belongs to the container's root", async (t) => {
  const mount = { destination: "/m", type: "tmpfs", source: "tmpfs", options: ["idmap", "mode=750", "uid=3"] };
  const c = mounting(t, "stat -c '%a %u:%g' /m; touch /m/a; stat -c %u:%g /m/a", mount, withUser);
  expect((await c.ok("run")).stdout).toBe("750 3:0\n0:0\n");
});

test("a /dev with mapped ids has its devices", async (t) => {
  const c = mounting(
    t,
    "stat -c '%u:%g' /dev /dev/pts; echo x > /dev/null; ls /dev/zero",
    { destination: "/m", options: ["bind"] },
    (spec) => {
      withUser(spec);
      spec.mounts[1]?.options?.push("idmap");
    },
  );
  expect(await c.call("run")).toMatchObject({ stdout: "0:0\n0:0\n/dev/zero\n", stderr: "" });
});

test("the mappings of a joined user namespace are taken", async (t) => {
  const keeper = mounting(t, "exec sleep 1000", { destination: "/k", options: ["bind"] }, withUser);
  await keeper.ok("create");
  const { pid } = await keeper.state();
  const c = mounting(t, OWNERS, { destination: "/m", options: ["bind", "idmap"] }, (spec) => {
    spec.linux.namespaces.push({ type: "user", path: `/proc/${pid}/ns/user` });
  });
  expect((await c.ok("run")).stdout).toBe("root 0:0\nseven 7:7\n");
});

test("no process and no descriptor of the mapping is left in the container", async (t) => {
  const mount = { destination: "/m", options: ["bind", "idmap"], ...both(map(0, 5000, 8)) };
  const c = mounting(t, "exec sleep 1000", mount);
  await c.ok("create");
  const { pid } = await c.state();
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  expect(children).toBe("");
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => run(["readlink", `/proc/${pid}/fd/${fd}`]));
  expect((await Promise.all(links)).filter(({ stdout }) => stdout.startsWith("user:"))).toEqual([]);
});

test("a filesystem that cannot be mapped is told by the kernel's refusal, with a hint", async (t) => {
  const mount = { destination: "/m", source: "/proc", options: ["rbind", "idmap"], ...both(map(0, 5000, 8)) };
  const { status, stderr } = await mounting(t, "true", mount).call("run");
  expect(status).toBe(1);
  expect(stderr).toContain("MOUNT_ATTR_IDMAP");
  expect(stderr).toContain("EINVAL");
  expect(stderr).toContain("cannot be mounted with mapped ids on this kernel");
});

test("an ordinary user maps a tmpfs, in the ids that the container has", async (t) => {
  requires(t, "root", "rootless");
  const { dir } = bundle(
    t,
    (spec) => {
      rootless(spec);
      shell(spec, "stat -c %u:%g /m; touch /m/a && stat -c %u:%g /m/a");
      spec.mounts.push({ destination: "/m", type: "tmpfs", options: ["idmap"], ...both(map(0, ORDINARY, 1)) });
    },
    { owner: ORDINARY },
  );
  const root = runtimeRoot(t, { owner: ORDINARY });
  const out = await tsrun(["--root", root, "run", "--bundle", dir, "idmap-user"], { as: "user" });
  expect(out).toMatchObject({ stdout: "0:0\n0:0\n", status: 0 });
});

test("crun sees the same owners", async (t) => {
  requires(t, "crun");
  const c = mounting(
    t,
    `${OWNERS}; touch made; stat -c %u made`,
    { destination: "/m", options: ["bind", "idmap"] },
    withUser,
  );
  const { stdout } = await c.ok("run");
  const root = runtimeRoot(t, { bin: "crun" });
  expect(await crun(["--root", root, "run", "idmap-crun"], { cwd: c.dir })).toMatchObject({ status: 0, stdout });
});
