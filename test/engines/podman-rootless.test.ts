// SPDX-License-Identifier: Apache-2.0
/** podman of an ordinary user, who needs no privilege but ranges of ids in /etc/subuid: tsrun as runc. */
import { expect, test } from "vitest";
import { terminal } from "../live/support/pty.ts";
import { IMAGE, podmanHost } from "./support/podman.ts";

const engine = podmanHost();
const rootless = { rootless: true };

test("a container in the background, with exec, logs, top, stop and rm", async (t) => {
  const { host, both } = await engine(t);
  const told = await both(async (podman) => {
    const name = podman.named("c");
    const polite = "trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done";
    await podman.ok("run", "--detach", "--name", name, IMAGE, "sh", "-c", polite);
    while ((await podman.ok("logs", name)) !== "ready");
    const exec = await podman("exec", "--user", "7", name, "sh", "-c", "id -u; exit 4");
    const missing = await podman("exec", name, "/no/such");
    const at = terminal(t, host.command(podman.command("exec", "-it", name, "sh")), { cwd: "/" });
    await at.until("# ");
    at.type("exit 5\r");
    const typed = await at.end();
    const top = await podman.ok("top", name, "user");
    await podman.ok("stop", name);
    const status = await podman.ok("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", name);
    await podman.ok("rm", name);
    return { exec: [exec.status, exec.stdout], missing: missing.status, typed, top, status };
  }, rootless);
  expect(told).toMatchObject({ exec: [4, "7\n"], missing: 127, typed: 5, status: "exited 3" });
});

test.for([
  ["/no/such", 127],
  ["/plain", 126],
] as const)("run %s ends with %d", async ([program, status], t) => {
  const { both } = await engine(t);
  expect(await both(async (podman) => (await podman("run", "--rm", IMAGE, program)).status, rootless)).toBe(status);
});

test("pause needs a cgroup, which an ordinary user does not have in v1", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (podman) => {
    const name = podman.named("c");
    await podman.ok("run", "--detach", "--name", name, IMAGE, "sleep", "600");
    const { status, stderr } = await podman("pause", name);
    await podman.ok("rm", "--force", "--time", "0", name);
    return { status, said: stderr !== "" };
  }, rootless);
  expect(told).toEqual({ status: 125, said: true });
});

test("the containers of a pod share namespaces", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (podman) => {
    const pod = podman.named("pod");
    await podman.ok("pod", "create", "--name", pod, "--hostname", "shared", "--network", "none");
    const hostname = await podman.ok("run", "--rm", "--pod", pod, IMAGE, "hostname");
    await podman.ok("pod", "rm", "--force", "--time", "0", pod);
    return hostname;
  }, rootless);
  expect(told).toBe("shared");
});
