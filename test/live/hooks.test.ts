// SPDX-License-Identifier: Apache-2.0
/** Hooks of all kinds: where and when they run, and what they are given. config.md#posix-platform-hooks. */
import { chmodSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { type Container, shell, until } from "./support/container.ts";
import { hookLog, KINDS, type Logged, script, withHooks, witness } from "./support/hooks.ts";
import { PATIENCE } from "./support/patience.ts";
import { type Outcome, run, runc, runtimeRoot, TSRUN, tsrun } from "./support/run.ts";
import { type HookName, type HookSpec, ORDINARY, rootless, type Spec } from "./support/spec.ts";

const LONG = { timeout: 60_000 };
const IN_CONTAINER: readonly HookName[] = ["createContainer", "startContainer"];

test("hooks are called in the listed order, each kind at its moment", LONG, async (t) => {
  requires(t, "root");
  const twice = Object.fromEntries(KINDS.map((kind) => [kind, [witness(`${kind} 0`), witness(`${kind} 1`)]]));
  const c = withHooks(t, twice, (spec) => shell(spec, "echo program >>/bundle/hook.log; exec sleep 1000"));
  const labels = () => hookLog(c).map(({ label }) => label);
  const both = (...kinds: readonly string[]) => kinds.flatMap((kind) => [`${kind} 0`, `${kind} 1`]);
  await c.ok("create");
  expect(labels()).toEqual(both("prestart", "createRuntime", "createContainer"));
  await c.ok("start");
  await until("the program has spoken", () => labels().includes("program"));
  const created = both("prestart", "createRuntime", "createContainer", "startContainer");
  expect(labels().filter((label) => label !== "program")).toEqual([...created, ...both("poststart")]);
  expect(labels().indexOf("program")).toBeGreaterThanOrEqual(created.length);
  await end(c);
  expect(labels()).not.toContain("poststop 0");
  await c.ok("delete");
  expect(labels().slice(-2)).toEqual(both("poststop"));
});

test("a poststart hook finds the program where the image was", async (t) => {
  requires(t, "root");
  const exe = script(`readlink /proc/$(sed 's/.*"pid":\\([0-9]*\\).*/\\1/')/exe >$DIR/exe`);
  const c = withHooks(t, { poststart: [exe] });
  await c.ok("create");
  await c.ok("start");
  expect(readFileSync(join(c.dir, "exe"), "utf8")).toContain("busybox");
});

test("a poststop hook finds nothing of the container", async (t) => {
  requires(t, "root");
  const c = withHooks(t, {}, (spec, dir) => {
    spec.hooks = { poststop: [{ path: "/bin/sh", args: ["sh", "-c", `ls ROOT >${dir}/left`] }] };
  });
  const config = join(c.dir, "config.json");
  writeFileSync(config, readFileSync(config, "utf8").replace("ls ROOT", `ls ${c.root}`));
  await c.ok("create");
  await c.ok("delete");
  expect(readFileSync(join(c.dir, "left"), "utf8")).toBe("");
});

test("the state on stdin is that of the moment", LONG, async (t) => {
  requires(t, "root");
  const { c, log } = await life(t);
  const states = Object.fromEntries(log.map(({ label, state }) => [label, JSON.parse(state)]));
  const common = { ociVersion: c.spec.ociVersion, id: c.id, bundle: c.dir, annotations: { "org.test": "hooks" } };
  const pid = states.prestart.pid;
  expect(pid).toBeGreaterThan(1);
  expect(states).toEqual({
    prestart: { ...common, status: "creating", pid },
    createRuntime: { ...common, status: "creating", pid },
    // In the container's pid namespace.
    createContainer: { ...common, status: "creating", pid: 1 },
    startContainer: { ...common, status: "created", pid: 1 },
    poststart: { ...common, status: "running", pid },
    poststop: { ...common, status: "stopped" },
  });
});

test("hooks are executed in the namespaces of their kind", LONG, async (t) => {
  requires(t, "root");
  const { log } = await life(t);
  const ours = ["mnt", "pid", "net", "uts", "ipc", "user"].map((kind) => readlinkSync(`/proc/self/ns/${kind}`));
  const inside = log.find(({ label }) => label === "startContainer")?.namespaces;
  expect(inside?.filter((link) => ours.includes(link))).toEqual([ours[5]]);
  for (const { label, namespaces } of log) {
    expect(namespaces, label).toEqual(IN_CONTAINER.includes(label as HookName) ? inside : ours);
  }
});

test("paths of hooks are those of the host, but for startContainer", LONG, async (t) => {
  requires(t, "root");
  const hooks = Object.fromEntries(KINDS.map((kind) => [kind, [{ path: "@DIR@/which", args: ["which", kind] }]]));
  hooks.startContainer = [{ path: "/which", args: ["which", "startContainer"] }];
  const c = withHooks(t, hooks);
  const which = (side: string) =>
    `#!/bin/sh\ntest -d /bundle/rootfs && D=/bundle || D=${c.dir}\necho $1 ${side} >>$D/which.log\n`;
  writeFileSync(join(c.dir, "which"), which("host"), { mode: 0o755 });
  writeFileSync(join(c.rootfs, "which"), which("container"), { mode: 0o755 });
  await c.ok("create");
  await c.ok("start");
  await c.ok("delete", ["--force"]);
  const lines = KINDS.map((kind) => `${kind} ${kind === "startContainer" ? "container" : "host"}\n`);
  expect(readFileSync(join(c.dir, "which.log"), "utf8")).toBe(lines.join(""));
});

test("a symlink in a hostile root does not lead a startContainer hook out of it", async (t) => {
  requires(t, "root");
  const c = withHooks(t, { startContainer: [{ path: "/link/hook" }] });
  symlinkSync(`../../../../..${c.dir}`, join(c.rootfs, "link"));
  writeFileSync(join(c.dir, "hook"), `#!/bin/sh\necho out >${c.dir}/out\n`, { mode: 0o755 });
  await c.ok("create");
  const { status, stderr } = await c.call("start");
  expect(status).toBe(1);
  expect(stderr).toContain('error running startContainer hook #0: execve("/link/hook"');
  expect(readdirSync(c.dir)).not.toContain("out");
});

test("args and env are given as they are, and nothing else", LONG, async (t) => {
  requires(t, "root");
  const look = "tr '\\0' '|' </proc/self/environ >>$DIR/given; echo \"$0|$*\" >>$DIR/given";
  const given = (kind: string) => {
    const { path, args = [] } = script(look);
    return { path, args: [...args, kind, "a b", ""], env: [`KIND=${kind}`, "EMPTY=", "KIND=again"] };
  };
  const c = withHooks(t, Object.fromEntries(KINDS.map((kind) => [kind, [given(kind)]])));
  await c.ok("create");
  await c.ok("start");
  await c.ok("delete", ["--force"]);
  const lines = KINDS.map((kind) => `KIND=${kind}|EMPTY=|KIND=again|${kind}|a b \n`);
  expect(readFileSync(join(c.dir, "given"), "utf8")).toBe(lines.join(""));
});

test("a hook without args has its path as the first, one without env has none", LONG, async (t) => {
  requires(t, "root");
  const hooks = Object.fromEntries(KINDS.map((kind) => [kind, [{ path: "@DIR@/bare" }]]));
  hooks.startContainer = [{ path: "/bare" }];
  const c = withHooks(t, hooks);
  const file = "D=/bundle; test -d $D/rootfs || D=$(dirname $0)";
  const text = `#!/bin/sh -\n${file}\ntr '\\0' '|' </proc/self/environ >>$D/given; echo "$0 $#" >>$D/given\n`;
  writeFileSync(join(c.dir, "bare"), text, { mode: 0o755 });
  writeFileSync(join(c.rootfs, "bare"), text, { mode: 0o755 });
  await c.ok("create");
  await c.ok("start");
  await c.ok("delete", ["--force"]);
  const lines = KINDS.map((kind) => `${kind === "startContainer" ? "" : c.dir}/bare 0\n`);
  expect(readFileSync(join(c.dir, "given"), "utf8")).toBe(lines.join(""));
});

test("hooks see what runc's see", LONG, async (t) => {
  requires(t, "root", "runc");
  const ours = await inForeground(t, (c) => tsrun(["--root", c.root, "run", "--bundle", c.dir, c.id]));
  const theirs = await inForeground(t, (c) => runc(["--root", `${c.dir}/runc`, "run", "--bundle", c.dir, c.id]));
  expect(inOrder(ours)).toEqual(inOrder(theirs));
});

test("hooks inherit none of the caller's descriptors", LONG, async (t) => {
  requires(t, "root");
  const c = withHooks(t, witnesses(), (spec) => shell(spec, "true"));
  const fds = ["pipe", "pipe", "pipe", "pipe"] as const;
  const words = ["--root", c.root, "run", "--preserve-fds", "4", "--bundle", c.dir, c.id];
  expect(await run([TSRUN, ...words], { fds: [...fds] })).toMatchObject({ status: 0 });
  // The fourth is that of the directory which ls reads.
  expect(hookLog(c).map(({ fds }) => fds)).toEqual(KINDS.map(() => "0,1,2,3,"));
});

test("what createContainer hooks mount is in the container, whose root is read-only by then", async (t) => {
  requires(t, "root");
  const text = 'mkdir made && mount -t tmpfs none "$PWD/made" && echo here >made/file';
  const mounting = { path: "/bin/sh", args: ["sh", "-c", text], env: [`PATH=${process.env.PATH}`] };
  const c = withHooks(t, { createContainer: [mounting] }, (spec) => {
    spec.root.readonly = true;
    shell(spec, "cat /made/file; touch /file 2>/dev/null && echo writable; true");
  });
  await c.ok("run");
  expect(c.stdout()).toBe("here\n");
});

test("a hook of the runtime finds the mounts under the rootfs in the container's mount namespace", async (t) => {
  requires(t, "root");
  const look = `nsenter -m -t $(sed 's/.*"pid":\\([0-9]*\\).*/\\1/') stat -f -c %T @DIR@/rootfs/proc >@DIR@/type`;
  for (const user of [false, true]) {
    const c = withHooks(t, { createRuntime: [{ path: "/bin/sh", args: ["sh", "-c", look] }] }, (spec) => {
      if (user) mapped(spec);
    });
    await c.ok("create");
    expect(readFileSync(join(c.dir, "type"), "utf8"), `user namespace: ${user}`).toBe("proc\n");
  }
});

test("hooks that read nothing, and hooks that leave a daemon behind, hold nobody up", LONG, async (t) => {
  requires(t, "root");
  const hooks = KINDS.map((kind) => [kind, [script(`sleep ${8 * PATIENCE} & exit 0`), witness(kind)]]);
  const c = withHooks(t, Object.fromEntries(hooks));
  const begin = Date.now();
  await c.ok("create");
  await c.ok("start");
  await c.ok("delete", ["--force"]);
  expect(Date.now() - begin).toBeLessThan(7000 * PATIENCE);
  expect(hookLog(c).map(({ label }) => label)).toEqual([...KINDS]);
});

test("startContainer hooks have no more privileges than the program", async (t) => {
  requires(t, "root");
  const c = withHooks(t, { startContainer: [witness("hook")] }, (spec) => {
    spec.process.user = { uid: 1000, gid: 1000, umask: 0o27 };
    spec.process.capabilities = {};
    spec.process.cwd = "/tmp";
  });
  writeFileSync(join(c.dir, "hook.log"), "");
  chmodSync(join(c.dir, "hook.log"), 0o666);
  await c.ok("create");
  await c.ok("start");
  const seen = { cwd: "/tmp", umask: "0027", uid: "1000", capabilities: "0".repeat(16) };
  expect(hookLog(c)).toEqual([expect.objectContaining(seen)]);
});

test("startContainer hooks are under the filter of system calls, createContainer hooks are not", async (t) => {
  requires(t, "root");
  const making = (kind: string) => script(`mkdir $DIR/${kind} 2>/dev/null; true`);
  const c = withHooks(
    t,
    { createContainer: [making("createContainer")], startContainer: [making("startContainer")] },
    (spec) => {
      const syscalls = [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO" }];
      spec.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls };
    },
  );
  await c.ok("create");
  await c.ok("start");
  expect(readdirSync(c.dir)).toContain("createContainer");
  expect(readdirSync(c.dir)).not.toContain("startContainer");
});

test("the pid of the state is that of a shared pid namespace, too", async (t) => {
  requires(t, "root");
  const c = withHooks(t, { createRuntime: [witness("out")], createContainer: [witness("in")] }, (spec) => {
    spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== "pid");
  });
  await c.ok("create");
  const { pid } = await c.state();
  expect(hookLog(c).map(({ state }) => JSON.parse(state).pid)).toEqual([pid, pid]);
});

