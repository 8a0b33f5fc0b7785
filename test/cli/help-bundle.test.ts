// SPDX-License-Identifier: Apache-2.0
/** The help texts as they are built: a file of their own, which reads nothing of the place that it is run in. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundle, launcher } from "../../scripts/build.mjs";
import { helpOf, helpOfAll } from "../../src/cli/help.ts";
import { COMMANDS, type CommandName } from "../../src/cli/table.ts";

const directory = mkdtempSync(join(tmpdir(), "tsrun-help-"));
const dist = join(directory, "dist");
const tsrun = join(dist, "tsrun");

beforeAll(async () => {
  mkdirSync(dist);
  await Promise.all([
    bundle("src/cli/main.ts", join(dist, "tsrun.cjs")),
    bundle("src/cli/help.ts", join(dist, "help.cjs")),
  ]);
  launcher(dist, "tsrun");
});
afterAll(() => rmSync(directory, { recursive: true }));

test("the built texts are those of the sources", () => {
  const built = createRequire(import.meta.url)(join(dist, "help.cjs")) as typeof import("../../src/cli/help.ts");
  expect(built.helpOfAll()).toBe(helpOfAll());
  for (const name of Object.keys(COMMANDS) as CommandName[]) expect(built.helpOf(name)).toBe(helpOf(name));
});

test("help is on stdout, with exit code 0, by every way to ask for it", () => {
  for (const [argv, text] of [
    [["--help"], helpOfAll()],
    [["-h"], helpOfAll()],
    [["help"], helpOfAll()],
    [[], helpOfAll()],
    [["kill", "--help"], helpOf("kill")],
    [["help", "kill"], helpOf("kill")],
  ] as const) {
    const { status, stdout, stderr } = run(tsrun, argv);
    expect({ argv, status, stdout, stderr }).toEqual({ argv, status: 0, stdout: text, stderr: "" });
  }
});

test("help is the same through a symlink, in a foreign directory, for another locale, and where yargs has its own ideas", () => {
  const foreign = join(directory, "foreign");
  mkdirSync(join(foreign, "locales"), { recursive: true });
  writeFileSync(join(foreign, "package.json"), JSON.stringify({ version: "6.6.6", yargs: { "sort-commands": true } }));
  for (const locales of [join(foreign, "locales"), join(directory, "locales")]) {
    mkdirSync(locales, { recursive: true });
    for (const name of ["en", "en_US", "de"]) writeFileSync(join(locales, `${name}.json`), '{"Commands:": "Befehle:"');
  }
  symlinkSync(tsrun, join(foreign, "link"));
  const env = { LC_ALL: "de_DE.UTF-8", LANG: "de", YARGS_DISABLE_WRAP: "1", FORCE_COLOR: "3", COLUMNS: "20" };
  expect(run(join(foreign, "link"), ["--help"], { cwd: foreign, env })).toMatchObject({
    status: 0,
    stdout: helpOfAll(),
  });
});

test("to make help, the bundle reads no file and not the current directory", () => {
  const probe = join(directory, "probe.cjs");
  // Node's own require() must not see the replaced functions: the bundle is run as a function.
  writeFileSync(
    probe,
    `const fs = require("node:fs");
     const [file] = process.argv.slice(2);
     const body = fs.readFileSync(file, "utf8");
     const asked = [];
     const forbid = (object, name) => {
       object[name] = (...args) => {
         asked.push([name, ...args]);
         throw new Error(name);
       };
     };
     for (const name of Object.keys(fs)) if (typeof fs[name] === "function" && /^[a-z]/.test(name)) forbid(fs, name);
     forbid(process, "cwd");
     const made = { exports: {} };
     new Function("exports", "require", "module", "__filename", "__dirname", body)(made.exports, require, made, file, "/");
     let told;
     try {
       told = made.exports.helpOfAll() + made.exports.helpOf("run");
     } catch (error) {
       told = error.stack;
     }
     process._rawDebug(JSON.stringify({ asked, told }));`,
  );
  const { stderr } = run(process.execPath, [probe, join(dist, "help.cjs")]);
  expect(JSON.parse(stderr)).toEqual({ asked: [], told: helpOfAll() + helpOf("run") });
});

test("help does not need the current directory to exist", () => {
  const script = 'mkdir "$1" && cd "$1" && rmdir "$1" && exec "$2" --help';
  const { status, stdout } = run("/bin/sh", ["-c", script, "sh", join(directory, "gone"), tsrun]);
  expect({ status, stdout }).toEqual({ status: 0, stdout: helpOfAll() });
});

test("nothing but help needs yargs", () => {
  const mark = "YARGS_DISABLE_WRAP";
  expect(readFileSync(join(dist, "help.cjs"), "utf8")).toContain(mark);
  expect(readFileSync(join(dist, "tsrun.cjs"), "utf8")).not.toContain(mark);
  rmSync(join(dist, "help.cjs"));
  expect(execFileSync(tsrun, ["--version"], { encoding: "utf8" })).toContain("tsrun version");
  expect(run(tsrun, ["kill"])).toEqual({
    status: 1,
    stdout: "",
    stderr: expect.stringContaining("see: tsrun kill --help"),
  });
});

function run(file: string, argv: readonly string[], at: { cwd?: string; env?: Record<string, string> } = {}) {
  const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env;
  const env = { ...inherited, ...at.env };
  const { status, stdout, stderr } = spawnSync(file, argv, { cwd: at.cwd ?? "/", env, encoding: "utf8" });
  return { status, stdout, stderr };
}
