// SPDX-License-Identifier: Apache-2.0
/** Whether a test that a table names is there. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestName } from "./row.ts";

const TEST = new URL("..", import.meta.url).pathname;

/**
 * A title of the file fits when it reads the same, or when its `%s` stands for a value that the file has as a string.
 * The titles of a page of cases are its headings.
 */
export function exists({ file, title }: TestName): boolean {
  const path = join(TEST, file);
  if (!existsSync(path)) return false;
  const source = readFileSync(path, "utf8");
  if (file.endsWith(".md")) return source.split("\n").includes(`## ${title}`);
  return Array.from(source.matchAll(/"((?:[^"\\\n]|\\.)*)"/g)).some(([, literal = ""]) => {
    const values = template(literal).exec(title)?.slice(1);
    return values?.every((value) => source.includes(`"${value}"`)) ?? false;
  });
}

function template(literal: string): RegExp {
  const parts = literal.split("%s").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return literal === "%s" ? /^$(?!)/ : new RegExp(`^${parts.join("(.+)")}$`);
}
