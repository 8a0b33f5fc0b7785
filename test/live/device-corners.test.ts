// SPDX-License-Identifier: Apache-2.0
/** Devices at the corners of config-linux.md#devices, as the container sees them. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { container, shell } from "./support/container.ts";

test("with a /dev of the host, devices elsewhere are made", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => {
    shell(spec, "stat -c %t:%T /opt/zero; test -e /dev/fresh || echo none");
    spec.mounts = [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", source: "/dev", options: ["rbind", "ro"] },
    ];
    spec.linux.devices = [
      { type: "c", path: "/opt/zero", major: 1, minor: 5 },
      { type: "c", path: "/dev/fresh", major: 1, minor: 5 },
    ];
  });
  const { stdout, stderr } = await c.ok("run");
  expect(stdout).toBe("1:5\nnone\n");
  expect(stderr).toContain("/linux/devices: not made in a /dev that is bound from the host: /dev/fresh\n");
});

/** What is wrong with a /dev of the rootfs, and what is told. */
const WRONG = [
  ["null", (path: string) => writeFileSync(path, ""), /statx\(\$dev, "null", .*EEXIST[\s\S]*in the rootfs already/],
  [
    "ptmx",
    (path: string) => mkdirSync(path),
    /unlinkat\(\$dev, "ptmx", .*EISDIR[\s\S]*\/dev\/ptmx of the rootfs is a directory/,
  ],
] as const;

test.for(WRONG)("a /dev/%s of the rootfs that is something else is named", async ([name, make, told], t) => {
  requires(t, "root");
  const c = container(t, (spec) => {
    shell(spec, "true");
    spec.mounts = [];
    spec.linux.maskedPaths = [];
    spec.linux.readonlyPaths = [];
  });
  const path = join(c.rootfs, "dev", name);
  mkdirSync(join(c.rootfs, "dev"), { recursive: true });
  rmSync(path, { force: true });
  make(path);
  expect((await c.call("run")).stderr).toMatch(told);
});
