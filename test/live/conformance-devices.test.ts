// SPDX-License-Identifier: Apache-2.0
/** Devices and the links of /dev: config-linux.md#devices, #default-devices, runtime-linux.md#dev-symbolic-links. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle } from "./support/bundle.ts";
import { container, freshId, output, shell } from "./support/container.ts";
import { run, runtimeRoot, TSRUN } from "./support/run.ts";
import { images, nothingLeft } from "./support/traces.ts";

test("the default devices are there", async (t) => {
  requires(t, "root");
  const names = ["null", "zero", "full", "random", "urandom", "tty"];
  const text = await output(
    t,
    `cd /dev; stat -c "%n %F %t:%T %a" ${names.join(" ")}; echo x > null; head -c 4 zero | wc -c`,
  );
  expect(text.split("\n")).toEqual([
    "null character special file 1:3 666",
    "zero character special file 1:5 666",
    "full character special file 1:7 666",
    "random character special file 1:8 666",
    "urandom character special file 1:9 666",
    "tty character special file 5:0 666",
    "4",
    "",
  ]);
});

test("/dev/ptmx is the container's own", async (t) => {
  requires(t, "root");
  const [own, pts] = (await output(t, "stat -L -c '%t:%T %i %d' /dev/ptmx /dev/pts/ptmx")).split("\n");
  expect(own).toMatch(/^5:2 /);
  expect(own).toBe(pts);
});

test("a terminal is /dev/console, too", async (t) => {
  requires(t, "root");
  const { dir } = bundle(t, (spec) => {
    shell(spec, "stat -L -c '%F %t:%T %i' /dev/console /proc/self/fd/0; tty");
    spec.process.terminal = true;
  });
  const words = [TSRUN, "--root", runtimeRoot(t), "run", "--bundle", dir, freshId()];
  const { stdout } = await run(["script", "--quiet", "--return", "--command", words.join(" "), "/dev/null"]);
  // What script(1) adds of its own may stand before or after.
  const [console, stdin] = stdout.match(/character special file [\w: ]+/g) ?? [];
  expect(console).toMatch(/^character special file 88:/);
  expect(stdin).toBe(console);
  expect(stdout).toMatch(/\/dev\/(console|pts\/\d+)\r?\n/);
});

test("the links of /dev lead to /proc/self/fd", async (t) => {
  requires(t, "root");
  const text = await output(t, "cd /dev; for n in fd stdin stdout stderr; do readlink $n; done");
  expect(text).toBe("/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\n");
});

test("devices of the configuration are there", async (t) => {
  requires(t, "root");
  const text = await output(t, "stat -c '%n %F %t:%T %a %u:%g' /dev/own /outside/zero /dev/queue", (spec) => {
    spec.linux.devices = [
      { path: "/dev/own", type: "c", major: 1, minor: 3, fileMode: 0o640, uid: 1, gid: 2 },
      { path: "/outside/zero", type: "u", major: 1, minor: 5, fileMode: 0o600 },
      { path: "/dev/queue", type: "p", fileMode: 0o622 },
    ];
  });
  expect(text.split("\n")).toEqual([
    "/dev/own character special file 1:3 640 1:2",
    "/outside/zero character special file 1:5 600 0:0",
    "/dev/queue fifo 0:0 622 0:0",
    "",
  ]);
});

test("a file in the place of a device is refused", async (t) => {
  requires(t, "root");
  const before = images();
  const c = container(t, (spec) => {
    spec.linux.devices = [{ path: "/etc/device", type: "c", major: 1, minor: 3, fileMode: 0o666 }];
  });
  writeFileSync(join(c.rootfs, "etc/device"), "a file");
  expect((await c.call("create")).status).not.toBe(0);
  expect(readdirSync(c.root)).toEqual([]);
  await nothingLeft(c.dir, before, c.dir);
});

test("a device that is there already and matches is kept", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => {
    shell(spec, "stat -c '%F %t:%T' /etc/device");
    spec.linux.devices = [{ path: "/etc/device", type: "c", major: 1, minor: 3, fileMode: 0o666 }];
  });
  await run(["mknod", "-m", "666", join(c.rootfs, "etc/device"), "c", "1", "3"]);
  expect((await c.ok("run")).stdout).toBe("character special file 1:3\n");
});