test("an ordinary user's hooks run as that user", LONG, async (t) => {
  requires(t, "rootless");
  const root = runtimeRoot(t, { owner: ORDINARY });
  const edit = (spec: Spec) => {
    rootless(spec);
    shell(spec, "true");
  };
  const c = withHooks(t, witnesses(), edit, { owner: ORDINARY });
  const words = ["--root", root, "run", "--bundle", c.dir, c.id];
  expect(await tsrun(words, { as: "user" })).toMatchObject({ status: 0 });
  const log = hookLog(c);
  expect(log.map(({ label }) => label)).toEqual([...KINDS]);
  const outside = log.filter(({ label }) => !IN_CONTAINER.includes(label as HookName));
  expect(outside.map(({ uid }) => uid)).toEqual(outside.map(() => String(ORDINARY)));
  const inside = log.filter(({ label }) => IN_CONTAINER.includes(label as HookName));
  expect(inside.map(({ uid }) => uid)).toEqual(["0", "0"]);
  expect(inside[0]?.namespaces).toEqual(inside[1]?.namespaces);
});

function witnesses(): Partial<Record<HookName, HookSpec[]>> {
  return Object.fromEntries(KINDS.map((kind) => [kind, [witness(kind)]]));
}

/** A container with a witness for each kind, and what they have told after its whole life. */
async function life(t: TestContext): Promise<{ c: Container; log: readonly Logged[] }> {
  const c = withHooks(t, witnesses());
  await c.ok("create");
  await c.ok("start");
  await end(c);
  await c.ok("delete");
  return { c, log: hookLog(c) };
}

