// SPDX-License-Identifier: Apache-2.0
/** The root filesystem and the mounts: config.md#root, config.md#mounts. */
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { temporary } from "./support/bundle.ts";
import { container, output, shell } from "./support/container.ts";

test.for(["a file", "absent"])("a root that is not a directory is refused: %s", async (kind, t) => {
  requires(t, "root");
  const c = container(t, (spec) => shell(spec, "true"));
  rmSync(c.rootfs, { recursive: true });
  if (kind === "a file") writeFileSync(c.rootfs, "");
  expect((await c.call("create")).status).not.toBe(0);
  expect((await c.call("state")).status).not.toBe(0);
});

test("a read-only root cannot be written", async (t) => {
  requires(t, "root");
  const script = "touch /a 2>&1; touch /bin/a 2>&1; touch /dev/shm/a && echo shm";
  const text = await output(t, script, (spec) => {
    spec.root.readonly = true;
  });
  expect(text.split("\n")).toEqual([
    expect.stringContaining("Read-only file system"),
    expect.stringContaining("Read-only file system"),
    "shm",
    "",
  ]);
});

test("a root is writable unless told otherwise", async (t) => {
  requires(t, "root");
  expect(await output(t, "touch /a && echo written")).toBe("written\n");
});

test("mounts are made in the listed order", async (t) => {
  requires(t, "root");
  const [first, second] = [temporary(t), temporary(t)];
  writeFileSync(join(first, "name"), "first\n");
  writeFileSync(join(second, "name"), "second\n");
  const bind = (source: string, destination: string) => ({ destination, type: "bind", source, options: ["bind"] });
  // The last of two mounts on one place covers the first; what lies below an earlier mount is made inside it.
  const script = "cat /m/inner/name; grep ' /m' /proc/self/mountinfo | sed 's/.* - //'";
  const text = await output(t, script, (spec) => {
    spec.mounts.push(
      { destination: "/m", type: "tmpfs", source: "lower" },
      { destination: "/m", type: "tmpfs", source: "upper", options: ["size=1m"] },
      bind(second, "/m/inner"),
      bind(first, "/m/inner"),
    );
  });
  const lines = text.trim().split("\n");
  expect(lines[0]).toBe("first");
  expect(lines.slice(1, 3)).toEqual([expect.stringContaining("lower"), expect.stringContaining("upper")]);
  expect(lines).toHaveLength(5);
});

test("a relative destination is relative to /", async (t) => {
  requires(t, "root");
  const text = await output(t, "grep ' /rel/m ' /proc/self/mountinfo", (spec) => {
    spec.process.cwd = "/bin";
    spec.mounts.push({ destination: "rel/m", type: "tmpfs", source: "tmpfs" });
  });
  expect(text).toContain(" - tmpfs ");
});

test("a link in the root filesystem leads a mount nowhere but inside", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => {
    shell(spec, "grep -c ' /inside ' /proc/self/mountinfo");
    spec.mounts.push({ destination: "/link", type: "tmpfs", source: "tmpfs" });
  });
  symlinkSync("../../../../../../../../inside", join(c.rootfs, "link"));
  expect((await c.ok("run")).stdout).toBe("1\n");
});
