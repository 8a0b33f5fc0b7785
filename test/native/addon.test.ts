// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundle, copyAddons } from "../../scripts/build.mjs";
import { addon } from "../../src/native/addon.ts";
import { bind, libcCall, must } from "../../src/native/call.ts";

test("the addon is that of the koffi that package.json names", () => {
  const version = (addon() as unknown as { version: string }).version;
  const wanted = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(version).toBe(wanted.dependencies.koffi);
});

test("a bundle finds the addon beside its real file, from any directory and through a symlink", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tsrun-bundle-"));
  try {
    const entry = join(directory, "entry.ts");
    const call = new URL("../../src/native/call.ts", import.meta.url).pathname;
    writeFileSync(
      entry,
      `import { libcCall } from ${JSON.stringify(call)};
       const files = () => process.report.getReport().sharedObjects.filter((file) => file.endsWith(".node"));
       console.log(JSON.stringify([libcCall("getpid", "int", [])() === process.pid, files(), Object.keys(require.cache)]));`,
    );
    mkdirSync(join(directory, "dist"));
    const outfile = join(directory, "dist/tsrun");
    copyAddons(join(directory, "dist"));
    await bundle(entry, outfile, { executable: true });
    symlinkSync(outfile, join(directory, "link"));
    const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
    const output = execFileSync(join(directory, "link"), { cwd: "/", env, encoding: "utf8" });
    const addon = join(directory, `dist/koffi-linux-${process.arch}.node`);
    expect(JSON.parse(output)).toEqual([true, [addon], [outfile]]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a failed call is its negative errno, and an error that reads as strace prints it", () => {
  const close = libcCall("close", "int", ["int"]);
  expect(close(-1)).toBe(-9);
  expect(() => must(close(-1), () => "close(-1)")).toThrow(
    expect.objectContaining({ code: "ETSRUN_SYSCALL", errno: "EBADF", call: "close(-1)" }),
  );
  expect(() => must(-9, () => "close(-1)")).toThrow("close(-1) = -1 EBADF (Bad file descriptor)");
});

test("a function that libc does not have cannot be bound", () => {
  expect(() => bind("no_such_function", "int", [])).toThrow("no_such_function");
});
