// SPDX-License-Identifier: Apache-2.0
/** Writes docs/features.md from the table in test/field. */
import { writeFileSync } from "node:fs";
import { build } from "esbuild";

const ROOT = new URL("..", import.meta.url).pathname;

// Node 20 reads no TypeScript: bundle the table and its printer into one module, and import that.
const bundle = await build({
  stdin: {
    contents: ["table", "render"].map((file) => `export * from "./${file}.ts";`).join("\n"),
    resolveDir: `${ROOT}test/field`,
    loader: "ts",
  },
  bundle: true,
  format: "esm",
  write: false,
});
const { CHAPTERS, render } = await import(
  `data:text/javascript;base64,${Buffer.from(bundle.outputFiles[0].text).toString("base64")}`
);
writeFileSync(`${ROOT}docs/features.md`, render(CHAPTERS));
