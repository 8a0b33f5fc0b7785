// SPDX-License-Identifier: Apache-2.0
/** containerd's shim and ctr(8): tsrun as runc. */
import { expect, test } from "vitest";
import { terminal } from "../live/support/pty.ts";
import { testimony } from "../live/support/witness.ts";
import { type Ctr, containerdHost, IMAGE } from "./support/containerd.ts";
import { RUNTIMES } from "./support/host.ts";
import { page, pageSnippet } from "./support/page.ts";

const engine = containerdHost();

async function detached(ctr: Ctr, ...options: readonly string[]): Promise<string> {
  const id = ctr.named("c");
  await ctr.ok("run", "--detach", ...ctr.binary, ...options, IMAGE, id, "sleep", "600");
  return id;
}

async function ended(ctr: Ctr, id: string): Promise<void> {
  await ctr.ok("tasks", "delete", "--force", id).catch(() => {});
  await ctr.ok("containers", "delete", id);
}

/** The column STATUS of `ctr tasks ls`. */
async function statusOf(ctr: Ctr, id: string): Promise<string | undefined> {
  const lines = (await ctr.ok("tasks", "ls")).split("\n").map((line) => line.split(/\s+/));
  return lines.find(([name]) => name === id)?.[2];
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const late = Date.now() + 15_000;
  while (!(await done())) {
    if (Date.now() > late) throw new Error("it did not happen in 15 s");
  }
}

test("run gives the program's output and status", async (t) => {
  const { both } = await engine(t);
  const script = "echo out; echo err >&2; exit 7";
  const told = await both((ctr) => ctr("run", "--rm", ...ctr.binary, IMAGE, ctr.named("c"), "sh", "-c", script));
  expect(told).toMatchObject({ status: 7, stdout: "out\n", stderr: "err\n" });
});

test.for([
  ["a program that is not there", ["/no/such"], "no such file or directory"],
  ["a file that is not executable", ["/plain"], "permission denied"],
] as const)("run tells of %s", async ([, command, words], t) => {
  const { both } = await engine(t);
  const told = await both(async (ctr) => {
    const id = ctr.named("c");
    const { status, stderr } = await ctr("run", "--rm", ...ctr.binary, IMAGE, id, ...command);
    const left = (await ctr.ok("containers", "ls", "--quiet")).split("\n").includes(id);
    return { status, told: stderr.includes(words), left };
  });
  expect(told).toEqual({ status: 1, told: true, left: false });
});

test.for([
  ["--seccomp"],
  ["--read-only", "--cwd", "/bin", "--env", "COLOUR=blue"],
  ["--cap-drop", "CAP_CHOWN", "--cap-add", "CAP_SYS_ADMIN", "--allow-new-privs"],
  ["--memory-limit", "67108864", "--cpus", "0.5", "--cpu-shares", "512"],
  ["--mount", "type=bind,src=/srv,dst=/shared,options=rbind:ro"],
  ["--device", "/dev/fuse"],
  ["--net-host"],
])("run %s", async (options, t) => {
  const { host, both } = await engine(t);
  const ask = [...(await host.namespaces()), "try=/", "try=/shared", "try=/proc/kcore", "try=/dev/fuse"];
  const limits = ["memory/memory.limit_in_bytes", "cpu/cpu.cfs_quota_us", "cpu/cpu.shares"];
  const told = await both(async (ctr) => {
    const id = ctr.named("c");
    const reads = limits.map((file) => `read=/sys/fs/cgroup/${file}`);
    const out = await ctr.ok("run", "--rm", ...ctr.binary, ...options, IMAGE, id, "/witness", ...ask, ...reads);
    const facts = testimony(out.replaceAll(id, "$ID").replaceAll(/snapshots\/\d+/g, "snapshots/$NUMBER"), "$NOWHERE");
    return Object.fromEntries(Object.entries(facts).filter(([fact]) => !differing(fact)));
  });
  expect(told["uid.0"]).toBe(0);
});

/** What masks are made of, and the flags of the tmpfs above the hierarchies, is the runtime's affair. */
function differing(fact: string): boolean {
  return /^mounts\.\/(proc|sys)\/.*#0\.(root|options|type|source|super)$/.test(fact);
}

