// SPDX-License-Identifier: Apache-2.0
/** The life of a container in podman's hands, from run -d to rm: tsrun as runc. */
import { expect, test } from "vitest";
import { terminal } from "../live/support/pty.ts";
import { IMAGE, type Podman, podmanHost } from "./support/podman.ts";

const engine = podmanHost();
const SLEEP = ["sleep", "600"];
/** Ends with 3 at SIGTERM. */
const POLITE = ["sh", "-c", "trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done"];

async function detached(podman: Podman, command: readonly string[], ...options: readonly string[]): Promise<string> {
  const name = podman.named("c");
  await podman.ok("run", "--detach", "--name", name, ...options, IMAGE, ...command);
  return name;
}

async function stateOf(podman: Podman, name: string): Promise<Record<string, unknown>> {
  const [{ State, RestartCount }] = JSON.parse(await podman.ok("container", "inspect", name));
  const { Status, Running, Paused, OOMKilled, Dead, ExitCode, Error: text, Pid } = State;
  return { Status, Running, Paused, OOMKilled, Dead, ExitCode, Error: text, hasPid: Pid > 0, RestartCount };
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const late = Date.now() + 15_000;
  while (!(await done())) {
    if (Date.now() > late) throw new Error("it did not happen in 15 s");
  }
}

test("stop sends TERM, and the container starts again", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (podman) => {
    const name = await detached(podman, POLITE);
    await until(async () => (await podman.ok("logs", name)) === "ready");
    const running = await stateOf(podman, name);
    await podman.ok("stop", name);
    const stopped = await stateOf(podman, name);
    await podman.ok("start", name);
    await until(async () => (await podman.ok("logs", name)) === "ready\nready");
    const again = await stateOf(podman, name);
    const removed = await podman("rm", name);
    await podman.ok("rm", "--force", "--time", "0", name);
    return {
      running,
      stopped,
      again,
      removed: removed.status,
      left: await podman.ok("ps", "-aq", "--filter", `name=${name}`),
    };
  });
  expect(told.running).toMatchObject({ Status: "running", Running: true, hasPid: true });
  expect(told.stopped).toMatchObject({ Status: "exited", ExitCode: 3, Error: "", hasPid: false });
  expect(told.again).toEqual(told.running);
  expect(told).toMatchObject({ removed: 2, left: "" });
});

test("stop kills what does not end in time", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (podman) => {
    const name = await detached(podman, SLEEP);
    await podman.ok("stop", "--time", "1", name);
    return stateOf(podman, name);
  });
  expect(told).toMatchObject({ Status: "exited", ExitCode: 137 });
});

test("kill sends any signal, and wait gives the status", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (podman) => {
    const name = await detached(podman, ["sh", "-c", "trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done"]);
    await until(async () => (await podman.ok("logs", name)) === "ready");
    const waited = podman.ok("wait", name);
    await podman.ok("kill", "--signal", "USR1", name);
    const again = await podman("kill", name);
    return { status: await waited, again: again.status, state: await stateOf(podman, name) };
  });
  expect(told).toMatchObject({ status: "9", again: 125, state: { Status: "exited", ExitCode: 9 } });
});

test("pause and unpause", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (podman) => {
    const name = await detached(podman, SLEEP);
    await podman.ok("pause", name);
    const paused = await stateOf(podman, name);
    const exec = (await podman("exec", name, "true")).status;
    const again = (await podman("pause", name)).status;
    await podman.ok("unpause", name);
    const running = await stateOf(podman, name);
    await podman.ok("pause", name);
    await podman.ok("rm", "--force", "--time", "0", name);
    return { paused, exec, again, running };
  });
  expect(told).toMatchObject({ paused: { Status: "paused", Paused: true }, running: { Status: "running" } });
  expect(told.exec).not.toBe(0);
});

