// SPDX-License-Identifier: Apache-2.0
/** Compiles schema/ to plain functions, src/config/validators.generated.js: nothing of ajv runs when tsrun does. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";

const SCHEMA = new URL("../schema/", import.meta.url);
const TARGET = new URL("../src/config/validators.generated.js", import.meta.url);
const TYPES = new URL("../src/config/validators.generated.d.ts", import.meta.url);
const VALIDATORS = { validateConfig: "config.json", validateState: "state.json", validateFeatures: "features.json" };

const files = readdirSync(SCHEMA)
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name) => ({ name, text: readFileSync(new URL(name, SCHEMA), "utf8") }));
const stamp = `// SPDX-License-Identifier: Apache-2.0\n// ${digest()}\n`;
if (!isFresh()) {
  write(TARGET, stamp + (await compile()));
  write(TYPES, types());
}

/** Of everything the result depends on. */
function digest() {
  const hash = createHash("sha256");
  for (const { name, text } of files) hash.update(`${name}\n${text}`);
  hash.update(readFileSync(new URL(import.meta.url)));
  hash.update(readFileSync(new URL("../package-lock.json", import.meta.url)));
  return hash.digest("hex");
}

function isFresh() {
  return existsSync(TYPES) && existsSync(TARGET) && readFileSync(TARGET, "utf8").startsWith(stamp);
}

async function compile() {
  const { default: Ajv } = await import("ajv/dist/ajv.js");
  const { default: standaloneCode } = await import("ajv/dist/standalone/index.js");
  const ajv = new Ajv.default({
    allErrors: true,
    // Messages are made in findings.ts. References stay calls: a function a definition is small and compiled once.
    messages: false,
    inlineRefs: false,
    allowUnionTypes: true,
    strict: true,
    strictRequired: false,
    code: { source: true, esm: true, lines: true },
  });
  for (const { name, text } of files) ajv.addSchema(JSON.parse(text, onlyWhatChecks), name);
  const code = standaloneCode.default(ajv, VALIDATORS);
  if (/\brequire\(/.test(code)) throw new Error("a keyword in schema/ needs ajv at run time");
  return code;
}

/** Leaves out what a program does not need. The draft, too: what schema/ uses means the same in draft-07, whose code is smaller. */
function onlyWhatChecks(key, value) {
  const prose = key === "$schema" || ((key === "description" || key === "title") && typeof value === "string");
  return prose ? undefined : value;
}

function types() {
  const error = `// SPDX-License-Identifier: Apache-2.0
export interface SchemaError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}
export interface Validator {
  (value: unknown): boolean;
  errors?: readonly SchemaError[] | null;
}
`;
  return (
    error +
    Object.keys(VALIDATORS)
      .map((name) => `export const ${name}: Validator;\n`)
      .join("")
  );
}

/** At once or not at all: tests and builds may run side by side. */
function write(url, text) {
  const next = new URL(`${url.href}.${process.pid}`);
  writeFileSync(next, text);
  renameSync(next, url);
}
