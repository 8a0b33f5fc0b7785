// SPDX-License-Identifier: Apache-2.0
/** podman where cgroup v2 is all there is: the rules for devices are a program, the freezer a file. */
import { expect, test } from "vitest";
import { IMAGE, podmanHost } from "./support/podman.ts";

const engine = podmanHost("v2");
// The machine may keep its controllers in v1.
const UNLIMITED = ["--pids-limit", "-1"];

test("a container in the background is paused, joined and killed", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (podman) => {
    const name = podman.named("c");
    await podman.ok("run", "--detach", "--name", name, ...UNLIMITED, IMAGE, "sleep", "600");
    const status = () => podman.ok("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", name);
    await podman.ok("pause", name);
    const paused = await status();
    await podman.ok("unpause", name);
    const exec = await podman.ok("exec", name, "cat", "/proc/self/cgroup");
    await podman.ok("kill", name);
    await podman.ok("wait", name);
    return { paused, exec: /^0::(.*)$/m.exec(exec)?.[1], ended: await status() };
  });
  expect(told).toEqual({ paused: "paused 0", exec: "/", ended: "exited 137" });
});

test("a device may be used as it was given, and no other", async (t) => {
  const { both } = await engine(t);
  const script = "mknod /kmsg c 1 11; true </dev/fuse && echo read; true >/dev/fuse; true </kmsg; true";
  const told = await both(async (podman) => {
    const given = ["--device", "/dev/fuse:/dev/fuse:r", "--cap-add", "MKNOD"];
    const shell = ["sh", "-c", `{ ${script}; } 2>&1`];
    return podman.ok("run", "--rm", ...UNLIMITED, ...given, IMAGE, ...shell);
  });
  expect(told).toMatch(/^read\n.*\/dev\/fuse: Operation not permitted\n.*\/kmsg: Operation not permitted$/);
});
