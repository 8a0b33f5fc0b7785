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
  return shrunk(code);
}

/**
 * The same code, half as large, which is half the time that a start spends on compiling it.
 *
 * ajv writes out at each check how an error is made and kept, and passes four values along of which one is used.
 */
function shrunk(code) {
  const error = /const (err\d+) = \{instancePath(?::(.+?))?,schemaPath:".*?",keyword:(".*?"),params:(\{.*\})\};\n/;
  const kept = /if\(vErrors === null\)\{\nvErrors = \[\1\];\n\}\nelse \{\nvErrors\.push\(\1\);\n\}\nerrors\+\+;/;
  const short = code
    .replace(new RegExp(error.source + kept.source, "g"), (_, _name, path = "instancePath", keyword, params) => {
      return `vErrors = withError(vErrors, ${path}, ${keyword}, ${params});\nerrors++;`;
    })
    .replace(/\{instancePath="", parentData, parentDataProperty, rootData=data\}=\{\}/g, 'instancePath=""')
    .replace(
      /\{instancePath(?::(.+?))?,parentData:.+?,parentDataProperty:.+?,rootData\}/g,
      (_, path = "instancePath") => path,
    );
  if (/schemaPath|rootData/.test(short)) throw new Error("this version of ajv writes its code in another way");
  return `${short}
function withError(errors, instancePath, keyword, params) {
  const error = { instancePath, keyword, params };
  if (errors === null) return [error];
  errors.push(error);
  return errors;
}
`;
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