test("exec", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (podman) => {
    const name = await detached(podman, SLEEP, "--env", "COLOUR=blue");
    const exec = (...args: string[]) => podman("exec", ...args);
    return {
      plain: await exec(name, "sh", "-c", "echo out; echo err >&2; exit 7"),
      env: (await exec("--env", "SIZE=3", name, "sh", "-c", "echo $COLOUR $SIZE $PWD")).stdout,
      user: (await exec("--user", "7:8", "--workdir", "/bin", name, "sh", "-c", "id -u; id -g; pwd")).stdout,
      privileged: (await exec("--privileged", name, "grep", "CapEff", "/proc/self/status")).stdout,
      seccomp: (await exec(name, "grep", "Seccomp:", "/proc/self/status")).stdout,
      caps: (await exec(name, "grep", "Cap", "/proc/self/status")).stdout,
      cgroup: (await exec(name, "sh", "-c", "diff /proc/1/cgroup /proc/self/cgroup && echo same")).stdout,
      namespaces: (await exec(name, "sh", "-c", "diff <(readlink /proc/1/ns/*) <(readlink /proc/self/ns/*)")).stdout,
      killed: (await exec(name, "sh", "-c", "kill -9 $$")).status,
      notFound: (await exec(name, "/no/such")).status,
      notInPath: (await exec(name, "no-such")).status,
      notExecutable: (await exec(name, "/plain")).status,
      directory: (await exec(name, "/bin")).status,
      badDirectory: (await exec("--workdir", "/no/such", name, "true")).status,
      badUser: (await exec("--user", "nobody-here", name, "true")).status,
      detached: (await exec("--detach", name, "touch", "/touched")).status,
      background: await until(async () => (await exec(name, "ls", "/touched")).status === 0),
      sessions: await podman.ok("inspect", "--format", "{{len .ExecIDs}}", name),
      removed: await podman.ok("rm", "--force", "--time", "0", name).then(() => true),
      later: (await exec(name, "true")).status,
    };
  });
  expect(told).toMatchObject({
    plain: { status: 7, stdout: "out\n", stderr: "err\n" },
    env: "blue 3 /\n",
    user: "7\n8\n/bin\n",
    seccomp: "Seccomp:\t2\n",
    cgroup: "same\n",
    namespaces: "",
    killed: 137,
    notFound: 127,
    notInPath: 127,
    notExecutable: 126,
    directory: 126,
    later: 125,
  });
});

test("standard input reaches the program of run and of exec", async (t) => {
  const { both } = await engine(t);
  const told = await both(
    async (podman) => {
      const name = await detached(podman, SLEEP);
      return [await podman.ok("run", "--rm", "-i", IMAGE, "cat"), await podman.ok("exec", "-i", name, "cat")];
    },
    { stdin: "typed\n" },
  );
  expect(told).toEqual(["typed", "typed"]);
});

test("run -it and exec -it have a terminal, of the size of podman's own", async (t) => {
  const { host, both } = await engine(t);
  const told = await both(async (podman) => {
    const name = podman.named("c");
    const at = (...command: string[]) =>
      terminal(t, host.command(podman.command(...command)), { cwd: "/", size: { rows: 30, columns: 100 } });
    const run = at("run", "-it", "--name", name, IMAGE, "sh");
    await run.until("# ");
    run.type("tty; stty size\r");
    await run.until(/30 100\r\n/);
    const exec = at("exec", "-it", name, "sh");
    await exec.until("# ");
    exec.type("tty; stty size; exit 4\r");
    const execStatus = await exec.end();
    run.resize({ rows: 31, columns: 90 });
    run.type("sleep 0.3; stty size\r");
    await run.until(/31 90\r\n/);
    run.type("exit 5\r");
    return {
      exec: [execStatus, /\/dev\/\S+/.exec(exec.shown())?.[0], exec.shown().includes("30 100")],
      run: await run.end(),
    };
  });
  expect(told).toEqual({ exec: [4, expect.stringContaining("/dev/"), true], run: 5 });
});

