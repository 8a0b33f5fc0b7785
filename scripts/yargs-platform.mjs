// SPDX-License-Identifier: Apache-2.0
/**
 * What yargs knows of the machine in dist/help.cjs: nothing.
 *
 * The build puts this file in the place of yargs' lib/platform-shims/esm.mjs, whose imports it has. That one looks for a
 * package.json from the current directory upward and for words of a locale beside the bundle, and fails if the current
 * directory is gone. None of these is ours to read: tsrun may be run by root inside a bundle of anybody's.
 */
import { notStrictEqual, strictEqual } from "node:assert";
import { posix } from "node:path";
import { format, inspect } from "node:util";
import cliui from "cliui";
import stringWidth from "string-width";
import Parser from "yargs-parser";

const words = {};

export default {
  assert: { notStrictEqual, strictEqual },
  cliui,
  inspect,
  Parser,
  path: posix,
  stringWidth,
  mainFilename: "/",
  findUp: () => undefined,
  getEnv: () => undefined,
  getProcessArgvBin: () => "",
  // Absolute: a relative one is looked up from the current directory.
  process: { argv: () => ["/tsrun"], cwd: () => "/", stdColumns: null },
  // Its keys are the English words. Only a caller's updateStrings() replaces some.
  y18n: {
    __: (text, ...values) => format(words[text] ?? text, ...values),
    setLocale: () => {},
    getLocale: () => "en",
    updateLocale: (other) => Object.assign(words, other),
  },
};
