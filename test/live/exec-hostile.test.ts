// SPDX-License-Identifier: Apache-2.0
/** `exec` into a container that is hostile, or that goes away meanwhile. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { type Container, until } from "./support/container.ts";
import { execIn, execLine, shellIn, sleeping } from "./support/exec.ts";
import { launch, run, tsrun } from "./support/run.ts";
import type { Spec } from "./support/spec.ts";

test("a working directory that leads out of the container is refused: CVE-2024-21626", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  for (let fd = 3; fd < 12; fd++) {
    const { status, stdout } = await execIn(c, ["pwd"], { options: ["--cwd", `/proc/self/fd/${fd}`] });
    expect([status, stdout]).toEqual([255, ""]);
  }
});

test.for<readonly [string, (path: string) => void]>([
  ["a FIFO", (path) => execFileSync("mkfifo", [path])],
  ["a device without an end", (path) => execFileSync("mknod", [path, "c", "1", "5"])],
  ["a terabyte of nothing", (path) => [writeFileSync(path, ""), truncateSync(path, 2 ** 40)]],
  ["a link to the host's", (path) => symlinkSync("/proc/1/root/etc/passwd", path)],
  ["a directory", (path) => execFileSync("mkdir", [path])],
])("/etc/passwd that is %s holds nothing up", async ([, make], t) => {
  requires(t, "root");
  const c = await sleeping(t);
  execFileSync("rm", ["-rf", join(c.rootfs, "etc/passwd")]);
  make(join(c.rootfs, "etc/passwd"));
  expect(await shellIn(c, "echo $HOME", { timeoutMs: 8_000 })).toMatchObject({ status: 0, stdout: "/\n" });
});

test.for<readonly [string, string]>([
  ["a tmpfs", "mount -t tmpfs none /proc"],
  ["a tmpfs with the same names", "mount -t tmpfs none /proc; mkdir -p /proc/self; echo 0 >/proc/self/oom_score_adj"],
])("/proc that is %s gets no score in place of the kernel: CVE-2019-16884", async ([, hide], t) => {
  requires(t, "root");
  const c = await sleeping(t, (spec) => {
    spec.process.oomScoreAdj = 234;
    delete spec.linux.maskedPaths;
    delete spec.linux.readonlyPaths;
    for (const set of ["bounding", "effective", "permitted"] as const)
      spec.process.capabilities?.[set]?.push("CAP_SYS_ADMIN");
  });
  expect((await shellIn(c, hide)).status).toBe(0);
  const { outcome } = launch(execLine(c, ["sleep", "3"]));
  await until("it runs", () => scoresIn(c).length > 1);
  expect(scoresIn(c)).toEqual(["234", "234"]);
  if (hide.includes("echo")) expect((await shellIn(c, "cat /proc/self/oom_score_adj")).stdout).toBe("0\n");
  await outcome;
});

/** The scores of the container's sleeping processes, as the host sees them. */
function scoresIn(c: Container): readonly string[] {
  return sleepers(c).map((pid) => readFileSync(`/proc/${pid}/oom_score_adj`, "utf8").trim());
}

function sleepers({ id }: Container): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(id) &&
        readFileSync(`/proc/${pid}/comm`, "utf8") === "sleep\n"
      );
    } catch {
      return false;
    }
  });
}

/** A /dev/ptmx that nobody can open for both sides keeps the image where it is: joined, and not yet the program. */
async function heldImage(t: TestContext, edit: (spec: Spec) => void = () => {}) {
  const c = await sleeping(t, (spec) => {
    spec.mounts = spec.mounts.filter(({ destination }) => destination !== "/dev/pts");
    edit(spec);
  });
  expect((await tsrun(["--root", c.root, "pause", c.id])).status).toBe(0);
  const held = launch(execLine(c, ["true"], ["--ignore-paused"]));
  return { c, held };
}

test("an image that is held shows its container nothing of the host: CVE-2016-9962", async (t) => {
  requires(t, "root", "strace");
  const tracing = (spec: Spec) => {
    for (const set of ["bounding", "effective", "permitted"] as const)
      spec.process.capabilities?.[set]?.push("CAP_SYS_PTRACE");
    spec.process.oomScoreAdj = 100;
  };
  const c = await sleeping(t, tracing);
  // Stopped by the tracer right after its clone into the container, and at each call of the new process.
  const log = join(c.dir, "log");
  const delay = ["-e", "trace=setsid", "-e", "inject=setsid:delay_exit=3000000"];
  const { outcome } = launch(["strace", "-f", "-o", log, ...delay, ...execLine(c, ["true"])]);
  const image = async () =>
    (await shellIn(c, "cd /proc; for p in [0-9]*; do readlink $p/exe | grep -q memfd: && echo $p; done")).stdout.trim();
  let pid = "";
  await until("the image is in the container", async () => {
    pid = await image();
    return pid !== "";
  });
  const seen = await shellIn(c, `cd /proc/${pid}; readlink fd/*; readlink cwd root; ls cwd/ fd/4/ 2>&1; cat fd/3 2>&1`);
  const links = seen.stdout.split("\n");
  expect(links.filter((link) => /^\/(?!dev\/null)./.test(link) && !link.startsWith("/memfd:"))).toEqual([]);
  expect(links.filter((link) => /pidfd/.test(link))).toEqual([]);
  // What it runs cannot be changed.
  expect((await shellIn(c, `echo x >/proc/${pid}/exe`)).status).not.toBe(0);
  expect((await outcome).status).toBe(0);
});