async function end(c: Container): Promise<void> {
  await c.ok("kill", [], ["KILL"]);
  await until("the container is stopped", async () => (await c.status()) === "stopped");
}

/** A user namespace made by root, with many ids. */
function mapped(spec: Spec): void {
  spec.linux.namespaces.push({ type: "user" });
  spec.linux.uidMappings = [{ containerID: 0, hostID: 0, size: 65536 }];
  spec.linux.gidMappings = [{ containerID: 0, hostID: 0, size: 65536 }];
}

async function inForeground(t: TestContext, command: (c: Container) => Promise<Outcome>): Promise<readonly Logged[]> {
  const c = withHooks(t, witnesses(), (spec) => shell(spec, "sleep 0.3"), { id: "hooks-compared" });
  expect(await command(c)).toMatchObject({ status: 0 });
  return hookLog(c).map((seen) => JSON.parse(JSON.stringify(seen).replaceAll(c.dir, "BUNDLE")));
}

/** runc 1.1 calls poststart hooks while the container is created yet. */
function inOrder(log: readonly Logged[]) {
  return KINDS.map((kind) => log.filter(({ label }) => label === kind).map(comparable));
}

/** What has to be the same with runc. */
function comparable({ label, state, cwd, env, umask, uid, capabilities, namespaces }: Logged) {
  const { status, id, bundle, annotations, pid } = JSON.parse(state);
  const now = label === "poststart" ? "running" : status;
  const isHost = readlinkSync("/proc/self/ns/mnt") === namespaces[0];
  return {
    label,
    now,
    id,
    bundle,
    annotations,
    pid: Math.min(pid ?? 0, 2),
    cwd,
    env,
    umask,
    uid,
    capabilities,
    isHost,
  };
}
