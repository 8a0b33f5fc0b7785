// SPDX-License-Identifier: Apache-2.0
/** docker's commands do with tsrun what they do with runc. */
import { expect, test } from "vitest";
import { terminal } from "../live/support/pty.ts";
import { type Docker, dockerHost, IMAGE } from "./support/docker.ts";
import { page } from "./support/page.ts";

const engine = dockerHost();
const SLEEP = ["sleep", "600"];

async function detached(docker: Docker, ...command: readonly string[]): Promise<string> {
  const name = docker.named("c");
  await docker.ok(...docker.run("--detach", "--name", name), IMAGE, ...command);
  return name;
}

async function stateOf(docker: Docker, name: string): Promise<Record<string, unknown>> {
  const { Pid, StartedAt, FinishedAt, ...state } = JSON.parse(
    await docker.ok("inspect", "--format", "{{json .State}}", name),
  );
  return { ...state, hasPid: Pid > 0, began: StartedAt !== NEVER, ended: FinishedAt !== NEVER };
}

const NEVER = "0001-01-01T00:00:00Z";

test("info names the runtime of daemon.json", async (t) => {
  const docker = (await engine(t)).docker("tsrun");
  const runtimes = JSON.parse(await docker.ok("info", "--format", "{{json .Runtimes}}"));
  expect(runtimes.tsrun).toEqual({ path: "/usr/local/bin/tsrun" });
  expect(page()).toContain(`docker ${docker.run().slice(0, 3).join(" ")}`);
});

test("run gives the program's output and status", async (t) => {
  const { both } = await engine(t);
  const script = "echo out; echo err >&2; exit 7";
  const told = await both((docker) => docker(...docker.run("--rm"), IMAGE, "sh", "-c", script));
  expect(told).toEqual({ status: 7, signal: null, stdout: "out\n", stderr: "err\n" });
});

test.for([
  ["a program that is not there", 127, ["/no/such"]],
  ["a name that PATH does not have", 127, ["no-such"]],
  ["a file that is not executable", 126, ["/plain"]],
  ["a directory", 126, ["/bin"]],
] as const)("run tells of %s with %d", async ([, status, command], t) => {
  const { both } = await engine(t);
  const told = await both(async (docker) => {
    const name = docker.named("c");
    const outcome = await docker(...docker.run("--name", name), IMAGE, ...command);
    const { Error: reason, ...state } = await stateOf(docker, name);
    await docker.ok("rm", name);
    return { status: outcome.status, told: outcome.stderr !== "", state, reason: reason !== "" };
  });
  expect(told).toMatchObject({ status, told: true, reason: true, state: { ExitCode: status, Status: "created" } });
});

test("a script whose interpreter is missing is no program, which runc tells only after the start", async (t) => {
  const docker = (await engine(t)).docker("tsrun");
  const { status, stderr } = await docker(...docker.run("--rm"), IMAGE, "/orphan");
  expect(status).toBe(127);
  expect(stderr).toContain("/no/such/interpreter");
});

test.for([
  ["a working directory that is a file", ["--workdir", "/plain"]],
  ["a file mounted on a directory", ["--volume", "/srv/busybox.tar:/bin"]],
  ["a kernel parameter that is none", ["--sysctl", "net.no.such=1"]],
  ["a user that is none", ["--user", "nobody-knows"]],
])("run refuses %s", async ([, options], t) => {
  const { both } = await engine(t);
  const told = await both(async (docker) => {
    const { status, stdout, stderr } = await docker(...docker.run("--rm", ...(options as string[])), IMAGE, "true");
    return { status, stdout, told: stderr !== "" };
  });
  expect(told).toMatchObject({ stdout: "", told: true });
  expect(told.status).toBeGreaterThan(124);
});

test("exec gives the program's output and status", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (docker) => {
    const name = await detached(docker, ...SLEEP);
    const exec = async (...args: readonly string[]) => {
      const { status, stdout, stderr } = await docker("exec", ...args);
      // docker prints the reason of a failure on stdout.
      return { status, stdout: status === 126 ? "" : stdout, told: `${stdout}${stderr}` !== "" };
    };
    const seen = [
      await exec(name, "sh", "-c", "echo in; exit 5"),
      await exec("--user", "1:2", "--workdir", "/bin", "--env", "A=b", name, "sh", "-c", "id -u; id -g; pwd; echo $A"),
      await exec(name, "grep", "-E", "Seccomp:|CapBnd|NoNewPrivs", "/proc/self/status"),
      await exec(name, "no-such"),
      await exec(name, "/plain"),
      await exec("--workdir", "/no/such", name, "true"),
      await exec("--detach", name, "touch", "/made"),
    ];
    await docker.ok("exec", name, "sh", "-c", "until [ -e /made ]; do sleep 0.1; done");
    await docker.ok("rm", "--force", name);
    return seen;
  });
  expect(told.map(({ status }) => status)).toEqual([5, 0, 0, 126, 126, 126, 0]);
  expect(told[0]?.stdout).toBe("in\n");
  expect(told[1]?.stdout).toBe("1\n2\n/bin\nb\n");
});

test("exec reads its input", async (t) => {
  const { host, both } = await engine(t);
  const told = await both(async (docker) => {
    const name = await detached(docker, ...SLEEP);
    const outcome = await host.run(docker.command("exec", "--interactive", name, "wc", "-c"), { stdin: "12345" });
    await docker.ok("rm", "--force", name);
    return outcome;
  });
  expect(told).toMatchObject({ status: 0, stdout: "5\n" });
});

test("run and exec at a terminal", async (t) => {
  const { host, both } = await engine(t);
  const told = await both(async (docker) => {
    const name = docker.named("c");
    const run = docker.command(...docker.run("--interactive", "--tty", "--name", name), IMAGE, "sh");
    const at = terminal(t, host.command(run), { cwd: "/" });
    at.type("tty\r");
    await at.until("/dev/pts/0");
    const beside = terminal(t, host.command(docker.command("exec", "-it", name, "sh")), { cwd: "/" });
    beside.type("tty; exit 6\r");
    const second = await beside.end();
    at.type("exit 4\r");
    const status = await at.end();
    await docker.ok("rm", name);
    return { status, second, shown: /^\/dev\/pts\/1\r?$/m.test(beside.shown()) };
  });
  expect(told).toEqual({ status: 4, second: 6, shown: true });
});

test("a container takes another's namespaces", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (docker) => {
    const name = docker.named("c");
    await docker.ok(...docker.run("--detach", "--name", name, "--ipc", "shareable"), IMAGE, ...SLEEP);
    const whose = ["net", "pid", "ipc", "uts", "mnt"].map((kind) => `/proc/1/ns/${kind}`).join(" ");
    const theirs = (await docker.ok("exec", name, "sh", "-c", `for n in ${whose}; do readlink $n; done`)).split("\n");
    const kinds = ["--network", "--pid", "--ipc"].map((option) => `${option}=container:${name}`);
    const script = `for n in ${whose.replaceAll("/1/", "/self/")}; do readlink $n; done`;
    const mine = (await docker.ok(...docker.run("--rm", ...kinds), IMAGE, "sh", "-c", script)).split("\n");
    await docker.ok("rm", "--force", name);
    return theirs.map((link, index) => link === mine[index]);
  });
  expect(told).toEqual([true, true, true, false, false]);
});