test("tasks are listed, paused, resumed, measured and killed", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (ctr) => {
    const id = await detached(ctr);
    const running = await statusOf(ctr, id);
    await ctr.ok("tasks", "pause", id);
    const paused = await statusOf(ctr, id);
    const exec = await ctr("tasks", "exec", "--exec-id", "e", id, "true");
    await ctr.ok("tasks", "resume", id);
    const resumed = await statusOf(ctr, id);
    const processes = (await ctr.ok("tasks", "ps", id)).split("\n").length - 1;
    const metrics = (await ctr.ok("tasks", "metrics", id)).match(/^[a-z]+\.[a-z._]+/gm);
    await ctr.ok("tasks", "kill", "--signal", "SIGKILL", id);
    await until(async () => (await statusOf(ctr, id)) === "STOPPED");
    const removed = await ctr("tasks", "delete", id);
    await ctr.ok("containers", "delete", id);
    const left = await statusOf(ctr, id);
    const killed = removed.stderr.includes("exit code 137");
    return { running, paused, exec: exec.status, resumed, processes, metrics, killed, left };
  });
  expect(told).toMatchObject({ running: "RUNNING", paused: "PAUSED", exec: 1, resumed: "RUNNING", processes: 1 });
  expect(told.metrics).toContain("memory.usage_in_bytes");
  expect(told).toMatchObject({ killed: true, left: undefined });
});

test("exec gives the program's output and status, again and again", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (ctr) => {
    const id = await detached(ctr);
    const seen = [];
    for (let turn = 0; turn < 10; turn++) {
      const exec = ["tasks", "exec", "--exec-id", `e${turn}`, "--cwd", "/bin", "--user", "1:2", id];
      // ctr lets go of its pipes at the end of the process, even if it has not opened them by then.
      const { status, stdout } = await ctr(...exec, "sh", "-c", `pwd; id -u; sleep 0.2; exit ${turn}`);
      seen.push({ status, stdout });
    }
    const missing = await ctr("tasks", "exec", "--exec-id", "none", id, "/no/such");
    await ended(ctr, id);
    return { seen, missing: missing.status, words: missing.stderr.includes("no such file or directory") };
  });
  expect(told.seen).toEqual(Array.from({ length: 10 }, (_, status) => ({ status, stdout: "/bin\n1\n" })));
  expect(told).toMatchObject({ missing: 1, words: true });
});

test("run and exec at a terminal", async (t) => {
  const { host, both } = await engine(t);
  const told = await both(async (ctr) => {
    const id = ctr.named("c");
    const at = terminal(t, host.command(ctr.command("run", "--rm", "--tty", ...ctr.binary, IMAGE, id, "sh")), {
      cwd: "/",
    });
    at.type("tty; exit 4\r");
    const status = await at.end();
    const running = await detached(ctr);
    const exec = ctr.command("tasks", "exec", "--tty", "--exec-id", "e", running, "sh");
    const beside = terminal(t, host.command(exec), { cwd: "/" });
    beside.type("tty; exit 5\r");
    const second = await beside.end();
    await ended(ctr, running);
    const shown = [at, beside].map((each) => /^\/dev\/pts\/0\r?$/m.test(each.shown()));
    return { status, second, shown };
  });
  expect(told).toEqual({ status: 4, second: 5, shown: [true, true] });
});

test("the configuration for Kubernetes names the program", async (t) => {
  const { host } = await engine(t);
  host.write("/srv/config.toml", pageSnippet("config.toml"));
  const { stdout } = await host.run(["containerd", "--config", "/srv/config.toml", "config", "dump"]);
  const own = stdout.slice(stdout.indexOf("containerd.runtimes.tsrun]"));
  expect(own).toMatch(/runtime_type = "io\.containerd\.runc\.v2"/);
  expect(own).toMatch(/BinaryName = "\/usr\/local\/bin\/tsrun"/);
});

test("the page has the command of this lane", () => {
  expect(page()).toContain(`ctr run --rm --runc-binary ${RUNTIMES.tsrun} ${IMAGE} `);
});
