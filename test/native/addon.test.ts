// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { bundle, copyAddons, launcher } from "../../scripts/build.mjs";
import { addon } from "../../src/native/addon.ts";
import { bind, libcCall, must } from "../../src/native/call.ts";

test("the addon is that of the koffi that package.json names", () => {
  const version = (addon() as unknown as { version: string }).version;
  const wanted = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(version).toBe(wanted.dependencies.koffi);
});

/** Builds a command whose source is `body`, runs it through a symlink and from elsewhere, and gives what it printed. */
async function runBuilt(directory: string, body: string, change: (dist: string) => void = () => {}): Promise<string> {
  const dist = join(directory, "dist");
  const call = new URL("../../src/native/call.ts", import.meta.url).pathname;
  writeFileSync(join(directory, "entry.ts"), `import { libcCall } from ${JSON.stringify(call)};\n${body}`);
  mkdirSync(dist, { recursive: true });
  copyAddons(dist);
  await bundle(join(directory, "entry.ts"), join(dist, "tool.cjs"));
  launcher(dist, "tool");
  change(dist);
  rmSync(join(directory, "link"), { force: true });
  symlinkSync(join(dist, "tool"), join(directory, "link"));
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  return execFileSync(join(directory, "link"), { cwd: "/", env, encoding: "utf8" });
}

const directory = mkdtempSync(join(tmpdir(), "tsrun-bundle-"));
afterAll(() => rmSync(directory, { recursive: true }));

test("a bundle finds the addon beside its real file, from any directory and through a symlink", async () => {
  const output = await runBuilt(
    directory,
    `const files = () => process.report.getReport().sharedObjects.filter((file) => file.endsWith(".node"));
     console.log(JSON.stringify([libcCall("getpid", "int", [])() === process.pid, files(), Object.keys(require.cache)]));`,
  );
  const addon = join(directory, `dist/koffi-linux-${process.arch}.node`);
  expect(JSON.parse(output)).toEqual([true, [addon], [join(directory, "dist/tool")]]);
});

test("the launcher takes only the cache that was made of this very bundle, and runs without one", async () => {
  const body = (word: string) => `console.log(${JSON.stringify(word)}, typeof libcCall);`;
  expect(await runBuilt(directory, body("one"))).toBe("one function\n");
  const cache = readFileSync(join(directory, "dist/tool.cache"));
  // V8 would take it: the source is of the same length.
  expect(await runBuilt(directory, body("two"), (dist) => writeFileSync(join(dist, "tool.cache"), cache))).toBe(
    "two function\n",
  );
  expect(await runBuilt(directory, body("six"), (dist) => rmSync(join(dist, "tool.cache")))).toBe("six function\n");
  expect(await runBuilt(directory, body("ten"), (dist) => truncateSync(join(dist, "tool.cache"), 5000))).toBe(
    "ten function\n",
  );
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
