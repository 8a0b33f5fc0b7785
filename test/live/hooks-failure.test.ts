// SPDX-License-Identifier: Apache-2.0
/** Hooks that fail, hang, or are not there; and a create that is killed while one runs. runtime.md#lifecycle. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { type Container, until } from "./support/container.ts";
import { hookLog, script, withHooks, witness } from "./support/hooks.ts";
import { TSRUN } from "./support/run.ts";
import type { HookName } from "./support/spec.ts";

const LONG = { timeout: 60_000 };
const FATAL = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart"] as const;
const OF_CREATE: readonly HookName[] = ["prestart", "createRuntime", "createContainer"];

test.for(FATAL)(
  "a %s hook that fails is an error and the end of the container, and poststop hooks follow",
  async (kind, t) => {
    requires(t, "root");
    const failing = script("echo said; echo shouted >&2; exit 3");
    const c = withHooks(t, { [kind]: [witness(kind), failing, witness("never")], poststop: [witness("poststop")] });
    const { status, stderr } = await fails(c, kind);
    expect(status).toBe(1);
    expect(stderr).toBe(`tsrun: error running ${kind} hook #1: exit status 3, output: said\nshouted\n`);
    expect(hookLog(c).map(({ label }) => label)).toEqual([kind, "poststop"]);
    expect(JSON.parse(hookLog(c)[1]?.state ?? "")).toMatchObject({ status: "stopped", id: c.id });
    expect(readdirSync(c.root)).toEqual([]);
  },
);

test.for(FATAL)("a %s hook that cannot be executed is told with the error", async (kind, t) => {
  requires(t, "root");
  const c = withHooks(t, { [kind]: [{ path: "/no/such/hook", args: ["a"] }] });
  const { status, stderr } = await fails(c, kind);
  expect(status).toBe(1);
  const call = kind.endsWith("Container")
    ? 'execve("/no/such/hook", ["a"], [])'
    : 'posix_spawn("/no/such/hook", ["a"])';
  expect(stderr).toBe(`tsrun: error running ${kind} hook #0: ${call} = -1 ENOENT (No such file or directory)\n`);
  expect(readdirSync(c.root)).toEqual([]);
});

test.for(FATAL)("a %s hook that runs past its timeout is killed, with what it has begun", LONG, async (kind, t) => {
  requires(t, "root");
  const sleeping = script("echo slow; sleep 977 & wait", { timeout: 1 });
  const c = withHooks(t, { [kind]: [script("exit 0", { timeout: 5 }), sleeping] });
  const begin = Date.now();
  const { status, stderr } = await fails(c, kind);
  expect(status).toBe(1);
  expect(Date.now() - begin).toBeGreaterThan(900);
  expect(Date.now() - begin).toBeLessThan(10_000);
  expect(stderr).toBe(`tsrun: error running ${kind} hook #1: ran past its timeout, and was killed, output: slow\n`);
  expect(readdirSync(c.root)).toEqual([]);
  await until("nothing of the hook is left", () => sleepers() === 0);
});

test("a hook that is killed is told with the signal", async (t) => {
  requires(t, "root");
  for (const kind of ["createRuntime", "createContainer"] as const) {
    const c = withHooks(t, { [kind]: [script("kill -KILL $$")] });
    expect((await fails(c, kind)).stderr).toBe(`tsrun: error running ${kind} hook #0: killed by signal 9\n`);
  }
});

test("poststop hooks that fail are warned of, and the others are run", async (t) => {
  requires(t, "root");
  const bad = [script("echo why; exit 1"), { path: "/no/such" }, script("sleep 977", { timeout: 1 })];
  const c = withHooks(t, { poststop: [...bad, witness("last")] });
  await c.ok("create");
  const { status, stderr } = await c.call("delete");
  expect(status).toBe(0);
  for (const [index, reason] of ["exit status 1, output: why", 'posix_spawn("/no/such"', "ran past"].entries()) {
    expect(stderr).toContain(`warning: error running poststop hook #${index}: ${reason}`);
  }
  expect(hookLog(c).map(({ label }) => label)).toEqual(["last"]);
  expect(readdirSync(c.root)).toEqual([]);
});

test("a create that fails before its hooks runs no poststop hooks, one that fails behind them does", async (t) => {
  requires(t, "root");
  const hooks = { createRuntime: [witness("createRuntime")], poststop: [witness("poststop")] };
  const early = withHooks(t, hooks, (spec) =>
    spec.mounts.push({ destination: "/m", type: "nosuchfs", source: "none" }),
  );
  expect((await early.call("create")).status).toBe(1);
  expect(hookLog(early)).toEqual([]);
  const late = withHooks(t, hooks, (spec) => {
    spec.process.args = ["/no/such/program"];
  });
  expect((await late.call("create")).status).toBe(1);
  expect(hookLog(late).map(({ label }) => label)).toEqual(["createRuntime", "poststop"]);
});

test("a run in the foreground whose start fails runs the poststop hooks once", async (t) => {
  requires(t, "root");
  const c = withHooks(t, { poststart: [script("exit 1")], poststop: [witness("poststop")] });
  expect((await c.call("run")).status).toBe(1);
  expect(hookLog(c).map(({ label }) => label)).toEqual(["poststop"]);
  expect(readdirSync(c.root)).toEqual([]);
});

test("what a hook in the container writes cannot talk to the terminal", async (t) => {
  requires(t, "root");
  const c = withHooks(t, {
    startContainer: [script("printf '\\033[2Jx\\tY\\n\\a'; head -c 100000 /dev/zero; printf end; exit 1")],
  });
  const { stderr } = await fails(c, "startContainer");
  expect(stderr).toMatch(/output: \?+end\n$/);
  expect(stderr.length).toBeLessThan(6000);
});

test.for(OF_CREATE)(
  "a create killed in a %s hook leaves nothing that delete --force does not remove",
  LONG,
  async (kind, t) => {
    requires(t, "root");
    const slow = script("echo begun >>$DIR/begun; sleep 2");
    const c = withHooks(t, { [kind]: [slow], poststop: [witness("poststop")] }, (spec) => {
      // Nothing but the state tells where the init is.
      spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== "pid");
    });
    for (const manager of ["cgroupfs", "disabled"]) {
      const words = ["--root", c.root, "--cgroup-manager", manager, "create", "--bundle", c.dir, c.id];
      const create = spawn(TSRUN, words, { stdio: "ignore" });
      const exited = new Promise((resolve) => create.once("exit", resolve));
      await until("the hook runs", () => existsSync(join(c.dir, "begun")));
      const { pid } = await c.state();
      expect(await c.status()).toBe("creating");
      create.kill("SIGKILL");
      await exited;
      await c.ok("delete", ["--force"]);
      expect(readdirSync(c.root)).toEqual([]);
      await until("the init is gone", () => !existsSync(`/proc/${pid}`));
      expect(hookLog(c).map(({ label }) => label)).toContain("poststop");
      rmSync(join(c.dir, "begun"));
    }
  },
);

/** The command that runs the hook fails; what comes before succeeds. */
async function fails(c: Container, kind: HookName) {
  if (OF_CREATE.includes(kind)) return c.call("create");
  await c.ok("create");
  return c.call("start");
}

/** Processes of the hooks that sleep too long. */
function sleepers(): number {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(["sleep", "977"].join("\0"));
    } catch {
      return false;
    }
  }).length;
}
