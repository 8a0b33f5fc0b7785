// SPDX-License-Identifier: Apache-2.0
/**
 * Builds dist/: the command `tsrun`, the library `index.cjs`, koffi's addon beside them, the types and manual pages.
 *
 * Every file is put in place by a rename, so a build does not disturb a tsrun that runs.
 * The command is a few files: `tsrun.cjs` is the bundle, `tsrun.cache` what V8 made of it here, `tsrun` the launcher that
 * gives both to V8; `tsrun-apart.cjs` and its cache have what only some commands and configs need. To read and compile the bundle anew would take longer than to start a container. `help.cjs` is
 * apart: yargs, with which it makes the help texts, is loaded when one is asked for.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import vm from "node:vm";
import { build } from "esbuild";
import { buildDivided } from "./split.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

async function buildAll(dist) {
  node("scripts/validators.mjs");
  mkdirSync(dist, { recursive: true });
  copyAddons(dist);
  put(join(dist, "package.json"), `${JSON.stringify({ type: "commonjs" })}\n`);
  await Promise.all([
    command(dist),
    bundle("src/cli/help.ts", join(dist, "help.cjs")),
    bundle("src/runtime/index.ts", join(dist, "index.cjs")),
  ]);
  await manual(join(dist, "man"));
  execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", "tsconfig.types.json"], { cwd: ROOT, stdio: "inherit" });
}

/** The command, in two parts. */
export async function command(dist) {
  const { usual, apart } = await buildDivided("src/cli/main.ts", {
    ...OPTIONS,
    root: ROOT,
    apart: "./tsrun-apart.cjs",
  });
  putBundle(join(dist, "tsrun.cjs"), usual);
  putBundle(join(dist, "tsrun-apart.cjs"), apart);
  cacheOf(dist, "tsrun-apart");
  launcher(dist, "tsrun");
}

/** Bundles an entry of the sources into one CommonJS file. */
export async function bundle(entry, outfile) {
  const result = await build({ ...OPTIONS, absWorkingDir: ROOT, entryPoints: [entry], outfile, write: false });
  putBundle(outfile, result.outputFiles[0].text);
}

function putBundle(outfile, text) {
  // The launcher reads it as latin1, which is quicker; esbuild escapes strings, but not regular expressions.
  const [foreign] = /[^\0-\x7f]/.exec(text) ?? [];
  if (foreign !== undefined) throw new Error(`${outfile}: ${foreign} must be written as an escape`);
  const digest = createHash("sha256").update(text).digest("hex").slice(0, BUILD_DIGITS);
  put(outfile, `//${digest}\n${text}`);
}

