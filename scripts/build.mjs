// SPDX-License-Identifier: Apache-2.0
/**
 * Builds dist/: the command `tsrun`, the library `index.cjs`, koffi's addon beside them, and the types.
 * Every file is put in place by a rename, so a build does not disturb a tsrun that runs.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll(join(ROOT, "dist"));

async function buildAll(dist) {
  node("scripts/validators.mjs");
  mkdirSync(dist, { recursive: true });
  copyAddons(dist);
  put(join(dist, "package.json"), `${JSON.stringify({ type: "commonjs" })}\n`);
  await Promise.all([
    bundle("src/cli/main.ts", join(dist, "tsrun"), { executable: true }),
    bundle("src/runtime/index.ts", join(dist, "index.cjs")),
  ]);
  execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", "tsconfig.types.json"], { cwd: ROOT, stdio: "inherit" });
}

/** Bundles an entry of the sources into one CommonJS file. */
export async function bundle(entry, outfile, { executable = false } = {}) {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile,
    write: false,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    // Names stay: they are in stack traces. Syntax and space are a third of the bytes that V8 has to read.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    define: {
      // The bundle's own directory: Node follows symlinks before it sets __dirname.
      "import.meta.dirname": "__dirname",
      TSRUN_VERSION: JSON.stringify(version),
      TSRUN_COMMIT: JSON.stringify(commit()),
    },
    ...(executable ? { banner: { js: "#!/usr/bin/env node" } } : {}),
    logLevel: "warning",
  });
  put(outfile, result.outputFiles[0].contents, executable ? 0o755 : 0o644);
}

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
