// SPDX-License-Identifier: Apache-2.0
/**
 * Containers whose processes and files want something of the runtime while it works on them: what joins is not theirs to
 * look into, and nothing that they hold, grow or name keeps the runtime waiting or leads it elsewhere.
 */
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { type Container, container, shell, until } from "./support/container.ts";
import { script, withHooks } from "./support/hooks.ts";
import { run, TSRUN, tsrun } from "./support/run.ts";
import type { Spec } from "./support/spec.ts";
import { images, nothingLeft } from "./support/traces.ts";

const LONG = { timeout: 120_000 };

/** Looks at every process that is an image still, again and again, and tells what it can see of it. */
const WATCH = `
look() {
  for f in $1/exe $1/cwd $1/root $1/fd/* $1/map_files/* $1/ns/*; do readlink $f && echo "$f of $2"; done
  for f in environ maps auxv mem stack syscall; do head -c1 $1/$f | grep . && echo "$f of $2"; done
}
while :; do
  for p in /proc/[0-9]*; do
    read comm <$p/comm || continue
    case $comm in *[!0-9]*) continue;; esac
    seen=$(look $p $comm)
    read after <$p/comm && test $after = $comm || continue
    test -z "$seen" || echo "$seen"
    echo "met $comm"
  done 2>/dev/null
done >>/watch/log`;

/** Each is made to last, so that there is time to look. */
const SLOW_CALLS = "setsid,keyctl,setgroups,setresgid,setresuid,chdir,getcwd,capset,prctl,umask,close_range,execve";