test("top and stats", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (podman) => {
    const name = await detached(podman, SLEEP, "--memory", "64m", "--pids-limit", "50");
    const [stats] = JSON.parse(await podman.ok("stats", "--no-stream", "--format", "json", name));
    return {
      top: await podman.ok("top", name, "pid", "user", "args"),
      ps: (await podman.ok("top", name, "-o", "comm")).split("\n"),
      pids: stats.pids,
      limit: stats.mem_usage.split(" / ")[1],
      used: /^[1-9]/.test(stats.mem_usage),
    };
  });
  expect(told).toMatchObject({ pids: "1", limit: "67.11MB", used: true });
  expect(told.top).toMatch(/^PID +USER +COMMAND\n1 +root +sleep 600$/);
});

test("start --attach gives the output and the status", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (podman) => {
    const name = podman.named("c");
    await podman.ok("create", "--name", name, IMAGE, "sh", "-c", "echo late; exit 6");
    const created = await stateOf(podman, name);
    const { status, stdout } = await podman("start", "--attach", name);
    return { created: created.Status, status, stdout };
  });
  expect(told).toEqual({ created: "created", status: 6, stdout: "late\n" });
});

test("cp, mount, diff and commit find the container's files", async (t) => {
  const { host, both } = await engine(t);
  host.write("/srv/copied", "copied\n");
  const told = await both(async (podman) => {
    const name = await detached(podman, ["sh", "-c", "echo made >/made; sleep 600"]);
    await podman.ok("cp", "/srv/copied", `${name}:/copied`);
    const mounted = await podman.ok("mount", name);
    const image = `localhost/${podman.named("image")}`;
    await podman.ok("commit", "--quiet", "--pause", name, image);
    return {
      read: (await host.run(["cat", `${mounted}/made`, `${mounted}/copied`])).stdout,
      diff: (await podman.ok("diff", name)).split("\n").sort(),
      back: await podman.ok("cp", `${name}:/copied`, `/srv/${podman.named("back")}`),
      running: (await stateOf(podman, name)).Status,
      image: await podman.ok("run", "--rm", image, "cat", "/made", "/copied"),
    };
  });
  expect(told).toMatchObject({ read: "made\ncopied\n", running: "running", image: "made\ncopied" });
});

test("restart policies", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (podman) => {
    const failing = await detached(podman, ["sh", "-c", "echo once; exit 1"], "--restart", "on-failure:2");
    await until(async () => (await podman.ok("logs", failing)) === "once\nonce\nonce");
    await until(async () => (await stateOf(podman, failing)).Status === "exited");
    const always = podman.named("always");
    await podman.ok(
      "run",
      "--detach",
      "--restart",
      "always",
      "--name",
      always,
      IMAGE,
      "sh",
      "-c",
      "echo up; sleep 0.5",
    );
    await until(async () => (await podman.ok("logs", always)).startsWith("up\nup"));
    await podman.ok("rm", "--force", "--time", "0", always);
    return stateOf(podman, failing);
  });
  expect(told).toMatchObject({ Status: "exited", ExitCode: 1, RestartCount: 2 });
});

test("a health check runs inside", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (podman) => {
    const check = ["--health-cmd", "test -e /well", "--health-interval", "disable", "--health-retries", "1"];
    const name = await detached(podman, SLEEP, ...check);
    const before = await podman("healthcheck", "run", name);
    await podman.ok("exec", name, "touch", "/well");
    const after = await podman("healthcheck", "run", name);
    return [before.status, before.stdout, after.status, after.stdout];
  });
  expect(told).toEqual([1, "unhealthy\n", 0, ""]);
});

