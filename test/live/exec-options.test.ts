// SPDX-License-Identifier: Apache-2.0
/** Options of `exec` and parts of a container that only a process which joins has to do with. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { hold } from "./differential.ts";
import { temporary } from "./support/bundle.ts";
import { until } from "./support/container.ts";
import { execIn, execLine, shellIn, sleeping } from "./support/exec.ts";
import { launch, run, tsrun } from "./support/run.ts";

/** Listens at the path in argv[1], and tells which process the descriptor that it is sent is of. */
const PIDFD = `
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print("listening", flush=True)
connection, _ = listener.accept()
_, fds, _, _ = socket.recv_fds(connection, 4096, 8)
print(open(f"/proc/self/fdinfo/{fds[0]}").read())
`;

test("--pidfd-socket is sent a descriptor of the process", async (t) => {
  requires(t, "root", "python3");
  const c = await sleeping(t);
  const dir = temporary(t);
  const [path, file] = [join(dir, "socket"), join(dir, "pid")];
  const { child, outcome } = launch(["python3", "-c", PIDFD, path]);
  let shown = "";
  child.stdout?.on("data", (chunk: string) => {
    shown += chunk;
  });
  await until("somebody listens", () => shown.includes("listening"));
  const options = ["--pidfd-socket", path, "--pid-file", file];
  expect(await execIn(c, ["sleep", "1"], { options })).toMatchObject({ status: 0, stderr: "" });
  expect((await outcome).stdout).toMatch(new RegExp(`^Pid:\\s+${readFileSync(file, "utf8")}$`, "m"));
});

test("a process that cannot be handed over is ended", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  for (const option of ["--pid-file", "--pidfd-socket"]) {
    const outcome = await execIn(c, ["sleep", "500"], { options: [option, "/no/such/place"] });
    expect(outcome).toMatchObject({ status: 255, stderr: expect.stringMatching(/ENOENT/) });
  }
  const { stdout } = await tsrun(["--root", c.root, "ps", "--format", "json", c.id]);
  expect(JSON.parse(stdout)).toEqual([(await c.state()).pid]);
});

test("sockets of socket activation come first, and are told of", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  const script = 'echo $LISTEN_FDS; test "$LISTEN_PID" = 1 && ls /proc/self/fd/3 /proc/self/fd/4';
  const line = execLine(c, ["sh", "-c", script], ["--preserve-fds", "1"]);
  const outcome = await run([
    "sh",
    "-c",
    'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@" 3</dev/null 4</dev/zero',
    "sh",
    ...line,
  ]);
  expect(outcome.stdout).toBe("1\n/proc/self/fd/3\n/proc/self/fd/4\n");
});

test("execCPUAffinity is for those that join, and not for the init", async (t) => {
  requires(t, "root");
  const allowed = "sed -n s/Cpus_allowed_list:.//p /proc/self/status";
  const c = await sleeping(t, (spec) => {
    spec.process.execCPUAffinity = { initial: "0", final: "0" };
  });
  expect((await shellIn(c, allowed)).stdout).toBe("0\n");
  const init = readFileSync(`/proc/${(await c.state()).pid}/status`, "utf8");
  const own = readFileSync("/proc/self/status", "utf8");
  const cpus = (status: string) => /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1];
  expect(cpus(init)).toBe(cpus(own));
});

test("namespaces that the container joined by their paths, and time with its offsets", async (t) => {
  requires(t, "root", "timens");
  const holder = await hold(t, ["--net", "--ipc"]);
  const c = await sleeping(t, (spec) => {
    spec.linux.namespaces = spec.linux.namespaces.map(({ type }) => {
      const file = type === "network" ? "net" : type;
      return type === "network" || type === "ipc" ? { type, path: `/proc/${holder}/ns/${file}` } : { type };
    });
    spec.linux.namespaces.push({ type: "time" });
    spec.linux.timeOffsets = { boottime: { secs: 10 * 86_400 * 365 } };
  });
  const { pid } = await c.state();
  const links = await shellIn(c, "cd /proc/self/ns; for ns in *; do readlink $ns; done; cat /proc/uptime");
  expect(links.status).toBe(0);
  const init = await run(["sh", "-c", `cd /proc/${pid}/ns; for ns in *; do readlink $ns; done`]);
  expect(links.stdout.split("\n").slice(0, 8).sort()).toEqual(init.stdout.split("\n").slice(0, 8).sort());
  expect(Number(links.stdout.trim().split("\n").at(-1)?.split(" ")[0])).toBeGreaterThan(10 * 86_400 * 365);
});

test("what this host has not is refused before anything is done", async (t) => {
  requires(t, "root");
  const c = await sleeping(t);
  for (const [options, said] of [
    [["--process-label", "a:b:c:s0"], /selinuxLabel.*SELinux is not enabled/],
    [["--user", "4294967295"], /expected a number below/],
    [["--user", "1:2:3"], /expected UID or UID:GID/],
    [["--cwd", "relative"], /\/cwd/],
  ] as const) {
    const outcome = await execIn(c, ["touch", "/done"], { options });
    expect(outcome).toMatchObject({ status: 255, stderr: expect.stringMatching(said) });
  }
  expect((await execIn(c, ["ls", "/done"])).status).toBe(1);
});
