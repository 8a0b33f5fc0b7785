// SPDX-License-Identifier: Apache-2.0
/** checkpoint and restore with CRIU itself, and beside runc. criu(8). */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, type TestContext, test } from "vitest";
import { type Container, container, freshId, shell, until } from "../live/support/container.ts";
import { type Outcome, runc, tsrun } from "../live/support/run.ts";
import type { Spec } from "../live/support/spec.ts";
import { requires } from "../requires.ts";

// Under /tmp CRIU would find the images in a tmpfs of the machine, which has little room.
const IMAGES = "/root";

interface Counter extends Container {
  /** The directory of images, removed when the test ends. */
  readonly images: string;
  /** What it has counted so far, from 1 on. */
  counted(): readonly number[];
  tsrun(command: string, ...options: readonly string[]): Promise<Outcome>;
  /** Waits until it counts, and goes on counting. */
  counts(): Promise<void>;
}

/** A container that writes 1, 2, 3, ... to a file of its root that it holds open, and ends with 7 when it finds /data/stop. */
function counter(t: TestContext, edit: (spec: Spec) => void = () => {}): Counter {
  requires(t, "root", "busybox", "criu");
  const images = mkdtempSync(join(IMAGES, "images-"));
  const c = container(t, (spec, dir) => {
    shell(
      spec,
      "exec 5>>/count; i=0; while [ ! -e /data/stop ]; do i=$((i+1)); echo $i >&5; sleep 0.1; done; echo stopped; exit 7",
    );
    spec.mounts.push({ destination: "/data", type: "bind", source: dir, options: ["bind", "ro"] });
    edit(spec);
  });
  t.onTestFinished(() => rmSync(images, { recursive: true, force: true }));
  const counted = () => {
    const file = join(c.rootfs, "count");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : [];
  };
  return {
    ...c,
    images,
    counted,
    tsrun: (command, ...options) => tsrun(["--root", c.root, command, ...options]),
    async counts() {
      const before = counted().length;
      await until("it counts", () => counted().length > before + 2, 20_000);
    },
  };
}

function ok(outcome: Outcome): Outcome {
  expect(outcome, outcome.stderr).toMatchObject({ status: 0 });
  return outcome;
}

async function started(c: Counter): Promise<Counter> {
  await c.ok("create");
  await c.ok("start");
  await c.counts();
  return c;
}

async function checkpoint(c: Counter, ...options: readonly string[]): Promise<Outcome> {
  return c.tsrun("checkpoint", "--image-path", join(c.images, "dump"), ...options, c.id);
}

/** Under another name; ended with the test. */
async function restore(
  t: TestContext,
  c: Counter,
  ...options: readonly string[]
): Promise<{ id: string; pid: number }> {
  const id = freshId();
  t.onTestFinished(async () => void (await c.tsrun("delete", "--force", id)));
  const where = ["--image-path", join(c.images, "dump"), "--work-path", join(c.images, "work"), "--bundle", c.dir];
  ok(await c.tsrun("restore", "--detach", ...where, ...options, id));
  const state = JSON.parse((await c.tsrun("state", id)).stdout) as { pid: number; status: string };
  expect(state.status).toBe("running");
  return { id, pid: state.pid };
}

/** Nothing was counted twice, and nothing left out. */
function expectUnbroken(c: Counter): void {
  expect(c.counted()).toEqual(c.counted().map((_, index) => index + 1));
}

/** What a process shows of itself. */
function look(pid: number): object {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, "utf8").trim().split("\n");
  return {
    status: status.split("\n").filter((line) => /^(?:Cap|Uid|Gid|Groups|NoNewPrivs|Seccomp|NSpid:\s.*1$)/.test(line)),
    limits: readFileSync(`/proc/${pid}/limits`, "utf8"),
    mounts: mounts
      .map((line) => line.split(" "))
      .map((words) => [words[4], words[5], ...words.slice(words.indexOf("-") + 1)].join(" "))
      .sort(),
    environ: readFileSync(`/proc/${pid}/environ`, "utf8"),
    hostname: readFileSync(`/proc/${pid}/root/proc/sys/kernel/hostname`, "utf8"),
  };
}

const withoutPid = (seen: object) => ({
  ...seen,
  status: (seen as { status: string[] }).status.filter((line) => !line.startsWith("NSpid")),
});

test("a container goes on where it was, as another one, and leaves nothing", async (t) => {
  const c = await started(
    counter(t, (spec) => {
      spec.process.noNewPrivileges = true;
      spec.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 100, hard: 200 }];
      spec.linux.seccomp = {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["mknodat", "mknod"], action: "SCMP_ACT_ERRNO", errnoRet: 95 }],
      };
      spec.linux.resources = { pids: { limit: 20 }, memory: { limit: 64 << 20 } };
      spec.linux.maskedPaths = ["/proc/kcore", "/proc/acpi", "/sys/firmware"];
      spec.linux.readonlyPaths = ["/proc/sys"];
    }),
  );
  const before = withoutPid(look((await c.state()).pid));
  ok(await checkpoint(c));
  expect((await c.tsrun("state", c.id)).status).toBe(1);
  expect(readdirSync(c.root)).not.toContain(c.id);
  const still = c.counted().length;
  await sleep(500);
  expect(c.counted()).toHaveLength(still);

  const { id, pid } = await restore(t, c);
  await c.counts();
  expectUnbroken(c);
  expect(withoutPid(look(pid))).toEqual(before);
  const place = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().slice("0::".length);
  expect(place).toContain(id);
  expect(readFileSync(`/sys/fs/cgroup${place}/pids.max`, "utf8")).toBe("20\n");
  expect(ok(await c.tsrun("exec", id, "hostname")).stdout).toBe(`${c.spec.hostname}\n`);
  expect((await c.tsrun("exec", id, "mknod", "/tmp/x", "p")).status).toBe(1);
  ok(await c.tsrun("delete", "--force", id));
  expect(existsSync(`/sys/fs/cgroup${place}`)).toBe(false);
  expect(readdirSync(c.root)).not.toContain(id);
  expect(readFileSync("/proc/mounts", "utf8")).not.toContain("criu-root");
});