test("the containers of a pod share namespaces with its first", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (podman) => {
    const pod = podman.named("pod");
    await podman.ok(
      "pod",
      "create",
      "--name",
      pod,
      "--share",
      "net,uts,ipc,pid",
      "--hostname",
      "shared",
      "--network",
      "none",
    );
    await podman.ok("run", "--detach", "--pod", pod, IMAGE, ...SLEEP);
    const ask = 'hostname; running=$(ps -o comm); echo "$running" | sort -u; echo one >/dev/shm/note';
    const first = await podman.ok("run", "--rm", "--pod", pod, IMAGE, "sh", "-c", ask);
    const second = await podman.ok("run", "--rm", "--pod", pod, IMAGE, "cat", "/dev/shm/note");
    await podman.ok("pod", "pause", pod);
    const paused = await podman.ok("pod", "inspect", "--format", "{{.State}}", pod);
    await podman.ok("pod", "unpause", pod);
    await podman.ok("pod", "stop", "--time", "0", pod);
    const stopped = await podman.ok("pod", "inspect", "--format", "{{.State}}", pod);
    await podman.ok("pod", "rm", pod);
    return { first, second, paused, stopped };
  });
  expect(told).toMatchObject({ second: "one", paused: "Paused", stopped: "Exited" });
  expect(told.first).toMatch(/^shared\n/);
  expect(told.first).toContain("catatonit");
});

test("a profile of system calls of one's own", async (t) => {
  const { host, both } = await engine(t);
  const syscalls = [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95 }];
  host.write("/srv/profile.json", JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", syscalls }));
  const told = await both((podman) =>
    podman("run", "--rm", "--security-opt", "seccomp=/srv/profile.json", IMAGE, "mkdir", "/made"),
  );
  expect(told.stderr).toContain("Operation not supported");
  expect(told.status).toBe(1);
});

test("a container that needs more memory than it may is killed", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (podman) => {
    const name = podman.named("c");
    const eat = "x=x; while :; do x=$x$x; done";
    const { status } = await podman(
      "run",
      "--name",
      name,
      "--memory",
      "16m",
      "--memory-swap",
      "16m",
      IMAGE,
      "sh",
      "-c",
      eat,
    );
    return { status, state: (await stateOf(podman, name)).ExitCode };
  });
  expect(told).toEqual({ status: 137, state: 137 });
});

test("a container lives only as long as it may", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (podman) => {
    const name = await detached(podman, SLEEP, "--timeout", "1");
    return [await podman.ok("wait", name), (await stateOf(podman, name)).Status];
  });
  expect(told[1]).toBe("exited");
});

test("hooks run on their occasions", async (t) => {
  const { host, both } = await engine(t);
  const told = await both(async (podman) => {
    const dir = `/srv/hooks-${podman.named("c")}`;
    for (const stage of ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]) {
      const path = "/bin/sh";
      const args = ["sh", "-c", `(sed 's/.*"status": *"\\([a-z]*\\)".*/${stage} \\1/'; echo) >>${dir}/told`];
      const hook = { version: "1.0.0", hook: { path, args }, when: { always: true }, stages: [stage] };
      host.write(`${dir}/${stage}.json`, JSON.stringify(hook));
    }
    await podman.ok("--hooks-dir", dir, "run", "--rm", IMAGE, "sleep", "0.3");
    const { stdout } = await host.run(["cat", `${dir}/told`]);
    // runc 1.1 says "created", although by runtime.md the program runs.
    return stdout
      .replace(/poststart \w+/, "poststart")
      .split(/\n+/)
      .slice(0, -1);
  });
  expect(told).toEqual([
    "prestart creating",
    "createRuntime creating",
    "createContainer creating",
    "poststart",
    "poststop stopped",
  ]);
});

test("a container whose monitor was killed is still podman's to end", async (t) => {
  const { host, both } = await engine(t);
  const told = await both(async (podman) => {
    const name = await detached(podman, SLEEP);
    const monitor = await podman.ok("inspect", "--format", "{{.ConmonPidFile}}", name);
    await host.run(["sh", "-c", `kill -9 $(cat ${monitor})`]);
    const running = (await stateOf(podman, name)).Status;
    const exec = (await podman("exec", name, "true")).status;
    const stop = (await podman("rm", "--force", "--time", "0", name)).status;
    return { running, exec, stop };
  });
  expect(told).toMatchObject({ running: "running", exec: 0, stop: 0 });
});