/** Writes the manual pages, which nothing at run time knows. */
async function manual(dir) {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["src/cli/manual.ts"],
    bundle: true,
    format: "esm",
    write: false,
  });
  const { manualPages } = await import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`
  );
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(manualPages(version))) put(join(dir, name), text);
}

/** Whoever loads src/cli/help.ts finds it beside its own bundle. */
const HELP_APART = {
  name: "help apart",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/help\.ts$/ }, () => ({ path: "./help.cjs", external: true }));
  },
};

const PLAIN_YARGS = {
  name: "plain yargs",
  setup({ onLoad }) {
    const contents = readFileSync(join(ROOT, "scripts/yargs-platform.mjs"), "utf8");
    onLoad({ filter: /\/yargs\/lib\/platform-shims\/esm\.mjs$/ }, () => ({ contents }));
    // To know the width of every emoji takes two thirds of the time of a help text, and the table has none.
    onLoad({ filter: /\/string-width\/index\.js$/ }, () => ({ contents: "export default (text) => text.length;" }));
  },
};

const OPTIONS = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  // Names stay: they are in stack traces. Syntax and space are a third of the bytes that V8 has to read.
  minifySyntax: true,
  minifyWhitespace: true,
  charset: "ascii",
  legalComments: "none",
  define: {
    // The bundle's own directory: Node follows symlinks before it sets __dirname.
    "import.meta.dirname": "__dirname",
    // yargs-parser gives it to createRequire().
    "import.meta.url": "__filename",
    TSRUN_VERSION: JSON.stringify(version),
    TSRUN_COMMIT: JSON.stringify(commit()),
  },
  // A script of node:vm has no `import()`; node's own modules are there for `require`, too.
  supported: { "dynamic-import": false },
  plugins: [HELP_APART, PLAIN_YARGS],
  logLevel: "warning",
};

const BUILD_DIGITS = 30;

/**
 * Writes the executable `name` for the bundle `name`.cjs, and its code cache.
 *
 * The cache begins with the same 32 bytes as the bundle, a digest of it: V8 itself compares no more than the length of
 * the source. V8 refuses the cache of another version or other flags, and compiles as ever; so does the launcher
 * if there is no cache, or on Bun.
 */
export function launcher(dist, name) {
  cacheOf(dist, name);
  put(join(dist, name), LAUNCHER.replaceAll("NAME", name), 0o755);
}

function cacheOf(dist, name) {
  const source = readFileSync(join(dist, `${name}.cjs`), "latin1");
  // Compiles every function now: which of them a command will need is not known.
  setFlagsFromString("--no-lazy");
  const script = new vm.Script(wrap(source));
  setFlagsFromString("--lazy");
  const digest = Buffer.from(source.slice(0, BUILD_DIGITS + 2), "latin1");
  put(join(dist, `${name}.cache`), Buffer.concat([digest, script.createCachedData()]));
}

/** As Node wraps a CommonJS module. */
function wrap(source) {
  return `(function(exports,require,module,__filename,__dirname){${source}\n})`;
}

const LAUNCHER = `#!/usr/bin/env node
"use strict";
const { readFileSync } = require("node:fs");
function load(name) {
  const file = __dirname + "/" + name + ".cjs";
  let cache;
  try {
    if (!process.versions.bun) cache = readFileSync(__dirname + "/" + name + ".cache");
  } catch {}
  if (cache === undefined) return require(file);
  const source = readFileSync(file, "latin1");
  const known = source.startsWith(cache.latin1Slice(0, ${BUILD_DIGITS + 2}));
  const options = { filename: file, cachedData: known ? cache.subarray(${BUILD_DIGITS + 2}) : undefined };
  const wrapped = "(function(exports,require,module,__filename,__dirname){" + source + "\\n})";
  const script = new (require("node:vm").Script)(wrapped, options);
  const module = { exports: {} };
  const need = Object.assign((id) => (id === "./NAME-apart.cjs" ? load("NAME-apart") : require(id)), require);
  script.runInThisContext()(module.exports, need, module, file, __dirname);
  return module.exports;
}
load("NAME");
`;

/** Copies koffi's addon for this machine, for glibc and musl, under the names that src/native/addon.ts looks for. */
export function copyAddons(dist) {
  const koffi = createRequire(join(ROOT, "package.json")).resolve(`@koromix/koffi-linux-${process.arch}/package.json`);
  for (const libc of ["linux", "musl"]) {
    const from = join(dirname(koffi), `${libc}_${process.arch}`, "koffi.node");
    if (!existsSync(from)) continue;
    const to = join(dist, `koffi-${libc}-${process.arch}.node`);
    copyFileSync(from, `${to}.new`);
    renameSync(`${to}.new`, to);
  }
}

function put(path, content, mode = 0o644) {
  writeFileSync(`${path}.new`, content);
  chmodSync(`${path}.new`, mode);
  renameSync(`${path}.new`, path);
}

function node(script) {
  execFileSync(process.execPath, [script], { cwd: ROOT, stdio: "inherit" });
}

function commit() {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], {
      cwd: ROOT,
      encoding: "utf8",
      stdio: "pipe",
    }).trim();
  } catch {
    return "";
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll(join(ROOT, "dist"));