test("with --leave-running it goes on, and can be restored from where it was", async (t) => {
  const c = await started(counter(t));
  ok(await checkpoint(c, "--leave-running"));
  expect(await c.status()).toBe("running");
  await c.counts();
  expectUnbroken(c);
});

test("memory that was written before is not written again", async (t) => {
  const c = await started(counter(t));
  ok(await c.tsrun("checkpoint", "--pre-dump", "--image-path", join(c.images, "first"), c.id));
  expect(await c.status()).toBe("running");
  await c.counts();
  ok(await checkpoint(c, "--parent-path", "../first"));
  expect(existsSync(join(c.images, "dump/parent"))).toBe(true);
  await restore(t, c);
  await c.counts();
  expectUnbroken(c);
});

test("in the foreground it has the caller's output, and ends as its process does", async (t) => {
  const c = await started(counter(t));
  ok(await checkpoint(c));
  const where = ["--image-path", join(c.images, "dump"), "--work-path", join(c.images, "work"), "--bundle", c.dir];
  const pidFile = join(c.images, "pid");
  const id = freshId();
  const ended = c.tsrun("restore", ...where, "--pid-file", pidFile, id);
  await c.counts();
  expect(JSON.parse((await c.tsrun("state", id)).stdout)).toMatchObject({ pid: Number(readFileSync(pidFile, "utf8")) });
  writeFileSync(join(c.dir, "stop"), "");
  expect(await ended).toMatchObject({ status: 7, stdout: "stopped\n" });
  expect((await c.tsrun("state", id)).status).toBe(1);
});

test("what CRIU does not do is told from its log, and the container goes on", async (t) => {
  const c = await started(counter(t, (spec) => shell(spec, `exec 9>/lock; flock 9; ${spec.process.args[2]}`)));
  const failed = await checkpoint(c, "--work-path", join(c.images, "work"));
  expect(failed.status).toBe(1);
  expect(failed.stderr).toContain(join(c.images, "work/dump.log"));
  expect(failed.stderr).toContain("--file-locks");
  expect(await c.status()).toBe("running");
  await c.counts();
  ok(await checkpoint(c, "--file-locks"));
  const again = await c.tsrun("restore", "--image-path", join(c.images, "none"), "--bundle", c.dir, freshId());
  expect(again.status).toBe(1);
  const { pid } = await restore(t, c, "--file-locks");
  expect(readFileSync("/proc/locks", "utf8")).toMatch(new RegExp(`FLOCK .* ${pid} `));
});

test("a restore that fails leaves nothing", async (t) => {
  const c = await started(counter(t));
  ok(await checkpoint(c));
  rmSync(join(c.images, "dump/core-1.img"));
  const id = freshId();
  const failed = await c.tsrun("restore", "--detach", "--image-path", join(c.images, "dump"), "--bundle", c.dir, id);
  expect(failed.status).toBe(1);
  expect(failed.stderr).toContain(join(c.images, "dump/restore.log"));
  expect(readdirSync(c.root)).not.toContain(id);
  expect(existsSync(`/sys/fs/cgroup/system.slice/${id}`)).toBe(false);
  expect(readFileSync("/proc/mounts", "utf8")).not.toContain("criu-root");
});

test("a restored container is as runc restores it", async (t) => {
  requires(t, "runc");
  const c = await started(
    counter(t, (spec) => {
      // runc keeps neither files of the host nor the caller's /dev/null: its own is in the container.
      const [, , script = ""] = spec.process.args;
      shell(spec, `exec </dev/null >/dev/null 2>&1; ${script}`);
      spec.linux.maskedPaths = ["/proc/kcore", "/proc/acpi"];
    }),
  );
  ok(await checkpoint(c, "--leave-running"));
  await c.ok("delete", ["--force"]);
  const places = ["--image-path", join(c.images, "dump"), "--work-path", join(c.images, "work"), "--bundle", c.dir];
  const ours = await restore(t, c);
  const seen = look(ours.pid);
  ok(await c.tsrun("delete", "--force", ours.id));
  const [root, id] = [join(c.images, "runc"), freshId()];
  t.onTestFinished(async () => void (await runc(["--root", root, "delete", "--force", id])));
  ok(await runc(["--root", root, "restore", "--detach", ...places, id]));
  const { pid } = JSON.parse((await runc(["--root", root, "state", id])).stdout) as { pid: number };
  expect(look(pid)).toEqual(seen);
});

test("a container that does not run cannot be checkpointed", async (t) => {
  const c = counter(t);
  await c.ok("create");
  expect(await checkpoint(c)).toMatchObject({ status: 1 });
  expect(await c.status()).toBe("created");
});
