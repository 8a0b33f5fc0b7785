// SPDX-License-Identifier: Apache-2.0
/** Mounts at the corners of config.md#mounts, as the container sees them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { container, shell } from "./support/container.ts";

test("a bind mount of a file is remounted read-only", async (t) => {
  requires(t, "root");
  const c = container(t, (spec, dir) => {
    writeFileSync(join(dir, "file"), "of the host\n");
    shell(spec, "cat /srv/new/file; echo x > /srv/new/file || echo refused");
    spec.mounts.push({ destination: "/srv/new/file", source: "file", options: ["bind"] });
    spec.mounts.push({ destination: "/srv/new/file", source: "file", options: ["bind", "remount", "ro"] });
  });
  expect((await c.ok("run")).stdout).toBe("of the host\nrefused\n");
});