test("without the right to trace, a process of the container learns nothing of an image that is held", async (t) => {
  requires(t, "root", "strace");
  const c = await sleeping(t);
  const delay = ["-e", "trace=setsid", "-e", "inject=setsid:delay_exit=3000000"];
  const { outcome } = launch(["strace", "-f", "-o", join(c.dir, "log"), ...delay, ...execLine(c, ["true"])]);
  const find = "cd /proc; for p in [0-9]*; do grep -q 'Name:.[0-9]*$' $p/status && echo $p; done";
  let pid = "";
  await until("the image is in the container", async () => {
    pid = (await shellIn(c, find)).stdout.trim().split("\n")[0] ?? "";
    return pid !== "";
  });
  const look = await shellIn(
    c,
    `cd /proc/${pid} && for f in exe cwd root fd/0 fd/3; do readlink $f; done; cat environ`,
  );
  expect(look.stdout).toBe("");
  expect((await outcome).status).toBe(0);
});

test("a runtime that is killed leaves no half-joined process", async (t) => {
  requires(t, "root");
  const { c, held } = await heldImage(t);
  await until("the image is in the frozen cgroup", () => imagesIn(c).length > 0);
  const ended = new Promise((resolve) => held.child.once("exit", resolve));
  held.child.kill("SIGKILL");
  await ended;
  expect((await tsrun(["--root", c.root, "resume", c.id])).status).toBe(0);
  await until("no image is left", () => imagesIn(c).length === 0);
  expect(await c.status()).toBe("running");
});

test("a container that is deleted meanwhile ends the exec, too", async (t) => {
  requires(t, "root");
  const { c, held } = await heldImage(t);
  await until("the image is in the frozen cgroup", () => imagesIn(c).length > 0);
  await c.ok("delete", ["--force"]);
  expect((await held.outcome).status).not.toBe(0);
  const running = await sleeping(t);
  const { outcome } = launch(execLine(running, ["sleep", "1000"]));
  await until("it runs", () => sleepers(running).length > 1);
  await running.ok("kill", [], ["KILL"]);
  expect((await outcome).status).toBe(137);
});

function imagesIn({ id }: Container): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      if (!/^\d+$/.test(pid) || !readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(id)) return false;
      return readlinkSync(`/proc/${pid}/exe`).startsWith("/memfd:tsrun");
    } catch {
      return false;
    }
  });
}

test("a sub-cgroup is joined where it is asked for, and none outside of the container's", async (t) => {
  requires(t, "root", "cgroup-v1");
  const name = `exec-cgroup-${process.pid}`;
  const c = await sleeping(t, (spec) => {
    spec.linux.cgroupsPath = `/${name}`;
  });
  execFileSync("mkdir", ["-p", `/sys/fs/cgroup/memory/${name}/below/it`, `/sys/fs/cgroup/pids/${name}/below/it`]);
  const cgroups = async (...asked: string[]) => {
    const options = asked.flatMap((path) => ["--cgroup", path]);
    return execIn(c, ["cat", "/proc/self/cgroup"], { options });
  };
  const all = await cgroups("memory:below/it");
  expect(all.stdout).toMatch(new RegExp(`:memory:/${name}/below/it$`, "m"));
  expect(all.stdout).toMatch(new RegExp(`:pids:/${name}$`, "m"));
  const two = await cgroups("memory,pids:/below");
  expect(two.stdout).toMatch(new RegExp(`:memory:/${name}/below$`, "m"));
  expect(two.stdout).toMatch(new RegExp(`:pids:/${name}/below$`, "m"));
  for (const path of ["memory:../..", "memory:below/../..", "memory:no/such", "nothing:below", "no/such"]) {
    expect((await cgroups(path)).status, path).toBe(255);
  }
  expect((await run(["test", "-d", `/sys/fs/cgroup/memory/${name}/below/it`])).status).toBe(0);
  await c.ok("delete", ["--force"]);
  expect((await run(["test", "-d", `/sys/fs/cgroup/memory/${name}`])).status).toBe(1);
});
