// SPDX-License-Identifier: Apache-2.0
/** A rootfs that changes while it is looked at: what is there is not known, and that is no error of the probe. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { probeRootfs } from "../../src/host/probe-rootfs.ts";

const change = vi.hoisted(() => ({ before: (_path: string) => {} }));

/** readlink(2) comes a moment too late: the change is made right before it. */
vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs")>();
  const readlinkSync = (path: string) => {
    change.before(path);
    return fs.readlinkSync(path);
  };
  return { ...fs, readlinkSync };
});

let rootfs = "";
beforeEach(() => {
  rootfs = realpathSync(mkdtempSync(join(tmpdir(), "tsrun-race-")));
});
afterEach(() => rmSync(rootfs, { recursive: true }));

test.for([
  ["a directory", (path: string) => mkdirSync(path)],
  ["nothing", () => {}],
] as const)("a symlink that turns into %s", ([, replace]) => {
  symlinkSync("etc", join(rootfs, "link"));
  change.before = (path) => {
    rmSync(path);
    replace(path);
  };
  const config = {
    ociVersion: "1.0.2",
    mounts: [{ destination: "/link/below", type: "tmpfs", options: ["tmpcopyup"] }],
  };
  expect(probeRootfs(config, rootfs, rootfs)).toMatchObject({ links: {}, modes: {}, copyUp: {} });
});
