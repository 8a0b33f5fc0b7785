// SPDX-License-Identifier: Apache-2.0
/** Devices at the corners of config-linux.md#devices, as the container sees them. */
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