test.for<[string, (spec: Spec) => void]>([
  ["without a user namespace", () => {}],
  [
    "in a user namespace with CAP_SYS_PTRACE",
    (spec) => {
      for (const set of Object.values(spec.process.capabilities ?? {})) set.push("CAP_SYS_PTRACE");
      spec.linux.namespaces.push({ type: "user" });
      const mapping = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
      Object.assign(spec.linux, { uidMappings: mapping, gidMappings: mapping });
    },
  ],
])("root of a container sees nothing of a process while it joins, %s: CVE-2016-9962", LONG, async ([, edit], t) => {
  requires(t, "root", "userns", "strace");
  const { c, log } = watched(t, edit);
  const words = ["--root", c.root, "exec", c.id, `/bin/${CONTROL}`];
  const slow = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${SLOW_CALLS}`];
  await c.ok("create");
  await c.ok("start");
  const { status, stderr } = await run([...slow, "-e", `inject=${SLOW_CALLS}:delay_enter=60000`, TSRUN, ...words]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const lines = log().split("\n");
  const met = lines.findLastIndex((line) => /^met \d+$/.test(line) && line !== `met ${CONTROL}`);
  expect(met, "the image was in sight").toBeGreaterThanOrEqual(0);
  expect(lines.slice(0, met + 1).filter((line) => !/^met \d+$/.test(line))).toEqual([]);
  // What becomes of it then can be looked into.
  expect(lines.filter((line) => line.endsWith(`/exe of ${CONTROL}`))).not.toEqual([]);
});

/** A program whose name is a number, too. */
const CONTROL = "1234567";

function watched(t: TestContext, edit: (spec: Spec) => void): { c: Container; log: () => string } {
  const c = container(t, (spec, dir) => {
    mkdirSync(join(dir, "rootfs/watch"));
    writeFileSync(join(dir, "rootfs/bin", CONTROL), "#!/bin/sh\nsleep 1\n", { mode: 0o755 });
    mkdirSync(join(dir, "watch"));
    writeFileSync(join(dir, "watch/log"), "");
    chmodSync(join(dir, "watch/log"), 0o666);
    spec.mounts.push({ destination: "/watch", type: "bind", source: join(dir, "watch"), options: ["bind"] });
    shell(spec, WATCH);
    edit(spec);
  });
  return { c, log: () => readFileSync(join(c.dir, "watch/log"), "utf8") };
}

test("a process that joins is under the rules for devices from the first", async (t) => {
  requires(t, "root", "cgroup-v1");
  const c = container(t, (spec) => {
    shell(spec, "mkdir /dev/below; mknod /dev/below/kmsg c 1 11; mknod /dev/below/zero c 1 5; exec sleep 1000");
    spec.linux.resources = { devices: [{ allow: false, access: "rwm" }] };
  });
  await c.ok("create");
  await c.ok("start");
  const tries =
    "cd /dev/below; until test -c zero; do sleep 0.1; done; head -c0 <zero && echo zero; head -c0 <kmsg && echo kmsg";
  const { stdout, stderr } = await tsrun(["--root", c.root, "exec", c.id, "/bin/sh", "-c", tries]);
  expect(stdout).toBe("zero\n");
  expect(stderr).toMatch(/kmsg.*Operation not permitted/);
});

/** Holds a write lease on a file, and does not give it up when asked. fcntl(2). */
const LEASE = `
import fcntl, os, signal, sys, time
signal.signal(signal.SIGIO, signal.SIG_IGN)
fd = os.open(sys.argv[1], os.O_WRONLY)
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("held", flush=True)
time.sleep(1000)`;

test("a lease on /etc/passwd keeps neither create nor exec waiting", LONG, async (t) => {
  requires(t, "root", "python3");
  const c = container(t, (spec, dir) => {
    mkdirSync(join(dir, "rootfs/etc"), { recursive: true });
    writeFileSync(join(dir, "rootfs/etc/passwd"), "root:x:0:0::/leased:/bin/sh\n");
    shell(spec, "exec sleep 1000");
  });
  const holder = spawn("python3", ["-c", LEASE, join(c.dir, "rootfs/etc/passwd")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.onTestFinished(() => {
    holder.kill("SIGKILL");
  });
  await new Promise((resolve) => holder.stdout.once("data", resolve));
  const begin = Date.now();
  await c.ok("create");
  await c.ok("start");
  const { status, stdout } = await tsrun(["--root", c.root, "exec", c.id, "/bin/sh", "-c", "echo $HOME"]);
  expect({ status, stdout }).toEqual({ status: 0, stdout: "/\n" });
  // The kernel takes a lease away after 45 s.
  expect(Date.now() - begin).toBeLessThan(20_000);
});

test("a program that is /proc/self/exe runs nothing but the sealed image, which ends at once: CVE-2019-5736", async (t) => {
  requires(t, "root");
  const before = images();
  for (const name of ["/proc/self/exe", "/bin/me"]) {
    const c = container(t, (spec, dir) => {
      const link = join(dir, "rootfs/bin/me");
      rmSync(link, { force: true });
      symlinkSync("/proc/self/exe", link);
      spec.process.args = [name];
    });
    const { status, stdout } = await c.call("run");
    expect({ name, ended: status !== 0, stdout }).toEqual({ name, ended: true, stdout: "" });
    await nothingLeft(c.id, before, c.dir);
  }
});

test("a hook that makes its output a file beyond all numbers is told like any other", async (t) => {
  requires(t, "root");
  const grow = script("truncate -s 4611686018427387904 /proc/self/fd/1; exit 3");
  const c = withHooks(t, { startContainer: [grow] });
  await c.ok("create");
  const { status, stderr } = await c.call("start");
  expect(status).toBe(1);
  expect(stderr).toMatch(/^tsrun: error running startContainer hook #0: exit status 3, output: \?+\n$/);
  expect(readdirSync(c.root)).toEqual([]);
});

test("what a hook of the container writes counts as the container's memory", LONG, async (t) => {
  requires(t, "root");
  const c = withHooks(t, { startContainer: [script("head -c 200000000 /dev/zero && touch $DIR/written")] }, (spec) => {
    spec.linux.resources = { memory: { limit: 40_000_000, swap: 40_000_000 } };
  });
  await c.ok("create");
  const { status } = await c.call("start");
  expect(status).not.toBe(0);
  expect(existsSync(join(c.dir, "written"))).toBe(false);
  await c.call("delete", ["--force"]);
  await until("it is gone", () => readdirSync(c.root).length === 0);
});
