// SPDX-License-Identifier: Apache-2.0
/**
 * Divides the command into two bundles: what every start needs, and what only some do. V8 reads the whole code cache of
 * a script before it runs the first line, so each start would pay for all that it does not use.
 *
 * A module is apart if it is reached by `import()` alone, and the `import()` is not one of USUAL. The two bundles share
 * modules by name: the first knows how to get the second, which takes what both need from the first.
 */
import { resolve } from "node:path";
import { build } from "esbuild";

/** Loaded by `import()`, and on the way of a start all the same. */
const USUAL = new Set(
  [
    ...["create", "start", "state", "kill", "delete", "run", "exec", "list"].map((name) => `cli/commands/${name}`),
    "cli/foreground",
    "runtime/runtime",
    "runtime/step-text",
    "runtime/exec",
    "runtime/end",
  ].map((name) => `src/${name}.ts`),
);
const APART = "apart:";
const SHARED = "shared:";

/** Returns the text of both. `options` are esbuild's for either. */
export async function buildDivided(entry, { root, apart, ...options }) {
  const bundled = (contents, plugins) =>
    build({
      ...options,
      absWorkingDir: root,
      stdin: { contents, resolveDir: root, sourcefile: "entry.ts", loader: "ts" },
      outfile: "bundle.cjs",
      write: false,
      metafile: true,
      plugins: [...(options.plugins ?? []), ...plugins],
    });
  const asked = new Set();
  const first = await bundled(`import "./${entry}";`, [leaveApart(root, asked)]);
  const usual = new Set(Object.keys(first.metafile.inputs));
  const shared = new Set();
  const second = await bundled(table([...asked]), [takeShared(root, usual, shared)]);
  const again = await bundled(`import "./${entry}";\n${registry([...shared], apart)}`, [leaveApart(root, asked)]);
  return { usual: textOf(again, PREAMBLE), apart: textOf(second, SHARING) };
}

/** Which modules there are in the second bundle, by name; each is evaluated when it is first asked for. */
function table(names) {
  const rows = names.map((name) => `  ${JSON.stringify(`${APART}${name}`)}: () => require("./${name}"),`);
  return `module.exports = {\n${rows.join("\n")}\n};`;
}

/** How the first bundle gets the second, and what it lends. The preamble has the words. */
function registry(names, apart) {
  const rows = names.map((name) => `  ${JSON.stringify(`${SHARED}${name}`)}: () => require("./${name}"),`);
  return `tsrunShare(${JSON.stringify(apart)}, {\n${rows.join("\n")}\n});`;
}

/** `require` of a name with a prefix asks the other bundle; of any other, Node. */
const PREAMBLE = `"use strict";
var tsrunShare, tsrunNode = require;
(function () {
  var file, shared, apart;
  tsrunShare = function (name, modules) { file = name; shared = modules; };
  require = function (name) {
    if (!name.startsWith("${APART}")) return tsrunNode(name);
    apart ??= tsrunNode(file)(shared);
    return apart[name]();
  };
})();
`;
const SHARING = `"use strict";
module.exports = function (tsrunShared) {
var module = { exports: {} }, tsrunNode = require;
return (function (require) {
`;
const SHARING_END = `
return module.exports;
})(function (name) { return name.startsWith("${SHARED}") ? tsrunShared[name]() : tsrunNode(name); });
};
`;

function textOf({ outputFiles }, before) {
  const { text } = outputFiles.find(({ path }) => path.endsWith(".cjs"));
  return `${before}${text}${before === SHARING ? SHARING_END : ""}`;
}

function leaveApart(root, asked) {
  return {
    name: "leave apart",
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ kind, path, resolveDir }) => {
        const name = nameOf(root, resolveDir, path);
        if (kind !== "dynamic-import" || USUAL.has(name)) return undefined;
        asked.add(name);
        return { path: `${APART}${name}`, external: true };
      });
    },
  };
}

function takeShared(root, usual, shared) {
  return {
    name: "take shared",
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
        const name = nameOf(root, resolveDir, path);
        if (!usual.has(name)) return undefined;
        shared.add(name);
        return { path: `${SHARED}${name}`, external: true };
      });
    },
  };
}

function nameOf(root, directory, path) {
  return resolve(directory, path).slice(resolve(root).length + 1);
}
