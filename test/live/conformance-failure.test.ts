// SPDX-License-Identifier: Apache-2.0
/** A create that fails leaves the host as it was: runtime.md#errors. */
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { container, shell } from "./support/container.ts";
import type { Spec } from "./support/spec.ts";
import { images, nothingLeft } from "./support/traces.ts";

const FAULTS: readonly (readonly [string, (spec: Spec) => void])[] = [
  [
    "a mount whose source is missing",
    (spec) => spec.mounts.push({ destination: "/m", type: "bind", source: "/no/such/source", options: ["bind"] }),
  ],
  [
    "a mount of an unknown filesystem",
    (spec) => spec.mounts.push({ destination: "/m", type: "nosuchfs", source: "none" }),
  ],
  [
    "a mount with an unknown option",
    (spec) => spec.mounts.push({ destination: "/m", type: "tmpfs", source: "tmpfs", options: ["nosuchoption=1"] }),
  ],
  [
    "a sysctl that does not exist",
    (spec) => {
      spec.linux.sysctl = { "net.no.such.sysctl": "1" };
    },
  ],
  [
    "a device in the place of a directory",
    (spec) => {
      spec.linux.devices = [{ path: "/bin", type: "c", major: 1, minor: 3 }];
    },
  ],
  [
    "a cwd that is a file",
    (spec) => {
      spec.process.cwd = "/bin/busybox";
    },
  ],
];

test.for(FAULTS)("a create that fails at %s leaves nothing", async ([, edit], t) => {
  requires(t, "root");
  const before = images();
  const name = `tsrun-failure-${process.pid}`;
  const c = container(t, (spec) => {
    shell(spec, "true");
    spec.linux.cgroupsPath = `/${name}`;
    edit(spec);
  });
  const answer = await c.call("create");
  expect(answer.status).not.toBe(0);
  expect(answer.stderr).not.toBe("");
  expect(readdirSync(c.root)).toEqual([]);
  await nothingLeft(name, before, c.dir);
});
