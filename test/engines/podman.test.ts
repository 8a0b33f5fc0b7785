// SPDX-License-Identifier: Apache-2.0
/** podman's commands do with tsrun what they do with runc. */
import { expect, test } from "vitest";
import { IMAGE, type Podman, podmanHost } from "./support/podman.ts";

const engine = podmanHost();

test("run gives the program's output and status", async (t) => {
  const { both } = await engine(t);
  const told = await both((podman) => podman("run", "--rm", IMAGE, "sh", "-c", "echo out; echo err >&2; exit 7"));
  expect(told).toEqual({ status: 7, signal: null, stdout: "out\n", stderr: "err\n" });
});

test("info shows the runtime of containers.conf", async (t) => {
  const podman = (await engine(t)).podman("tsrun");
  const info = JSON.parse(await podman.ok("system", "info", "--format", "json"));
  expect(info.host.ociRuntime).toMatchObject({ name: "tsrun", path: "/usr/local/bin/tsrun" });
  expect(info.host.ociRuntime.version).toMatch(/^tsrun version /);
});

const statusOf = async (podman: Podman, ...args: readonly string[]) => {
  const { status, stderr } = await podman(...args);
  return { status, told: stderr !== "" };
};

test.for([
  ["a program that is not there", 127, ["/no/such"]],
  ["a name that PATH does not have", 127, ["no-such"]],
  ["a file that is not executable", 126, ["/plain"]],
  ["a directory", 126, ["/bin"]],
] as const)("run tells of %s with %d", async ([, status, command], t) => {
  const { both } = await engine(t);
  const told = await both((podman) => statusOf(podman, "run", "--rm", IMAGE, ...command));
  expect(told.status).toBe(status);
});

test("a program whose interpreter is missing is told of, and why", async (t) => {
  const podman = (await engine(t)).podman("tsrun");
  const { status, stderr } = await podman("run", "--rm", IMAGE, "/orphan");
  // With runc 1.1 the container has begun then, and ends with 1.
  expect(status).toBe(126);
  expect(stderr).toContain('its interpreter "/no/such/interpreter" is not');
});

test("a container without a cgroup of its own", async (t) => {
  const podman = (await engine(t)).podman("tsrun");
  const shown = await podman.ok("run", "--rm", "--cgroups=disabled", IMAGE, "cat", "/proc/self/cgroup");
  expect(shown).toMatch(/:memory:\/$/m);
});

test("a container with less memory than runc takes itself to start one", async (t) => {
  const podman = (await engine(t)).podman("tsrun");
  expect(await podman.ok("run", "--rm", "--memory", "2m", IMAGE, "echo", "small")).toBe("small");
});
