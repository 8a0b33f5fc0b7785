// SPDX-License-Identifier: Apache-2.0
/** Writes docs/conformance.md from the table in test/conformance. */
import { mkdirSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const ROOT = new URL("..", import.meta.url).pathname;

// Node 20 reads no TypeScript: bundle the table and its printer into one module, and import that.
const bundle = await build({
  stdin: {
    contents: ["requirements", "rows/exclusions", "render"].map((file) => `export * from "./${file}.ts";`).join("\n"),
    resolveDir: `${ROOT}test/conformance`,
    loader: "ts",
  },
  bundle: true,
  format: "esm",
  write: false,
});
const { EXCLUSIONS, REQUIREMENTS, render } = await import(
  `data:text/javascript;base64,${Buffer.from(bundle.outputFiles[0].text).toString("base64")}`
);
mkdirSync(`${ROOT}docs`, { recursive: true });
writeFileSync(`${ROOT}docs/conformance.md`, render(REQUIREMENTS, EXCLUSIONS));
